//! Which file the configuration is.

use std::io;
use std::path::PathBuf;

use crate::config::{Config, ConfigError, DEFAULT_PATH};
use crate::files::{self, ChosenBy, WRITTEN_AT_MOST};
use crate::root::Root;

/// Where the configuration comes from, at the start and at every reload.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// The file of this machine's that the user named; it must exist.
    pub named: Option<PathBuf>,
    /// The router whose file at [`DEFAULT_PATH`] is read otherwise, if it exists.
    pub root: Root,
}

impl ConfigFile {
    /// Where on this machine it is.
    pub fn path(&self) -> PathBuf {
        let (root, path) = self.location();
        root.path(path)
    }

    /// Whose file it is, and its path there.
    pub fn location(&self) -> (Root, PathBuf) {
        match &self.named {
            Some(named) => (Root::live(), named.clone()),
            None => (self.root.clone(), DEFAULT_PATH.into()),
        }
    }

    /// Whether it exists, as far as that can be seen.
    pub fn is_there(&self) -> bool {
        let (root, path) = self.location();
        root.metadata(path).is_ok()
    }

    /// Whether somebody here wrote it: what another router's configuration names is not this machine's.
    pub fn is_of_this_machine(&self) -> bool {
        self.named.is_some() || self.root.is_live()
    }

    /// What is in it; `None` if it is absent and need not exist.
    pub fn bytes(&self) -> io::Result<Option<Vec<u8>>> {
        let (root, path) = self.location();
        let opened = root.open_chosen_by(&path, ChosenBy::CommandLine);
        match opened.and_then(|file| files::read_whole(file, WRITTEN_AT_MOST)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.named.is_none() => Ok(None),
            bytes => bytes.map(Some),
        }
    }

    /// Reads and validates it.
    pub fn read(&self) -> Result<Config, ConfigError> {
        let path = self.path();
        match self.bytes() {
            Ok(Some(bytes)) => Config::parse_file(&path, &bytes),
            Ok(None) => Ok(Config::default()),
            Err(source) => Err(ConfigError::Unreadable { path, source }),
        }
    }
}
