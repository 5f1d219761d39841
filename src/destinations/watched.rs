//! The owner's list of networks and the database, as they change.

use tracing::{info, warn};

use super::config::DestinationsConfig;
use super::database::{DATABASE_AT_MOST, Database};
use super::networks::Networks;
use crate::devices::absolute_path::AbsolutePath;
use crate::devices::file_log::FileLog;
use crate::devices::watched_file::{Look, WatchedFile, Wholeness};
use crate::edge_log::EdgeLog;
use crate::root::Root;

/// How much of the owner's list is read, in bytes: sixty for each line that counts.
pub const FILE_AT_MOST: u64 = 256 * 1024;

/// The networks that have names, kept as the owner's list and the database say.
#[derive(Debug)]
pub struct WatchedNetworks {
    root: Root,
    /// Where the owner's list is.
    path: AbsolutePath,
    file: WatchedFile,
    log: FileLog,
    database: Option<WatchedDatabase>,
    networks: Networks,
}

/// The database's file.
#[derive(Debug)]
struct WatchedDatabase {
    path: AbsolutePath,
    file: WatchedFile,
    unusable: EdgeLog,
}

/// The owner's list, not read yet.
pub fn file(root: &Root, config: &DestinationsConfig) -> WatchedFile {
    WatchedFile::new(root, config.networks.as_path(), Wholeness::Any).reading_at_most(FILE_AT_MOST)
}

/// The database at `path`, not read yet.
pub fn database_file(root: &Root, path: &AbsolutePath) -> WatchedFile {
    WatchedFile::new(root, path.as_path(), Wholeness::Any).reading_at_most(DATABASE_AT_MOST)
}

/// What a look at a database's file found, or why that can't be used.
pub fn read_database(file: &mut WatchedFile) -> Result<Look<Database>, String> {
    match file.look().map_err(|error| error.to_string())? {
        Look::Unchanged => Ok(Look::Unchanged),
        Look::Gone => Ok(Look::Gone),
        Look::Unsettled => Ok(Look::Unsettled),
        Look::Cut(_) => Err(format!("it is larger than {} MiB", DATABASE_AT_MOST >> 20)),
        Look::Taken(bytes) => Database::new(bytes).map(Look::Taken).map_err(|error| error.to_string()),
    }
}

impl WatchedNetworks {
    /// No network has a name; nothing is read yet.
    pub fn new(root: &Root, config: &DestinationsConfig) -> Self {
        Self {
            root: root.clone(),
            path: config.networks.clone(),
            file: file(root, config),
            log: FileLog::default(),
            database: config.wanted_database().map(|path| WatchedDatabase::new(root, path)),
            networks: Networks::default(),
        }
    }

    /// Takes over another configuration.
    pub fn reconfigure(&mut self, config: &DestinationsConfig) {
        if self.path != config.networks {
            self.path = config.networks.clone();
            self.file = file(&self.root, config);
            self.log = FileLog::default();
            self.networks.set_owners(b"");
        }
        if self.database.as_ref().map(|database| &database.path) != config.wanted_database() {
            self.database = config.wanted_database().map(|path| WatchedDatabase::new(&self.root, path));
            self.networks.set_database(None);
        }
    }

    /// Reads what has changed of the two. While one can't be had, what it said last holds; when it is gone, it says nothing.
    pub fn look(&mut self) {
        self.look_at_list();
        match self.database.as_mut().and_then(WatchedDatabase::news) {
            Some(Look::Taken(database)) => self.networks.set_database(Some(database)),
            Some(Look::Gone) => self.networks.set_database(None),
            _ => {}
        }
    }

    fn look_at_list(&mut self) {
        let look = self.file.look();
        let path = self.file.path();
        let Some(text) = self.log.text(&path, look) else { return };
        let lines = self.networks.set_owners(&text);
        self.log.report(&path, &lines.problems);
    }

    /// The networks as they are now.
    pub const fn networks(&self) -> &Networks {
        &self.networks
    }
}

impl WatchedDatabase {
    fn new(root: &Root, path: &AbsolutePath) -> Self {
        Self { path: path.clone(), file: database_file(root, path), unusable: EdgeLog::default() }
    }

    /// What a look at the file found. Says when it begins and ceases to be of use.
    fn news(&mut self) -> Option<Look<Database>> {
        let found = read_database(&mut self.file);
        let path = self.file.path();
        let path = path.display();
        match &found {
            Ok(Look::Taken(database)) => {
                self.unusable.ends();
                info!("{path}: networks are called as in {database}");
            }
            Ok(Look::Gone) => info!("{path} is gone: networks are called as in your own list alone"),
            Err(why) if self.unusable.begins() => {
                warn!("{path} can't be used: {why}; what was read before holds");
            }
            Ok(_) | Err(_) => {}
        }
        found.ok()
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
        let config = |path: &str| DestinationsConfig {
            networks: path.to_owned().try_into().unwrap(),
            ..DestinationsConfig::default()
        };
        let mut networks = WatchedNetworks::new(&Root::replay(&*place), &config("/a"));
        networks.look();
        networks.reconfigure(&config("/a"));
        assert_eq!(name(&networks).as_deref(), Some("A"), "nothing has changed");
        networks.reconfigure(&config("/b"));
        assert_eq!(name(&networks), None);
        networks.look();
        assert_eq!(name(&networks).as_deref(), Some("B"));
    }

    #[cfg(feature = "database")]
    #[test]
    fn a_database_that_is_cut_leaves_the_one_before() {
        use crate::destinations::config::Mode;
        use crate::destinations::encoder::{database, system};

        let place = TestDirectory::new("networks-database");
        let path = place.join("d.mmdb");
        let config = DestinationsConfig {
            mode: Mode::Network,
            database: "/d.mmdb".to_owned().try_into().unwrap(),
            ..DestinationsConfig::default()
        };
        let mut networks = WatchedNetworks::new(&Root::replay(&*place), &config);
        let look = |networks: &mut WatchedNetworks| {
            networks.look();
            name(networks)
        };
        assert_eq!(look(&mut networks), None, "there is no file");
        let bytes = |name| database("Test-ASN", 1, &[("198.51.100.0/24", system(name))]);
        fs::write(&path, bytes("One")).unwrap();
        assert_eq!(look(&mut networks).as_deref(), Some("One"));
        let generation = networks.networks().generation();
        assert_eq!(look(&mut networks).as_deref(), Some("One"));
        assert_eq!(networks.networks().generation(), generation, "nothing has changed");
        let cut = bytes("Another");
        fs::write(&path, &cut[..cut.len() - 9]).unwrap();
        assert_eq!(look(&mut networks).as_deref(), Some("One"), "the last good one stays");
        fs::write(&path, bytes("Another")).unwrap();
        assert_eq!(look(&mut networks).as_deref(), Some("Another"));
        fs::write(&path, vec![b'x'; usize::try_from(DATABASE_AT_MOST).unwrap() + 1]).unwrap();
        assert_eq!(look(&mut networks).as_deref(), Some("Another"), "one that is too large is not taken");
        networks.reconfigure(&DestinationsConfig { mode: Mode::Service, ..config.clone() });
        assert_eq!(look(&mut networks), None, "nobody wants it");
        networks.reconfigure(&config);
        fs::write(&path, bytes("Third")).unwrap();
        assert_eq!(look(&mut networks).as_deref(), Some("Third"));
        fs::remove_file(&path).unwrap();
        assert_eq!(look(&mut networks), None);
    }
}
