//! The owner's list of networks, as it changes.

use crate::devices::absolute_path::AbsolutePath;
use crate::devices::file_log::FileLog;
use crate::devices::watched_file::{Look, WatchedFile, Wholeness};
use crate::root::Root;

use super::config::DestinationsConfig;
use super::networks::Networks;

/// How much of the owner's list is read, in bytes: sixty for each line that counts.
pub const FILE_AT_MOST: u64 = 256 * 1024;

/// The networks that have names, kept as the owner's list says.
#[derive(Debug)]
pub struct WatchedNetworks {
    root: Root,
    /// Where the owner's list is.
    path: AbsolutePath,
    file: WatchedFile,
    log: FileLog,
    networks: Networks,
}

/// The owner's list, not read yet.
pub fn file(root: &Root, config: &DestinationsConfig) -> WatchedFile {
    WatchedFile::new(root, config.networks.as_path(), Wholeness::Any).reading_at_most(FILE_AT_MOST)
}

impl WatchedNetworks {
    /// No network has a name; the owner's list is not read yet.
    pub fn new(root: &Root, config: &DestinationsConfig) -> Self {
        Self {
            root: root.clone(),
            path: config.networks.clone(),
            file: file(root, config),
            log: FileLog::default(),
            networks: Networks::default(),
        }
    }

    /// Takes over another configuration.
    pub fn reconfigure(&mut self, config: &DestinationsConfig) {
        if self.path != config.networks {
            *self = Self::new(&self.root, config);
        }
    }

    /// Reads the owner's list if it has changed. While that can't be had, what it said last holds; when it is gone, no
    /// network has a name.
    pub fn look(&mut self) {
        let look = self.file.look();
        let path = self.file.path();
        let text = match self.log.news(&path, look) {
            None => return,
            Some(Look::Taken(text) | Look::Cut(text)) => text,
            Some(_) => Vec::new(),
        };
        let (networks, lines) = Networks::with_owners(&text);
        self.networks = networks;
        self.log.report(&path, &lines.problems);
    }

    /// The networks as they are now.
    pub const fn networks(&self) -> &Networks {
        &self.networks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_directory::TestDirectory;
    use std::fs;

    fn name(networks: &WatchedNetworks) -> Option<String> {
        let found = networks.networks().find("198.51.100.7".parse().unwrap());
        found.map(|network| network.name.to_string())
    }

    #[test]
    fn the_owners_list_holds_while_its_file_says_so() {
        let place = TestDirectory::new("networks-watched");
        let path = place.join("etc/conntrack-exporter.networks");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut networks = WatchedNetworks::new(&Root::replay(&*place), &DestinationsConfig::default());
        let look = |networks: &mut WatchedNetworks| {
            networks.look();
            name(networks)
        };
        assert_eq!(look(&mut networks), None, "there is no file");
        fs::write(&path, "198.51.100.0/24 Example\nnonsense\n").unwrap();
        assert_eq!(look(&mut networks).as_deref(), Some("Example"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(look(&mut networks).as_deref(), Some("Example"), "what can't be read says nothing new");
        fs::remove_dir(&path).unwrap();
        assert_eq!(look(&mut networks), None);
    }

    #[test]
    fn another_file_takes_the_place_of_the_first() {
        let place = TestDirectory::new("networks-elsewhere");
        fs::write(place.join("a"), "198.51.100.0/24 A\n").unwrap();
        fs::write(place.join("b"), "198.51.100.0/24 B\n").unwrap();
        let config = |path: &str| DestinationsConfig { networks: path.to_owned().try_into().unwrap() };
        let mut networks = WatchedNetworks::new(&Root::replay(&*place), &config("/a"));
        networks.look();
        networks.reconfigure(&config("/a"));
        assert_eq!(name(&networks).as_deref(), Some("A"), "nothing has changed");
        networks.reconfigure(&config("/b"));
        assert_eq!(name(&networks), None);
        networks.look();
        assert_eq!(name(&networks).as_deref(), Some("B"));
    }
}
