//! A recording in the making.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::capture::{Copied, Copier, Source, Target};
use crate::cli::capture;
use crate::cli::error::Exit;
use crate::cli::print_error;
use crate::edge_log::EdgeLog;
use crate::root::recording::name_of;
use crate::wording::counted;

/// How large a recording becomes, in bytes: what a router with 1 GB of memory can't hold in its `/tmp` anyway.
const AT_MOST: u64 = 1 << 30;

/// Writes one instant after the other.
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    copier: Copier<'a>,
    target: Target,
    instants: u32,
    bytes: u64,
    /// The last instant that was tried.
    last: Option<u64>,
    set_back: EdgeLog,
    /// What was last said to be missing of each file.
    told: HashMap<PathBuf, String>,
    exit: Exit,
}

/// What became of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is there, or it is not and the next one may be.
    Done,
    /// There is no room for any more.
    NoRoom,
}

impl<'a> Recorder<'a> {
    /// Nothing is recorded yet.
    pub(super) fn new(from: Source<'a>, target: Target, anonymise: bool) -> Self {
        Self {
            copier: Copier::new(from, anonymise),
            target,
            instants: 0,
            bytes: 0,
            last: None,
            set_back: EdgeLog::default(),
            told: HashMap::new(),
            exit: Exit::Success,
        }
    }

    /// Records `instant` (seconds since 1970). One without its table is left out, for what an instant lacks is as it was
    /// before.
    pub(super) fn take(&mut self, instant: u64) -> Taken {
        if self.last.is_some_and(|last| instant <= last) {
            self.exit = Exit::Failure;
            if self.set_back.begins() {
                print_error(&"the clock was set back: no instants until it is where it was");
            }
            return Taken::Done;
        }
        self.set_back.ends();
        self.last = Some(instant);
        match self.try_to_take(&name_of(instant)) {
            Ok(taken) => taken,
            Err(error) => {
                print_error(&format_args!("{} can't be written: {error}", name_of(instant)));
                self.exit = Exit::Unwritable;
                Taken::NoRoom
            }
        }
    }

    fn try_to_take(&mut self, name: &str) -> io::Result<Taken> {
        let partial = format!(".{name}.partial");
        let copied = self.copier.copy(&self.target.directory(&partial)?, AT_MOST - self.bytes);
        self.tell(&copied);
        if copied.is_cut_short() || !copied.has_table {
            let taken = if copied.is_cut_short() { Taken::NoRoom } else { Taken::Done };
            return self.target.remove(&partial).map(|()| taken);
        }
        self.target.rename(&partial, name)?;
        self.instants += 1;
        self.bytes += copied.bytes;
        self.copier.keep(copied);
        Ok(Taken::Done)
    }

    /// Tells what is missing, unless that was so in the instant before.
    fn tell(&mut self, copied: &Copied) {
        let exit = capture::exit(&copied.omissions);
        if self.exit == Exit::Success || exit == Exit::Unwritable {
            self.exit = exit;
        }
        let before = std::mem::take(&mut self.told);
        for omission in &copied.omissions {
            let text = omission.to_string();
            if before.get(&omission.path) != Some(&text) {
                print_error(&text);
            }
            self.told.insert(omission.path.clone(), text);
        }
    }

    /// How many there are.
    pub(super) const fn instants(&self) -> u32 {
        self.instants
    }

    /// Whether there are any.
    pub(super) const fn has_instants(&self) -> bool {
        self.instants > 0
    }

    /// The exit code that tells what is missing.
    pub(super) const fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Recorder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes", counted(self.instants, "instant", "instants"), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::conntrack::flow::Tuple;
    use crate::conntrack::procfs::line::parse;
    use crate::daemon::ConfigFile;
    use crate::lan::interfaces;
    use crate::root::Root;
    use crate::test_directory::TestDirectory;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    const TABLE: &str = "proc/net/nf_conntrack";
    const LINE: &str = "ipv4 2 udp 17 9 src=192.168.8.11 dst=9.9.9.9 sport=1 dport=53 src=9.9.9.9 dst=203.0.113.10 \
        sport=53 dport=1 mark=0 use=2\n";

    fn write(root: &Path, path: &str, text: &str) {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }

    /// The files of an instant, from its directory on.
    fn files(directory: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut ahead = vec![directory.to_path_buf()];
        while let Some(path) = ahead.pop() {
            if path.is_dir() {
                ahead.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                found.insert(path.strip_prefix(directory).unwrap().display().to_string());
            }
        }
        found
    }

    /// Records the router below `root` after each of `changes`, every ten seconds.
    fn record(
        place: &TestDirectory,
        config: &str,
        anonymise: bool,
        changes: &[&dyn Fn(&Path)],
    ) -> (PathBuf, Exit) {
        let (root, to) = (place.join("root"), place.join("recording"));
        write(&root, "etc/conntrack-exporter.toml", config);
        let config_file = ConfigFile { named: None, root: Root::replay(&root) };
        let (config, replayed) = (Config::parse(config).unwrap(), Root::replay(&root));
        let from = Source { root: &replayed, config: &config, config_file: &config_file };
        let mut recorder = Recorder::new(from, Target::create(&to).unwrap(), anonymise);
        for (change, instant) in changes.iter().zip((10..).step_by(10)) {
            change(&root);
            recorder.take(instant);
        }
        (to, recorder.exit())
    }

    fn set<const N: usize>(paths: [&str; N]) -> BTreeSet<String> {
        paths.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_as_it_was_is_left_out_and_what_has_gone_is_empty() {
        let place = TestDirectory::new("record-changes");
        let (to, exit) = record(
            &place,
            "devices.vendors = [\"/vendors\"]\n",
            false,
            &[
                &|root| {
                    write(root, TABLE, LINE);
                    write(root, "ip-address", "1: br-lan:\n    link/ether\n    inet 192.168.8.1/24\n");
                    write(root, "tmp/dhcp.leases", "1 02:00:00:00:00:12 192.168.8.12 nas *\n");
                    write(root, "vendors", "28:6A:BA\tApple\n");
                },
                &|root| write(root, TABLE, &LINE.repeat(2)),
                &|root| {
                    fs::remove_file(root.join("tmp/dhcp.leases")).unwrap();
                    write(root, "etc/conntrack-exporter.toml", "# other");
                    write(root, "vendors", "other");
                },
                &|_| {},
                &|root| write(root, "tmp/dhcp.leases", "1 02:00:00:00:00:12 192.168.8.12 nas *\n"),
            ],
        );
        assert_eq!(exit, Exit::Success);
        let first =
            ["etc/conntrack-exporter.toml", "ip-address", "ip-neigh", TABLE, "tmp/dhcp.leases", "vendors"];
        assert_eq!(files(&to.join("0000000010")), set(first));
        assert_eq!(files(&to.join("0000000020")), set([TABLE]));
        assert_eq!(files(&to.join("0000000030")), set(["tmp/dhcp.leases"]));
        assert_eq!(fs::read(to.join("0000000030/tmp/dhcp.leases")).unwrap(), b"");
        assert_eq!(files(&to.join("0000000040")), set([]));
        assert_eq!(files(&to.join("0000000050")), set(["tmp/dhcp.leases"]));
        assert_eq!(fs::read_dir(&to).unwrap().count(), 5);
    }

    #[test]
    fn an_instant_without_its_table_is_left_out_and_what_has_changed_is_in_the_next() {
        let place = TestDirectory::new("record-no-table");
        let (to, exit) = record(
            &place,
            "",
            false,
            &[
                &|root| write(root, TABLE, LINE),
                &|root| {
                    fs::remove_file(root.join(TABLE)).unwrap();
                    write(root, "tmp/dhcp.leases", "1 02:00:00:00:00:12 192.168.8.12 nas *\n");
                },
                &|root| write(root, TABLE, LINE),
            ],
        );
        assert_eq!(exit, Exit::Failure);
        assert_eq!(files(&to.join("0000000030")), set(["tmp/dhcp.leases"]));
        assert_eq!(fs::read_dir(&to).unwrap().count(), 2);
    }

    #[test]
    fn one_set_of_pseudonyms_holds_for_all_instants() {
        let place = TestDirectory::new("record-anonymised");
        let lease = |name: &str| format!("1 28:6f:b9:a1:b2:c3 192.168.8.11 {name} *\n");
        let (to, _) = record(
            &place,
            "",
            true,
            &[
                &|root| {
                    write(root, TABLE, LINE);
                    write(root, "tmp/dhcp.leases", &lease("Anna"));
                },
                &|root| {
                    write(root, TABLE, &LINE.replace(" 9 src", " 8 src"));
                    write(root, "tmp/dhcp.leases", &[lease("Berta"), lease("Anna")].concat());
                },
            ],
        );
        let read = |path: &str| fs::read_to_string(to.join(path)).unwrap();
        let (first, second) = (read("0000000010/tmp/dhcp.leases"), read("0000000020/tmp/dhcp.leases"));
        assert!(second.ends_with(&first) && second.lines().count() == 2, "{first}{second}");
        let (first, second) = (read(&format!("0000000010/{TABLE}")), read(&format!("0000000020/{TABLE}")));
        assert_eq!(first.replace(" 9 src", " 8 src"), second);
        assert!(first.contains("dst=240.0.0.1 "), "{first}");
        assert_eq!(files(&to.join("0000000020")), set([TABLE, "tmp/dhcp.leases"]));
    }

    #[test]
    fn whoever_is_in_a_prefix_that_comes_later_stays_in_it() {
        let place = TestDirectory::new("record-prefix");
        let line = |lan: &str| {
            let (lan, far) = (format!("{lan}:2a6f:b9ff:fea1:b2c3"), "2620:fe::fe");
            format!(
                "ipv6 10 udp 17 9 src={lan} dst={far} sport=1 dport=53 src={far} dst={lan} sport=53 dport=1 use=2\n"
            )
        };
        let become_of = |root: &Path, lan: &str| {
            write(root, TABLE, &line(lan));
            let address = format!("1: br-lan:\n    link/ether\n    inet6 {lan}::1/64\n");
            write(root, "ip-address", &address);
        };
        let (to, _) = record(
            &place,
            "",
            true,
            &[
                &|root| become_of(root, "2a02:8106:21:9900"),
                &|root| become_of(root, "2a02:8106:77:1200"),
                &|root| become_of(root, "2a02:8106:21:9900"),
            ],
        );
        let instants = ["0000000010", "0000000020", "0000000030"].map(|instant| {
            let table = fs::read_to_string(to.join(instant).join(TABLE)).unwrap();
            let found = interfaces::parse(&fs::read(to.join(instant).join("ip-address")).unwrap());
            let Tuple { source, destination, .. } = parse(table.trim_end().as_bytes()).unwrap().original;
            let (lan, far) = (source.address, destination.address);
            let net = found[0].addresses[0];
            assert!(net.contains(&lan) && !net.contains(&far), "{instant}: {net} {table}");
            (net, lan, far)
        });
        assert_eq!(instants[0], instants[2]);
        assert!(instants[0].0 != instants[1].0 && instants[0].2 == instants[1].2, "{instants:?}");
    }

    #[test]
    fn no_instant_is_taken_twice_and_none_goes_back() {
        let place = TestDirectory::new("record-back");
        let root = place.join("root");
        write(&root, TABLE, LINE);
        let (config, replayed) = (Config::default(), Root::replay(&root));
        let config_file = ConfigFile { named: None, root: replayed.clone() };
        let from = Source { root: &replayed, config: &config, config_file: &config_file };
        let to = place.join("recording");
        let mut recorder = Recorder::new(from, Target::create(&to).unwrap(), false);
        for instant in [20, 20, 10, 30] {
            assert_eq!(recorder.take(instant), Taken::Done);
        }
        assert_eq!(recorder.to_string(), format!("2 instants, {} bytes", LINE.len()));
        assert_eq!(recorder.exit(), Exit::Failure);
        assert!(to.join("0000000030").is_dir() && !to.join("0000000010").exists());
        recorder.bytes = AT_MOST - 1;
        write(&root, TABLE, &LINE.repeat(2));
        assert_eq!((recorder.take(40), recorder.exit()), (Taken::NoRoom, Exit::Unwritable));
        assert_eq!(fs::read_dir(&to).unwrap().count(), 2, "nothing is left half-way");
    }
}
