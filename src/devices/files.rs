//! The files that tell of devices, each watched: who is at an address (leases), and what the owner says (books).

use std::fmt::Display;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tracing::{info, warn};

use super::assignments::Assignments;
use super::formats::{dnsmasq, odhcpd};
use super::name_source::NameSource;
use super::watched_file::{Look, WatchedFile, Wholeness};
use super::{DeviceId, Settings};
use crate::root::Root;

/// GL.iNet's aliases.
pub const GL_CLIENT: &str = "/etc/config/gl-client";
/// OpenWrt's static hosts.
pub const DHCP: &str = "/etc/config/dhcp";
/// Names of MACs.
pub const ETHERS: &str = "/etc/ethers";
/// Names of addresses.
pub const HOSTS: &str = "/etc/hosts";

/// How many lines that can't be understood are named in the log.
const NAMED_AT_MOST: usize = 10;

/// How many are kept for telling.
const NOTED_AT_MOST: usize = 64;

/// A file, and what is told of it.
#[derive(Debug)]
pub(super) struct File {
    /// What it tells names for.
    pub(super) source: NameSource,
    path: Rc<Path>,
    watched: WatchedFile,
    failing: bool,
    cut: bool,
    problems: usize,
}

/// Understands a file of the owner's.
type Parse = fn(&[u8]) -> Assignments;

/// A file of the owner's, and what it says.
#[derive(Debug)]
pub(super) struct AssignmentsFile {
    pub(super) file: File,
    parse: Parse,
    pub(super) book: Assignments,
}

/// The files of leases, in the order in which their names count.
pub(super) fn leases(root: &Root, settings: &Settings) -> Vec<File> {
    let file = |source| move |path: &PathBuf| File::new(root, source, path, Wholeness::EndsInNewline);
    let dnsmasq = settings.leases.iter().map(file(NameSource::Lease));
    dnsmasq.chain(settings.odhcpd.iter().map(file(NameSource::Odhcpd))).collect()
}

/// The files of the owner's.
pub(super) fn books(root: &Root, settings: &Settings) -> Vec<AssignmentsFile> {
    let registry = settings.registry.as_path();
    let files: [(NameSource, &Path, Parse); 5] = [
        (NameSource::Registry, registry, Assignments::registry),
        (NameSource::Gl, Path::new(GL_CLIENT), Assignments::gl_client),
        (NameSource::Static, Path::new(DHCP), Assignments::static_hosts),
        (NameSource::Hosts, Path::new(ETHERS), Assignments::ethers),
        (NameSource::Hosts, Path::new(HOSTS), Assignments::hosts),
    ];
    let book = |(source, path, parse): (NameSource, &Path, Parse)| AssignmentsFile {
        file: File::new(root, source, path, Wholeness::Any),
        parse,
        book: Assignments::default(),
    };
    files.into_iter().map(book).collect()
}

/// Every file that is read for names and addresses, as the router has them.
pub fn paths(settings: &Settings) -> Vec<PathBuf> {
    let fixed = [GL_CLIENT, DHCP, ETHERS, HOSTS].map(PathBuf::from);
    let lists = [&settings.leases, &settings.odhcpd, &settings.vendors];
    std::iter::once(settings.registry.clone())
        .chain(fixed)
        .chain(lists.into_iter().flatten().cloned())
        .collect()
}

impl File {
    fn new(root: &Root, source: NameSource, path: &Path, wholeness: Wholeness) -> Self {
        let watched = WatchedFile::new(root.path(path), wholeness);
        Self { source, path: path.into(), watched, failing: false, cut: false, problems: 0 }
    }

    /// Where it is, as the router has it.
    pub(super) fn path(&self) -> Rc<Path> {
        Rc::clone(&self.path)
    }

    /// The file's content, if it is new; empty if the file is gone. Says when it begins and ceases to be out of reach.
    pub(super) fn look(&mut self) -> Option<Look> {
        let look = self.watched.look();
        let path = self.watched.path().display();
        match &look {
            Err(error) if !self.failing => warn!("{path} can't be read: {error}"),
            Ok(Look::Taken(_) | Look::Cut(_)) if self.failing => info!("{path} can be read again"),
            Ok(Look::Cut(_)) if !self.cut => warn!("{path} is too large: only its beginning is read"),
            Ok(Look::Taken(_)) if self.cut => info!("{path} is no longer too large"),
            _ => {}
        }
        self.failing = look.is_err();
        self.cut = match &look {
            Ok(Look::Cut(_)) => true,
            Ok(Look::Taken(_)) => false,
            _ => self.cut,
        };
        look.ok().filter(|look| !matches!(look, Look::Unchanged | Look::Unsettled))
    }

    /// Says which lines could not be understood, when there are some that were not there before.
    pub(super) fn report(&mut self, problems: &[String]) {
        if problems.len() > self.problems {
            let named =
                problems.iter().take(NAMED_AT_MOST).map(String::as_str).collect::<Vec<_>>().join("; ");
            let path = self.watched.path().display();
            warn!(
                "{path}: lines that can't be understood are passed over ({} or more): {named}",
                problems.len()
            );
        } else if problems.is_empty() && self.problems > 0 {
            info!("{}: all lines are understood again", self.watched.path().display());
        }
        self.problems = problems.len();
    }
}

impl AssignmentsFile {
    /// Reads the file if it has changed; gives whether it says something new.
    pub(super) fn refresh(&mut self) -> bool {
        let book = match self.file.look() {
            None => return false,
            Some(Look::Taken(text) | Look::Cut(text)) => (self.parse)(&text),
            Some(_) => Assignments::default(),
        };
        self.file.report(&book.problems);
        let changed = self.book != book;
        self.book = book;
        changed
    }
}

/// What one of the files is found to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Survey {
    /// Where it is.
    pub path: PathBuf,
    /// What it tells names for.
    pub source: NameSource,
    /// What was found.
    pub found: Found,
}

/// What was found of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// It isn't there.
    Nothing,
    /// It isn't whole.
    Unsettled,
    /// It can't be read.
    Unreadable(String),
    /// Its content.
    Content {
        /// Leases, or what the owner says.
        entries: usize,
        /// Those of them that give a name.
        named: usize,
        /// What could not be understood, each by its line.
        problems: Vec<String>,
    },
}

/// Looks at every file of leases and of the owner's, for people to see what is there.
pub fn survey(root: &Root, settings: &Settings) -> Vec<Survey> {
    let leases = leases(root, settings).into_iter().map(|mut file| {
        let source = file.source;
        file.survey(|text| count_leases(source, text))
    });
    let books = books(root, settings).into_iter().map(|AssignmentsFile { mut file, parse, .. }| {
        file.survey(|text| {
            let book = parse(text);
            Found::Content { entries: book.entries(), named: book.names().count(), problems: book.problems }
        })
    });
    leases.chain(books).collect()
}

impl File {
    fn survey(&mut self, content: impl Fn(&[u8]) -> Found) -> Survey {
        let found = match self.watched.look() {
            Err(error) => Found::Unreadable(error.to_string()),
            Ok(Look::Unchanged | Look::Gone) => Found::Nothing,
            Ok(Look::Unsettled) => Found::Unsettled,
            Ok(Look::Taken(text) | Look::Cut(text)) => content(&text),
        };
        Survey { path: self.watched.path().to_path_buf(), source: self.source, found }
    }
}

/// Takes note of a line that can't be understood, unless there were many: nobody reads a thousand.
pub(super) fn note(problems: &mut Vec<String>, problem: &dyn Display) {
    if problems.len() < NOTED_AT_MOST {
        problems.push(problem.to_string());
    }
}

/// Hands out the leases in a file of `source`: who holds which addresses, and what the holder calls itself. Gives what
/// could not be understood.
pub(super) fn each_lease(
    source: NameSource,
    text: &[u8],
    mut each: impl FnMut(DeviceId, &[IpAddr], Option<&[u8]>),
) -> Vec<String> {
    let mut problems = Vec::new();
    if source == NameSource::Odhcpd {
        for lease in odhcpd::parse(text) {
            match lease {
                Ok(lease) => each(lease.holder, &lease.addresses, lease.name.as_deref()),
                Err(error) => note(&mut problems, &error),
            }
        }
        return problems;
    }
    for lease in dnsmasq::parse(text) {
        match lease {
            Ok(lease) => each(lease.holder, &[lease.address], lease.name),
            Err(error) => note(&mut problems, &error),
        }
    }
    problems
}

fn count_leases(source: NameSource, text: &[u8]) -> Found {
    let (mut entries, mut named) = (0, 0);
    let problems = each_lease(source, text, |_, _, name| {
        entries += 1;
        named += usize::from(name.is_some());
    });
    Found::Content { entries, named, problems }
}
