//! Below which directory the router's files are.
//!
//! A live router's are below `/`. Tests, demonstrations and bug reports replay another router's files from a
//! directory that mirrors its filesystem.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

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

    /// Opens the router's file at the absolute `path`, only ever for reading.
    ///
    /// Of a replayed router it must be a regular one: a pipe would hold up the whole program until somebody writes into
    /// it.
    pub fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = self.path(path);
        if !self.is_live() && fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(io::Error::other("not a regular file"));
        }
        File::open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_replayed_router_only_regular_files_are_opened() {
        let replayed = Root::replay("/dev");
        assert_eq!(replayed.open("/zero").unwrap_err().to_string(), "not a regular file");
        assert_eq!(replayed.open("/nowhere").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(Root::live().open("/dev/zero").is_ok());
    }
}
