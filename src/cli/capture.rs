//! `capture`: everything that the program reads here, written to a directory that `--root` replays.
//!
//! To anonymise files, they are written anew from what the program understands of them; otherwise they are copied as
//! they are. A table that netlink alone gives is written as the text that it stands for. What can't be had is told and
//! the rest goes on.

mod anonymise;
mod file_kind;
mod messages;
mod network;
mod report;
mod rewrite;
mod settings;
#[expect(
    clippy::disallowed_methods,
    reason = "new files below a descriptor: nothing there can be waited for"
)]
mod target;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use nix::unistd::Uid;

use super::error::{CommandError, Exit};
use super::path::path;
use super::{GlobalArgs, print, print_error};
use crate::collector::HOST_NAME;
use crate::config::{Config, DEFAULT_PATH};
use crate::conntrack::backend::{BackendChoice, TableBackend};
use crate::conntrack::{SYSCTL, TABLE, TableError};
use crate::daemon::ConfigFile;
use crate::devices::neighbours;
use crate::devices::watched_file::Look;
use crate::files::FIGURE_AT_MOST;
use crate::lan::interfaces::{self, Interface};
use crate::root::Root;
use anonymise::Anonymiser;
use file_kind::FileKind;
use messages::Messages;
use report::{CaptureReport, LARGEST_LIST, Omission, OmissionError};
use rewrite::Rewritten;
use target::Target;

pub(super) use target::TargetError;

const FIGURES: [&str; 4] =
    ["nf_conntrack_count", "nf_conntrack_max", "nf_conntrack_buckets", "nf_conntrack_acct"];

/// The longest line of the table that is rewritten; the program understands none of a fourth of this.
const LONGEST_LINE: u64 = 64 * 1024;
/// How much is copied at once.
const PIECE: usize = 16 * 1024;
/// How often a file is read that changes meanwhile.
const TRIES: usize = 3;

/// Its arguments.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// The directory, new or empty
    #[arg(value_name = "DIR", value_parser = path())]
    pub(super) directory: PathBuf,

    /// Replace names, MACs and public addresses, so that
    /// DIR can be attached to a bug report
    #[arg(long, verbatim_doc_comment)]
    pub(super) anonymise: bool,
}

/// Captures, and tells what is there and what is not.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (config_file, root) = (global.config_file(), global.root());
    let config = config_file.read()?;
    print_error(&format_args!("capture writes, so it stays who it was started as: uid {}", Uid::effective()));
    let from = Source { root: &root, config: &config, config_file: &config_file };
    let report = capture(&from, &args.directory, args.anonymise)?;
    for omission in report.omissions() {
        print_error(omission);
    }
    print(report.to_string().as_bytes())?;
    Ok(report.exit())
}

/// What is captured.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    /// The router.
    root: &'a Root,
    /// The configuration in force.
    config: &'a Config,
    /// Where that was read.
    config_file: &'a ConfigFile,
}

/// Captures what is there. Nothing is written if the directory is not fit for it.
fn capture(from: &Source<'_>, directory: &Path, anonymise: bool) -> Result<CaptureReport, TargetError> {
    let target = Target::create(directory)?;
    let report = CaptureReport {
        directory: directory.to_path_buf(),
        anonymised: anonymise,
        written: Vec::new(),
        omissions: Vec::new(),
    };
    let interfaces = interfaces::read(from.root);
    let anonymiser =
        anonymise.then(|| Anonymiser::new(&prefixes(from.config, interfaces.as_deref().unwrap_or(&[]))));
    let mut capture = Capture { from, target, report, anonymiser };
    capture.table();
    capture.neighbours();
    capture.interfaces(interfaces);
    capture.figures();
    capture.network();
    capture.config();
    capture.files();
    Ok(capture.report)
}

/// The router's own prefixes and the LAN's.
fn prefixes(config: &Config, interfaces: &[Interface]) -> Vec<IpNet> {
    let configured = config.lan.prefixes.iter().map(|prefix| prefix.0);
    interfaces.iter().flat_map(|interface| interface.addresses.iter().copied()).chain(configured).collect()
}

/// A capture in the making.
struct Capture<'a> {
    from: &'a Source<'a>,
    target: Target,
    report: CaptureReport,
    anonymiser: Option<Anonymiser>,
}

impl Capture<'_> {
    /// The table: as its text, or else as what netlink gives, whichever the configuration permits.
    fn table(&mut self) {
        let path = self.from.root.path(TABLE);
        let mut refusals = Vec::new();
        for &backend in backends(self.from.root, self.from.config.source) {
            let source = match backend {
                TableBackend::Procfs => match self.from.root.open(TABLE) {
                    Ok(file) => return self.stream(Path::new(TABLE), file, u64::MAX),
                    Err(error) => error,
                },
                TableBackend::Netlink => match Messages::begin() {
                    Ok(messages) => return self.messages(messages),
                    Err(error) => error,
                },
            };
            let error = TableError { backend, path: path.clone(), live: self.from.root.is_live(), source };
            refusals.push(error.to_string());
        }
        self.omit(TABLE, OmissionError::Unreadable(refusals.join("; ")));
    }

    fn messages(&mut self, messages: Messages) {
        let path = Path::new(TABLE);
        let file = self.target.file(path).map_err(OmissionError::Unwritable);
        let written = file.and_then(|file| messages.write(file, self.anonymiser.as_mut()));
        self.note(path, written);
    }

    fn interfaces(&mut self, found: io::Result<Vec<Interface>>) {
        match found {
            Err(error) => self.omit(interfaces::REPLAYED, OmissionError::Unreadable(error.to_string())),
            Ok(mut found) => {
                if let Some(anonymiser) = &mut self.anonymiser {
                    for net in found.iter_mut().flat_map(|interface| &mut interface.addresses) {
                        *net = anonymiser.net(*net);
                    }
                }
                self.write(interfaces::REPLAYED, rewrite::interfaces(&found).as_bytes());
            }
        }
    }

    fn neighbours(&mut self) {
        match neighbours::read(self.from.root) {
            Err(error) => self.omit(neighbours::REPLAYED, OmissionError::Unreadable(error.to_string())),
            Ok(mut found) => {
                if let Some(anonymiser) = &mut self.anonymiser {
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
    fn figures(&mut self) {
        for path in FIGURES.map(|name| Path::new(SYSCTL).join(name)) {
            if let Some(text) = self.read(&path, FIGURE_AT_MOST) {
                self.write(path, &text);
            }
        }
        if let Some(name) = self.read(Path::new(HOST_NAME), FIGURE_AT_MOST) {
            let name = match &mut self.anonymiser {
                Some(anonymiser) => [&anonymiser.name(name.trim_ascii_end()), &b"\n"[..]].concat(),
                None => name,
            };
            self.write(HOST_NAME, &name);
        }
    }

    /// The configuration, wherever it came from, goes where it is looked for.
    fn config(&mut self) {
        let file = self.from.config_file;
        let text = match &mut self.anonymiser {
            None => file.bytes().map_err(|error| OmissionError::Unreadable(error.to_string())),
            Some(_) if !file.is_there() => Ok(None),
            Some(anonymiser) => settings::rewrite(self.from.config, anonymiser)
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
        for (path, kind) in file_kind::files(self.from.config) {
            if !seen.insert(path.clone()) {
                continue;
            }
            match kind {
                Some(kind) => self.names(&path, kind),
                None if self.anonymiser.is_some() => self.leave_out(path),
                None => self.vendors(&path),
            }
        }
    }

    /// Copies a list of vendors as it is, unless it is large.
    fn vendors(&mut self, path: &Path) {
        let opened = self.from.root.open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.omit(path, OmissionError::Unreadable(error.to_string())),
            Ok((LARGEST_LIST.., _)) => self.omit(path, OmissionError::LargeList),
            // Of one that grows as fast as it is copied, what was there.
            Ok((size, file)) => self.stream(path, file, size),
        }
    }

    /// Writes what the program reads of a file of names: as it is, or anew and anonymised.
    fn names(&mut self, path: &Path, kind: FileKind) {
        let Some(text) = self.beginning(path, kind) else { return };
        let Some(anonymiser) = &mut self.anonymiser else { return self.write(path, &text) };
        let Rewritten { text, left_out } = rewrite::rewrite(kind, &text, anonymiser);
        if left_out > 0 {
            self.omit(path, OmissionError::NotUnderstood(left_out));
        }
        self.write(path, &text);
    }

    /// As much of a file of names as the program reads, in whole lines; `None` if that can't be had, or isn't there. One
    /// that anybody may write can be larger than the disk, and cost nothing where it lies.
    fn beginning(&mut self, path: &Path, kind: FileKind) -> Option<Vec<u8>> {
        let mut file = kind.watch(self.from.root, path);
        let look = (0..TRIES).map(|_| file.look()).find(|look| !matches!(look, Ok(Look::Unsettled)));
        let cause = match look {
            Some(Ok(Look::Unchanged | Look::Gone)) => return None,
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
        if self.from.root.metadata(&path).is_ok() {
            self.omit(path, OmissionError::UselessList);
        }
    }

    /// A small file of the kernel's, if it is there; one of more than `at_most` bytes is none of its.
    fn read(&mut self, path: &Path, at_most: u64) -> Option<Vec<u8>> {
        match self.from.root.read(path, at_most) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.omit(path, OmissionError::Unreadable(error.to_string()));
                None
            }
        }
    }

    fn write(&mut self, path: impl AsRef<Path>, text: &[u8]) {
        let path = path.as_ref();
        let written = self.target.file(path).and_then(|mut file| file.write_all(text));
        self.note(path, written.map_err(OmissionError::Unwritable));
    }

    /// Copies what `from` holds from here on, up to `at_most` bytes; of what is anonymised, that is only the table.
    fn stream(&mut self, path: &Path, from: File, at_most: u64) {
        let from = from.take(at_most);
        let streamed = match self.target.file(path) {
            Err(error) => Err(OmissionError::Unwritable(error)),
            Ok(to) => match &mut self.anonymiser {
                None => copy(from, to),
                Some(anonymiser) => anonymise_table(from, to, anonymiser),
            },
        };
        self.note(path, streamed);
    }

    fn note(&mut self, path: &Path, written: Result<(), OmissionError>) {
        match written {
            Ok(()) => self.report.written.push(path.to_path_buf()),
            Err(cause) => self.omit(path, cause),
        }
    }

    fn omit(&mut self, path: impl Into<PathBuf>, cause: OmissionError) {
        self.report.omissions.push(Omission { path: path.into(), cause });
    }
}

/// By which ways the table is had, each where the ones before it fail. The text comes first, for it is the kernel's own.
const fn backends(root: &Root, choice: BackendChoice) -> &'static [TableBackend] {
    match choice {
        // Of a replayed router there is no other.
        _ if !root.is_live() => &[TableBackend::Procfs],
        BackendChoice::Auto => &[TableBackend::Procfs, TableBackend::Netlink],
        BackendChoice::Procfs => &[TableBackend::Procfs],
        BackendChoice::Netlink => &[TableBackend::Netlink],
    }
}

/// Not `io::copy`: its `copy_file_range()` finds nothing in files of procfs on some kernels.
fn copy(mut from: impl Read, mut to: File) -> Result<(), OmissionError> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(OmissionError::CutShort(error.to_string())),
        };
        to.write_all(piece.get(..length).unwrap_or_default()).map_err(OmissionError::Unwritable)?;
    }
}

/// Rewrites the table line by line; of a line that is longer than any, the beginning.
fn anonymise_table(from: impl Read, to: File, anonymiser: &mut Anonymiser) -> Result<(), OmissionError> {
    let mut from = BufReader::with_capacity(PIECE, from);
    let mut to = BufWriter::new(to);
    let (mut line, mut new) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        let read = from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| OmissionError::CutShort(error.to_string()))? == 0 {
            return to.flush().map_err(OmissionError::Unwritable);
        }
        new.clear();
        rewrite::table_line(&line, anonymiser, &mut new);
        to.write_all(&new).map_err(OmissionError::Unwritable)?;
    }
}

#[cfg(test)]
mod tests;
