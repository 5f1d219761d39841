//! The owner's own names: identities, not claims.
//!
//! Each of the owner's files is an [`AssignmentList`] of its own; the order of `devices.names` says which goes before
//! which. A name that is taken out of its file is gone with it.

mod list;

use std::net::IpAddr;
use std::path::Path;

use super::device_type::DeviceType;
use super::identity::DeviceId;
use super::name::Name;
use super::name_source::NameSource;
use super::settings::{DHCP, ETHERS, GL_CLIENT, HOSTS, Settings};
use super::source_file::SourceFile;
use super::watched_file::{Look, Wholeness};
use crate::root::Root;

pub use list::{Assignment, AssignmentList};

/// Understands a file of the owner's.
type Parse = fn(&[u8]) -> AssignmentList;

/// A file of the owner's, and what it says.
#[derive(Debug)]
pub(super) struct AssignmentFile {
    pub(super) file: SourceFile,
    pub(super) parse: Parse,
    list: AssignmentList,
}

/// What all the owner's files say.
#[derive(Debug)]
pub(super) struct Assignments {
    files: Vec<AssignmentFile>,
    /// The sources of names, the best first.
    order: Vec<NameSource>,
}

/// Whom an assignment means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Device(DeviceId),
    Address(IpAddr),
}

/// A sort of device, behind the place of the file that says so: the first file counts.
pub(super) type RankedType = (usize, DeviceType);

/// The owner's files. Nothing is read yet.
pub(super) fn files(root: &Root, settings: &Settings) -> Vec<AssignmentFile> {
    let files: [(NameSource, &Path, Parse); 5] = [
        (NameSource::Registry, settings.registry.as_path(), AssignmentList::registry),
        (NameSource::Gl, Path::new(GL_CLIENT), AssignmentList::gl_client),
        (NameSource::Static, Path::new(DHCP), AssignmentList::static_hosts),
        (NameSource::Hosts, Path::new(ETHERS), AssignmentList::ethers),
        (NameSource::Hosts, Path::new(HOSTS), AssignmentList::hosts),
    ];
    let unread = |(source, path, parse): (NameSource, &Path, Parse)| AssignmentFile {
        file: SourceFile::new(root, source, path, Wholeness::Any),
        parse,
        list: AssignmentList::default(),
    };
    files.into_iter().map(unread).collect()
}

impl Assignments {
    /// Nothing is read yet.
    pub(super) fn new(root: &Root, settings: &Settings) -> Self {
        Self { files: files(root, settings), order: settings.names.clone() }
    }

    /// Reads the files that have changed; gives whether they say anything new.
    pub(super) fn refresh(&mut self) -> bool {
        self.files.iter_mut().fold(false, |changed, file| file.refresh() | changed)
    }

    /// Takes `text` for the content of the file at `path`; gives whether it says anything new.
    pub(super) fn learn_text(&mut self, path: &Path, text: &[u8]) -> bool {
        let files = self.files.iter_mut().filter(|file| *file.file.path == *path);
        files.fold(false, |changed, file| file.learn((file.parse)(text)) | changed)
    }

    /// The name that `source` gives the device `id`, or whoever is at one of `addresses`.
    pub(super) fn name_by(
        &self,
        source: NameSource,
        id: Option<&DeviceId>,
        addresses: &[IpAddr],
    ) -> Option<&Name> {
        self.files_of(source).find_map(|file| file.list.find(id, addresses)?.name.as_ref())
    }

    /// What names `target`, by the best source.
    fn naming(&self, target: &Target) -> Option<&Assignment> {
        self.by_precedence().find_map(|file| target.find(&file.list).filter(|found| found.name.is_some()))
    }

    /// The best name that the owner gives `target`.
    pub(super) fn name_of(&self, target: &Target) -> Option<&Name> {
        self.naming(target)?.name.as_ref()
    }

    /// What sort of thing a device at `addresses` is: the registry says it, or else GL.iNet's class. A type counts also
    /// where names of that source don't.
    pub(super) fn device_type(&self, id: &DeviceId, addresses: &[IpAddr]) -> Option<RankedType> {
        self.first_type(|list| list.find(Some(id), addresses))
    }

    /// What sort of thing `target` is.
    pub(super) fn type_of(&self, target: &Target) -> Option<RankedType> {
        self.first_type(|list| target.find(list))
    }

    fn first_type<'a>(
        &'a self,
        find: impl Fn(&'a AssignmentList) -> Option<&'a Assignment>,
    ) -> Option<RankedType> {
        let mut files = self.files.iter().enumerate();
        files.find_map(|(place, file)| Some((place, find(&file.list)?.device_type?)))
    }

    /// All names, those of the best source first.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.by_precedence().flat_map(|file| file.list.names())
    }

    /// Every MAC and address that is named, with its name, in the order of the files: a name that a better file
    /// overrules is left out.
    pub(super) fn named(&self) -> impl Iterator<Item = (Target, &Name)> {
        let files = self.files.iter().filter(|file| self.order.contains(&file.file.source));
        let all = files.flat_map(|file| {
            let macs =
                file.list.macs().map(|(mac, assignment)| (Target::Device(DeviceId::Mac(mac)), assignment));
            macs.chain(file.list.addresses().map(|(address, given)| (Target::Address(address), given)))
        });
        all.filter_map(|(target, assignment)| {
            let best = self.naming(&target).filter(|best| std::ptr::eq(*best, assignment))?;
            Some((target, best.name.as_ref()?))
        })
    }

    /// The addresses of which `source` speaks.
    pub(super) fn addresses(&self, source: NameSource) -> impl Iterator<Item = IpAddr> {
        self.files_of(source).flat_map(|file| file.list.addresses().map(|(address, _)| address))
    }

    fn files_of(&self, source: NameSource) -> impl Iterator<Item = &AssignmentFile> {
        self.files.iter().filter(move |file| file.file.source == source)
    }

    /// The files whose names count, those of the best source first.
    fn by_precedence(&self) -> impl Iterator<Item = &AssignmentFile> {
        self.order.iter().flat_map(|source| self.files_of(*source))
    }
}

impl Target {
    fn find<'a>(&self, list: &'a AssignmentList) -> Option<&'a Assignment> {
        match self {
            Self::Device(id) => list.find(Some(id), &[]),
            Self::Address(address) => list.find(None, &[*address]),
        }
    }

    /// What tells several of one name apart.
    pub(super) fn tail(&self) -> [u8; 3] {
        match self {
            Self::Device(id) => id.tail(),
            Self::Address(IpAddr::V4(v4)) => v4.octets().last_chunk().copied().unwrap_or_default(),
            Self::Address(IpAddr::V6(v6)) => v6.octets().last_chunk().copied().unwrap_or_default(),
        }
    }
}

impl AssignmentFile {
    /// Reads the file if it has changed; gives whether it says anything new.
    fn refresh(&mut self) -> bool {
        let list = match self.file.new_content() {
            None => return false,
            Some(Look::Taken(text) | Look::Cut(text)) => (self.parse)(&text),
            Some(_) => AssignmentList::default(),
        };
        self.file.report(&list.problems);
        self.learn(list)
    }

    /// Takes over what the file says; gives whether that is new.
    fn learn(&mut self, list: AssignmentList) -> bool {
        let changed = self.list != list;
        self.list = list;
        changed
    }
}
