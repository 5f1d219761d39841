//! Everything that the program reads, written below a directory: once, or of one instant after the other.

mod network;
mod system;

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::anonymise::Anonymiser;
use super::file_kind::{self, FileKind};
use super::last_written::{Digest, LastWritten};
use super::new_file::NewFile;
use super::omission::{LARGEST_LIST, Omission, OmissionError};
use super::rewrite::{self, Rewritten};
use super::table::{self, OpenTable};
use super::target::Target;
use super::{TRIES, settings};
use crate::collector::HOST_NAME;
use crate::config::{Config, DEFAULT_PATH};
use crate::conntrack::{SYSCTL, TABLE};
use crate::daemon::ConfigFile;
use crate::devices::neighbours;
use crate::devices::watched_file::Look;
use crate::files::FIGURE_AT_MOST;
use crate::lan::interfaces::{self, Interface};
use crate::root::Root;

/// What the kernel tells of the table; the first changes all the time.
const FIGURES: [&str; 4] =
    ["nf_conntrack_count", "nf_conntrack_max", "nf_conntrack_buckets", "nf_conntrack_acct"];

/// What is copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The router.
    pub(crate) root: &'a Root,
    /// The configuration in force.
    pub(crate) config: &'a Config,
    /// Where that was read.
    pub(crate) config_file: &'a ConfigFile,
}

/// Copies, and remembers what replaces what, and what was copied last.
#[derive(Debug)]
pub(crate) struct Copier<'a> {
    from: Source<'a>,
    anonymiser: Option<Anonymiser>,
    last: LastWritten,
}

/// What became of one copy.
#[derive(Debug)]
pub(crate) struct Copied {
    /// The router's paths, and what is there now.
    pub(crate) written: Vec<(PathBuf, Digest)>,
    /// What is missing.
    pub(crate) omissions: Vec<Omission>,
    /// Whether the whole table could be had.
    pub(crate) has_table: bool,
    /// How large the files are, in bytes.
    pub(crate) bytes: u64,
}

impl<'a> Copier<'a> {
    /// Nothing was copied yet.
    pub(crate) fn new(from: Source<'a>, anonymise: bool) -> Self {
        let interfaces = interfaces::read(from.root).unwrap_or_default();
        let anonymiser = anonymise.then(|| Anonymiser::new(&prefixes(from.config, &interfaces)));
        Self::with(from, anonymiser)
    }

    /// The same, where it is known already what replaces what.
    pub(crate) fn with(from: Source<'a>, anonymiser: Option<Anonymiser>) -> Self {
        Self { from, anonymiser, last: LastWritten::default() }
    }

    /// Copies what is there to `target`, at most `room` bytes. What is as it was in the last copy that is kept is left out;
    /// what has gone since is written as an empty file. The configuration and lists of vendors are in the first.
    pub(crate) fn copy(&mut self, target: &Target, room: u64) -> Copied {
        self.copy_and_tell(target, room, &mut |_| ())
    }

    /// The same, and tells which of the router's files comes next.
    pub(crate) fn copy_and_tell(
        &mut self,
        target: &Target,
        room: u64,
        tell: &mut dyn FnMut(&Path),
    ) -> Copied {
        let copied = Copied { written: Vec::new(), omissions: Vec::new(), has_table: false, bytes: 0 };
        let interfaces = interfaces::read(self.from.root);
        // Before anybody in a new prefix is taken for a stranger.
        if let (Some(anonymiser), Ok(found)) = (&mut self.anonymiser, &interfaces) {
            anonymiser.learn(&prefixes(self.from.config, found));
        }
        let mut copy = Copy { of: self, target, room, copied, tell };
        copy.table();
        copy.neighbours();
        copy.interfaces(interfaces);
        copy.figures(&FIGURES);
        copy.network();
        copy.system();
        copy.config();
        copy.files();
        copy.copied
    }

    /// Copies what stands still for a while: who is at home and what they are called, interfaces, routes, and the
    /// configuration. Counters are left out: at one instant they tell nothing. The table is somebody else's.
    pub(crate) fn copy_surroundings(&mut self, target: &Target, room: u64) -> Copied {
        let copied = Copied { written: Vec::new(), omissions: Vec::new(), has_table: false, bytes: 0 };
        let interfaces = interfaces::read(self.from.root);
        let mut copy = Copy { of: self, target, room, copied, tell: &mut |_| () };
        copy.neighbours();
        copy.interfaces(interfaces);
        copy.figures(FIGURES.get(1..).unwrap_or_default());
        copy.routes();
        copy.config();
        copy.files();
        copy.copied
    }

    /// The copy is kept: the next one lacks what is as it is there.
    pub(crate) fn keep(&mut self, copied: Copied) {
        self.last.note(copied.written);
    }
}

impl Copied {
    /// Whether something could be read but not written.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.omissions.iter().any(Omission::is_unwritable)
    }
}

/// The router's own prefixes and the LAN's.
pub(super) fn prefixes(config: &Config, interfaces: &[Interface]) -> Vec<IpNet> {
    let configured = config.lan.prefixes.iter().map(|prefix| prefix.0);
    interfaces.iter().flat_map(|interface| interface.addresses.iter().copied()).chain(configured).collect()
}

/// One copy in the making.
struct Copy<'c, 'a> {
    of: &'c mut Copier<'a>,
    target: &'c Target,
    room: u64,
    copied: Copied,
    tell: &'c mut dyn FnMut(&Path),
}

impl Copy<'_, '_> {
    fn table(&mut self) {
        match OpenTable::open(self.of.from.root, self.of.from.config) {
            Err(cause) => self.omit(TABLE, cause),
            Ok(table) => {
                let before = self.copied.omissions.len();
                self.fill(Path::new(TABLE), |to, anonymiser| table.write(to, anonymiser));
                self.copied.has_table = self.copied.omissions.len() == before;
            }
        }
    }

    fn interfaces(&mut self, found: io::Result<Vec<Interface>>) {
        match found {
            Err(error) => self.omit(interfaces::REPLAYED, OmissionError::Unreadable(error.to_string())),
            Ok(mut found) => {
                if let Some(anonymiser) = &mut self.of.anonymiser {
                    for interface in &mut found {
                        // It tells of an address, and nobody is attributed by it.
                        interface.broadcast = None;
                        for net in &mut interface.addresses {
                            *net = anonymiser.net(*net);
                        }
                    }
                }
                self.write(interfaces::REPLAYED, rewrite::interfaces(&found).as_bytes());
            }
        }
    }

    fn neighbours(&mut self) {
        match neighbours::read(self.of.from.root) {
            Err(error) => self.omit(neighbours::REPLAYED, OmissionError::Unreadable(error.to_string())),
            Ok(mut found) => {
                if let Some(anonymiser) = &mut self.of.anonymiser {
                    for neighbour in &mut found {
                        neighbour.mac = anonymiser.mac(neighbour.mac);
                        neighbour.address = anonymiser.address(neighbour.address);
                    }
                }
                self.write(neighbours::REPLAYED, rewrite::neighbours(&found).as_bytes());
            }
        }
    }

    /// What the kernel says of the table and of itself; older and leaner ones don't say all of it.
    fn figures(&mut self, names: &[&str]) {
        for path in names.iter().map(|name| Path::new(SYSCTL).join(name)) {
            if let Some(text) = self.read(&path, FIGURE_AT_MOST) {
                self.write(path, &text);
            }
        }
        if let Some(name) = self.read(Path::new(HOST_NAME), FIGURE_AT_MOST) {
            let name = match &mut self.of.anonymiser {
                Some(anonymiser) => [&anonymiser.name(name.trim_ascii_end()), &b"\n"[..]].concat(),
                None => name,
            };
            self.write(HOST_NAME, &name);
        }
    }

    /// The configuration, wherever it came from, goes where it is looked for.
    fn config(&mut self) {
        if !self.is_first() {
            return;
        }
        let file = self.of.from.config_file;
        let text = match &mut self.of.anonymiser {
            None => file.bytes().map_err(|error| OmissionError::Unreadable(error.to_string())),
            Some(_) if !file.is_there() => Ok(None),
            Some(anonymiser) => settings::rewrite(self.of.from.config, anonymiser)
                .map(|text| Some(text.into_bytes()))
                .map_err(|error| OmissionError::Unwritable(io::Error::other(error))),
        };
        match text {
            Ok(Some(text)) => self.write(DEFAULT_PATH, &text),
            Ok(None) => {}
            Err(cause) => self.omit(DEFAULT_PATH, cause),
        }
    }

    /// Everything that names devices and services; each file once, however often it is configured.
    fn files(&mut self) {
        let mut seen = HashSet::new();
        for (path, kind) in file_kind::files(self.of.from.config) {
            if !seen.insert(path.clone()) {
                continue;
            }
            match kind {
                Some(kind) => self.names(&path, kind),
                None if !self.is_first() => {}
                None if self.of.anonymiser.is_some() => self.leave_out(path),
                None => self.vendors(&path),
            }
        }
    }

    /// Copies a list of vendors as it is, unless it is large.
    fn vendors(&mut self, path: &Path) {
        let opened = self.of.from.root.open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.omit(path, OmissionError::Unreadable(error.to_string())),
            Ok((LARGEST_LIST.., _)) => self.omit(path, OmissionError::LargeList),
            // Of one that grows as fast as it is copied, what was there.
            Ok((size, file)) => self.fill(path, |to, _| table::copy(file.take(size), to)),
        }
    }

    /// Writes what the program reads of a file of names: as it is, or anew and anonymised.
    fn names(&mut self, path: &Path, kind: FileKind) {
        let Some(text) = self.beginning(path, kind) else { return };
        let Some(anonymiser) = &mut self.of.anonymiser else { return self.write(path, &text) };
        let Rewritten { text, left_out } = rewrite::rewrite(kind, &text, anonymiser);
        if left_out > 0 {
            self.omit(path, OmissionError::NotUnderstood(left_out));
        }
        self.write(path, &text);
    }

    /// As much of a file of names as the program reads, in whole lines; `None` if that can't be had, or isn't there. One
    /// that anybody may write can be larger than the disk, and cost nothing where it lies.
    fn beginning(&mut self, path: &Path, kind: FileKind) -> Option<Vec<u8>> {
        let mut file = kind.watch(self.of.from.root, path);
        let look = (0..TRIES).map(|_| file.look()).find(|look| !matches!(look, Ok(Look::Unsettled)));
        let cause = match look {
            Some(Ok(Look::Unchanged | Look::Gone)) => return self.absent(path),
            Some(Ok(Look::Taken(text))) => return Some(text),
            Some(Ok(Look::Cut(text))) => {
                self.omit(path, OmissionError::Cut);
                return Some(text);
            }
            Some(Err(error)) => error.to_string(),
            Some(Ok(Look::Unsettled)) | None => "it keeps changing".to_owned(),
        };
        self.omit(path, OmissionError::Unreadable(cause));
        None
    }

    fn leave_out(&mut self, path: PathBuf) {
        if self.of.from.root.metadata(&path).is_ok() {
            self.omit(path, OmissionError::UselessList);
        }
    }

    /// A small file of the kernel's, if it is there; one of more than `at_most` bytes is none of its.
    fn read(&mut self, path: &Path, at_most: u64) -> Option<Vec<u8>> {
        match self.of.from.root.read(path, at_most) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.absent(path),
            Err(error) => {
                self.omit(path, OmissionError::Unreadable(error.to_string()));
                None
            }
        }
    }

    /// What is to be written of a file that isn't there: one that was is empty from now on, which says as much.
    fn absent(&self, path: &Path) -> Option<Vec<u8>> {
        self.of.last.contains(path).then(Vec::new)
    }

    /// Whether this is the first copy, or none before it was kept.
    fn is_first(&self) -> bool {
        self.of.last.is_empty()
    }

    fn write(&mut self, path: impl AsRef<Path>, text: &[u8]) {
        let path = path.as_ref();
        if !self.of.last.is(path, self.of.last.digest(text)) {
            self.fill(path, |to, _| to.write_all(text).map_err(OmissionError::Unwritable));
        }
    }

    /// Has `write` write a new file.
    fn fill(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut NewFile, Option<&mut Anonymiser>) -> Result<(), OmissionError>,
    ) {
        if let Err(cause) = self.try_fill(path, write) {
            self.omit(path, cause);
        }
    }

    fn try_fill(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut NewFile, Option<&mut Anonymiser>) -> Result<(), OmissionError>,
    ) -> Result<(), OmissionError> {
        (self.tell)(path);
        let file = self.target.file(path).map_err(OmissionError::Unwritable)?;
        let mut file = NewFile::new(file, self.of.last.digester(), self.room - self.copied.bytes);
        write(&mut file, self.of.anonymiser.as_mut())?;
        let content = file.content();
        if self.of.last.is(path, content.digest()) {
            return self.target.remove_file(path).map_err(OmissionError::Unwritable);
        }
        self.copied.bytes += content.length();
        self.copied.written.push((path.to_path_buf(), content.digest()));
        Ok(())
    }

    fn omit(&mut self, path: impl Into<PathBuf>, cause: OmissionError) {
        self.copied.omissions.push(Omission { path: path.into(), cause });
    }
}
