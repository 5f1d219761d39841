//! Below which directory the router's files are.
//!
//! A live router's are below `/`. Tests, demonstrations and bug reports replay another router's files from a
//! directory that mirrors its filesystem, or from the instants of a [`recording`].

pub mod recording;

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::files::{self, ChosenBy};
use recording::Recording;

/// The directory that stands for `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root(Place);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Live,
    Replayed(PathBuf),
    Recorded(Rc<Recording>),
}

impl Root {
    /// The running machine itself.
    pub const fn live() -> Self {
        Self(Place::Live)
    }

    /// A router's files below `directory`.
    pub fn replay(directory: impl Into<PathBuf>) -> Self {
        Self(Place::Replayed(directory.into()))
    }

    /// The same; where `directory` is an instant of a recording, what it lacks is as in the instants before.
    pub fn replay_instant(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        let recording = Recording::up_to(&directory);
        recording.map_or_else(|| Self::replay(directory), |recording| Self::recorded(recording.into()))
    }

    /// A router's files at the instant of the recording that is looked at.
    pub const fn recorded(recording: Rc<Recording>) -> Self {
        Self(Place::Recorded(recording))
    }

    /// Whether this is the running machine, whose kernel can be asked.
    pub const fn is_live(&self) -> bool {
        matches!(self.0, Place::Live)
    }

    /// Where the absolute `path` of the router lies.
    ///
    /// ```
    /// # use conntrack_exporter::root::Root;
    /// assert_eq!(Root::replay("case").path("/tmp/dhcp.leases").to_str(), Some("case/tmp/dhcp.leases"));
    /// ```
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        let below = match &self.0 {
            Place::Live => return path.to_path_buf(),
            Place::Replayed(directory) => Cow::Borrowed(directory),
            Place::Recorded(recording) => Cow::Owned(recording.directory_of(path)),
        };
        below.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Opens the router's file at the absolute `path`, only ever for reading. It must be a regular one. A replayed
    /// router's links lead where they do there, and never out of its directory.
    pub fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        self.open_chosen_by(path.as_ref(), ChosenBy::Configuration)
    }

    /// The same, where it is known who chose the path.
    pub(crate) fn open_chosen_by(&self, path: &Path, chosen: ChosenBy) -> io::Result<File> {
        self.look_up(path, |directory| files::open(directory, path, chosen))
    }

    /// Reads the router's whole file at the absolute `path`; one of more than `at_most` bytes is refused.
    pub fn read(&self, path: impl AsRef<Path>, at_most: u64) -> io::Result<Vec<u8>> {
        files::read_whole(self.open(path)?, at_most)
    }

    /// What the router's file at the absolute `path` is like.
    pub fn metadata(&self, path: impl AsRef<Path>) -> io::Result<Metadata> {
        let path = path.as_ref();
        self.look_up(path, |directory| files::metadata(directory, path))
    }

    /// Whether permission is lacking to read the file at `path`, or to look for it.
    pub(crate) fn is_denied(&self, path: &Path) -> bool {
        let found = self.look_up(path, |directory| files::reach(directory, path));
        found.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }

    /// Whether root's power is to be used for the file at `path`, if there is one: nobody else chooses it.
    pub(crate) fn is_roots(&self, path: &Path) -> bool {
        let below = match &self.0 {
            Place::Live => None,
            Place::Replayed(directory) => Some(Cow::Borrowed(directory)),
            Place::Recorded(recording) => {
                // Which instant has it is only known once it was looked for.
                let _ = recording.look_up(path, |directory| files::reach(Some(directory), path));
                Some(Cow::Owned(recording.directory_of(path)))
            }
        };
        files::is_roots(below.as_deref().map(PathBuf::as_path), path)
    }

    /// Tries `at` with the directory that stands for `/`, if another does; of a recording, with each that may have `path`.
    fn look_up<T>(&self, path: &Path, mut at: impl FnMut(Option<&Path>) -> io::Result<T>) -> io::Result<T> {
        match &self.0 {
            Place::Live => at(None),
            Place::Replayed(directory) => at(Some(directory)),
            Place::Recorded(recording) => recording.look_up(path, |directory| at(Some(directory))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened() {
        let replayed = Root::replay("/dev");
        assert_eq!(replayed.open("/zero").unwrap_err().to_string(), "not a regular file");
        assert_eq!(replayed.open("/nowhere").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(Root::live().open("/dev/zero").is_err());
        assert!(Root::replay("/proc").open("/self/stat").is_ok());
    }
}
