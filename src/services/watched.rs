//! The owner's file of services, as it changes.

use crate::devices::absolute_path::AbsolutePath;
use crate::devices::file_log::FileLog;
use crate::devices::watched_file::{WatchedFile, Wholeness};
use crate::root::Root;

use super::ServiceTable;
use crate::config::TrafficConfig;

/// How much of the owner's file is read, in bytes: sixty for each line that counts.
pub const FILE_AT_MOST: u64 = 64 * 1024;

/// The table of services, kept as the owner's file says.
#[derive(Debug)]
pub struct WatchedServices {
    root: Root,
    /// Where the owner's file is.
    path: AbsolutePath,
    file: WatchedFile,
    log: FileLog,
    table: ServiceTable,
}

/// The owner's file, not read yet.
pub fn file(root: &Root, config: &TrafficConfig) -> WatchedFile {
    WatchedFile::new(root, config.services.as_path(), Wholeness::Any).reading_at_most(FILE_AT_MOST)
}

impl WatchedServices {
    /// The built-in table; the owner's file is not read yet.
    pub fn new(root: &Root, config: &TrafficConfig) -> Self {
        Self {
            root: root.clone(),
            path: config.services.clone(),
            file: file(root, config),
            log: FileLog::default(),
            table: ServiceTable::built_in(),
        }
    }

    /// Takes over another configuration. Labels keep their numbers.
    pub fn reconfigure(&mut self, config: &TrafficConfig) {
        if self.path == config.services {
            return;
        }
        self.path = config.services.clone();
        self.file = file(&self.root, config);
        self.log = FileLog::default();
        self.table.set_owners(b"");
    }

    /// Reads the owner's file if it has changed. While that can't be had, what it said last holds; when it is gone, the
    /// built-in table alone.
    pub fn look(&mut self) {
        let look = self.file.look();
        let path = self.file.path();
        let Some(text) = self.log.text(&path, look) else { return };
        let lines = self.table.set_owners(&text);
        self.log.report(&path, &lines.problems);
    }

    /// The table as it is now.
    pub const fn table(&self) -> &ServiceTable {
        &self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::flow::Protocol;
    use crate::test_directory::TestDirectory;
    use std::fs;

    fn label(services: &WatchedServices, port: u16) -> String {
        let table = services.table();
        table.label(table.service(Protocol::TCP, port)).to_string()
    }

    #[test]
    fn the_owners_lines_hold_while_their_file_says_so() {
        let place = TestDirectory::new("services-watched");
        let root = Root::replay(&*place);
        let path = place.join("etc/conntrack-exporter.services");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut services = WatchedServices::new(&root, &TrafficConfig::default());
        let look = |services: &mut WatchedServices| {
            services.look();
            [443, 8123].map(|port| label(services, port))
        };
        assert_eq!(look(&mut services), ["HTTPS", "Home Assistant"], "there is no file");
        fs::write(&path, "443 Web\nnonsense\n8123/tcp Unser Haus").unwrap();
        assert_eq!(look(&mut services), ["Web", "Unser Haus"]);
        let web = services.table().service(Protocol::TCP, 443);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(look(&mut services), ["Web", "Unser Haus"], "what can't be read says nothing new");
        fs::remove_dir(&path).unwrap();
        assert_eq!(look(&mut services), ["HTTPS", "Home Assistant"]);
        assert_eq!(&**services.table().label(web), "Web", "sums are kept by it");
        fs::write(&path, "8123 Web\n").unwrap();
        assert_eq!(look(&mut services), ["HTTPS", "Web"]);
        assert_eq!(services.table().service(Protocol::TCP, 8123), web);
    }

    #[test]
    fn another_file_takes_the_place_of_the_first() {
        let place = TestDirectory::new("services-elsewhere");
        let root = Root::replay(&*place);
        fs::write(place.join("a"), "443 A\n").unwrap();
        fs::write(place.join("b"), "80 B\n").unwrap();
        let config = |path: &str| TrafficConfig {
            services: path.to_owned().try_into().unwrap(),
            ..TrafficConfig::default()
        };
        let mut services = WatchedServices::new(&root, &config("/a"));
        services.look();
        assert_eq!([443, 80].map(|port| label(&services, port)), ["A", "HTTP"]);
        services.reconfigure(&config("/a"));
        assert_eq!(label(&services, 443), "A", "nothing has changed");
        services.reconfigure(&config("/b"));
        services.look();
        assert_eq!([443, 80].map(|port| label(&services, port)), ["HTTPS", "B"]);
        services.reconfigure(&config("/nowhere"));
        services.look();
        assert_eq!([443, 80].map(|port| label(&services, port)), ["HTTPS", "HTTP"]);
    }
}
