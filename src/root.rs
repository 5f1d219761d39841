//! Below which directory the router's files are.
//!
//! A live router's are below `/`. Tests, demonstrations and bug reports replay another router's files from a
//! directory that mirrors its filesystem.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{self, ChosenBy};

/// The directory that stands for `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root(Option<PathBuf>);

impl Root {
    /// The running machine itself.
    pub const fn live() -> Self {
        Self(None)
    }

    /// A router's files below `directory`.
    pub fn replay(directory: impl Into<PathBuf>) -> Self {
        Self(Some(directory.into()))
    }

    /// Whether this is the running machine, whose kernel can be asked.
    pub const fn is_live(&self) -> bool {
        self.0.is_none()
    }

    /// Where the absolute `path` of the router lies.
    ///
    /// ```
    /// # use conntrack_exporter::root::Root;
    /// assert_eq!(Root::replay("case").path("/tmp/dhcp.leases").to_str(), Some("case/tmp/dhcp.leases"));
    /// ```
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        match &self.0 {
            None => path.to_path_buf(),
            Some(directory) => directory.join(path.strip_prefix("/").unwrap_or(path)),
        }
    }

    /// Opens the router's file at the absolute `path`, only ever for reading. It must be a regular one. A replayed
    /// router's links lead where they do there, and never out of its directory.
    pub fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        files::open(self.directory(), path.as_ref(), ChosenBy::Configuration)
    }

    /// Reads the router's whole file at the absolute `path`; one of more than `at_most` bytes is refused.
    pub fn read(&self, path: impl AsRef<Path>, at_most: u64) -> io::Result<Vec<u8>> {
        files::read_whole(self.open(path)?, at_most)
    }

    /// What the router's file at the absolute `path` is like.
    pub fn metadata(&self, path: impl AsRef<Path>) -> io::Result<Metadata> {
        files::metadata(self.directory(), path.as_ref())
    }

    /// The directory that stands for `/`, if another does.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.0.as_deref()
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
