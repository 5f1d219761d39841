//! A router's files in a directory of this process's own, replaced from one input to the next.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::root::Root;
use conntrack_exporter::series::point::Point;

/// The machine's time since boot at the first snapshot, and from one to the next.
const BOOT: Duration = Duration::from_hours(1);
const INTERVAL: Duration = Duration::from_secs(30);

/// A router.
#[derive(Debug)]
pub struct Household {
    directory: PathBuf,
    /// What is in each file now.
    files: BTreeMap<String, Vec<u8>>,
    /// Counts what was written: each file has a time of its own, by which the program knows that it is new.
    written: u64,
}

impl Household {
    /// A router without files. The directory is below `TMPDIR`, which is best in memory.
    pub fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("conntrack-exporter-fuzz-{}", std::process::id()));
        Self { directory, files: BTreeMap::new(), written: 0 }
    }

    /// Where the program finds it.
    pub fn root(&self) -> Root {
        Root::replay(&self.directory)
    }

    /// Leaves just these files there, each with its absolute path on the router.
    pub fn furnish<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) {
        let files: BTreeMap<&str, &[u8]> = files.into_iter().collect();
        for gone in self.files.keys().filter(|path| !files.contains_key(path.as_str())) {
            fs::remove_file(self.root().path(gone)).expect("it was written before");
        }
        self.files.retain(|path, _| files.contains_key(path.as_str()));
        for (path, content) in files {
            if self.files.get(path).is_none_or(|known| known != content) {
                self.write(path, content);
            }
        }
    }

    fn write(&mut self, path: &str, content: &[u8]) {
        let target = self.root().path(path);
        self.written += 1;
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + self.written);
        if !self.files.contains_key(path) {
            fs::create_dir_all(target.parent().expect("a file is in a directory"))
                .expect("TMPDIR is writable");
        }
        let mut file = File::create(target).expect("TMPDIR is writable");
        file.write_all(content).expect("there is room in TMPDIR");
        file.set_modified(modified).expect("a file of its own");
        self.files.insert(path.to_owned(), content.to_vec());
    }

    /// An exporter that begins to observe this router.
    pub fn exporter(&self, config: Config) -> Exporter {
        Exporter { collector: Collector::new(config, &self.root(), 1), ledger: Ledger::default() }
    }
}

/// What takes snapshots, and what its receiver holds.
#[derive(Debug)]
pub struct Exporter {
    /// Takes them.
    pub collector: Collector,
    ledger: Ledger,
}

impl Default for Household {
    fn default() -> Self {
        Self::new()
    }
}

impl Exporter {
    /// Takes the `number`th snapshot; all is handed over.
    pub fn snapshot(&mut self, number: u32) -> Vec<Point> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let boot = BOOT + INTERVAL * number;
        let moment = Moment { boot, timestamp: None, wall: Some(boot), due: DueClocks::Both };
        let snapshot = runtime.block_on(self.collector.snapshot(&moment)).expect("a table that can be read");
        let points = self.ledger.complete(&snapshot);
        self.ledger.confirm(&snapshot, &points, |_| true, false);
        points
    }
}
