//! Below which directory the router's files are.
//!
//! A live router's are below `/`. Tests, demonstrations and bug reports replay another router's files from a
//! directory that mirrors its filesystem.

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
}
