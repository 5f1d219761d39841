use std::fs;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, symlink};

use super::*;
use crate::test_directory::TestDirectory;

/// Processes that a test makes up.
struct Machine {
    place: TestDirectory,
    root: Root,
    finder: ProcessFinder,
}

impl Machine {
    fn new(test: &str) -> Self {
        let place = TestDirectory::new(test);
        fs::create_dir(place.join("proc")).unwrap();
        let root = Root::replay(place.to_path_buf());
        Self { place, root, finder: ProcessFinder::default() }
    }

    fn process(&self, pid: u32, name: &[u8], sockets: &[u64]) {
        let directory = self.place.join(format!("proc/{pid}"));
        fs::create_dir_all(directory.join("fd")).unwrap();
        fs::write(directory.join("comm"), [name, b"\n"].concat()).unwrap();
        symlink("/dev/null", directory.join("fd/0")).unwrap();
        for (number, inode) in (3..).zip(sockets) {
            symlink(format!("socket:[{inode}]"), directory.join(format!("fd/{number}"))).unwrap();
        }
    }

    fn end(&self, pid: u32) {
        fs::remove_dir_all(self.place.join(format!("proc/{pid}"))).unwrap();
    }

    /// Who holds what so many seconds after boot, and how often all processes were looked at so far.
    fn holders(&mut self, inodes: &[u64], second: u64) -> (Vec<(u64, u32, String)>, u64) {
        let holders = self.finder.holders_below(&self.root, inodes, Duration::from_secs(second));
        let holders = holders.into_iter().map(|(inode, of)| (inode, of.pid, of.name.to_string()));
        (holders.collect(), self.finder.searches)
    }
}

fn held(inode: u64, pid: u32, name: &str) -> (u64, u32, String) {
    (inode, pid, name.to_owned())
}

#[test]
fn of_several_processes_the_lowest_holds_a_socket() {
    let mut machine = Machine::new("processes-lowest");
    machine.process(100, b"worker", &[7, 8]);
    machine.process(20, b"master", &[9, 7]);
    machine.process(3, b"other", &[]);
    let (found, _) = machine.holders(&[7, 8, 11, 0], 0);
    assert_eq!(found, [held(7, 20, "master"), held(8, 100, "worker")], "not who holds what nobody wants");
}

#[test]
fn all_are_looked_at_only_if_something_is_new_or_has_moved() {
    let mut machine = Machine::new("processes-remembered");
    machine.process(20, b"dnsmasq", &[7]);
    machine.process(30, b"dropbear", &[8]);
    assert_eq!(machine.holders(&[7], 0), (vec![held(7, 20, "dnsmasq")], 1));
    assert_eq!(machine.holders(&[7], 30), (vec![held(7, 20, "dnsmasq")], 1));
    let both = vec![held(7, 20, "dnsmasq"), held(8, 30, "dropbear")];
    assert_eq!(machine.holders(&[7, 8], 60), (both.clone(), 2), "a new one");
    assert_eq!(machine.holders(&[8], 90), (vec![held(8, 30, "dropbear")], 2), "one has gone");
    assert_eq!(machine.holders(&[7, 8], 120), (both, 3));
    // The process becomes another program, and then another number holds the socket.
    fs::write(machine.place.join("proc/20/comm"), "another\n").unwrap();
    assert_eq!(machine.holders(&[7], 150), (vec![held(7, 20, "another")], 3));
    machine.end(20);
    machine.process(20, b"stranger", &[99]);
    machine.process(40, b"dnsmasq", &[7]);
    assert_eq!(machine.holders(&[7], 180), (vec![held(7, 40, "dnsmasq")], 4));
}

#[test]
fn what_nobody_holds_is_looked_for_every_five_minutes() {
    let mut machine = Machine::new("processes-nobody");
    machine.process(20, b"dnsmasq", &[7]);
    let dnsmasq = vec![held(7, 20, "dnsmasq")];
    for (second, searches) in [(0, 1), (30, 1), (299, 1), (300, 2), (330, 2), (599, 2), (600, 3)] {
        assert_eq!(machine.holders(&[7, 8], second), (dnsmasq.clone(), searches), "{second}");
    }
    // Whoever looks for something else looks for it as well.
    machine.process(30, b"late", &[8]);
    assert_eq!(machine.holders(&[7, 8], 630), (dnsmasq.clone(), 3));
    machine.process(40, b"new", &[9]);
    let all = vec![held(7, 20, "dnsmasq"), held(8, 30, "late"), held(9, 40, "new")];
    assert_eq!(machine.holders(&[7, 8, 9], 660), (all, 4));
    assert_eq!(machine.holders(&[], 690), (Vec::new(), 4));
    assert!(
        machine.finder.found.is_empty() && machine.finder.not_found.is_empty(),
        "bounded by what is wanted"
    );
}

#[test]
fn names_are_safe_to_send() {
    let mut machine = Machine::new("processes-names");
    machine.process(20, b"a\nb=1,c \"d\" 9", &[7]);
    machine.process(30, b"\xff\x1b[2J", &[8]);
    machine.process(40, b" \n\t", &[9]);
    let (found, _) = machine.holders(&[7, 8, 9], 0);
    assert_eq!(found.len(), 3);
    for (_, _, name) in &found {
        assert!(!name.contains(char::is_control) && name.len() <= crate::devices::name::LONGEST, "{name:?}");
    }
    assert_eq!(found[2].2, "");
    fs::remove_file(machine.place.join("proc/20/comm")).unwrap();
    assert_eq!(machine.holders(&[7, 8, 9], 30).0.len(), 2, "it is about to end");
}

#[test]
fn one_process_with_many_descriptors_hides_nobody() {
    let mut machine = Machine::new("processes-many");
    let many: Vec<u64> = (10_000..).take(OF_ONE_AT_MOST + 10).collect();
    machine.process(20, b"many", &many);
    machine.process(30, b"dropbear", &[8]);
    assert_eq!(machine.holders(&[8], 0), (vec![held(8, 30, "dropbear")], 1));
}

#[test]
fn of_a_replayed_router_nobody_is_found() {
    let mut machine = Machine::new("processes-replayed");
    machine.process(20, b"dnsmasq", &[7]);
    let found = machine.finder.holders(&machine.root, &[7], Duration::ZERO);
    assert_eq!((found, machine.finder.searches), (Holders::new(), 0));
}

#[test]
fn the_own_sockets_are_found_on_the_running_machine() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let inode = fs::metadata(format!("/proc/self/fd/{}", open.as_raw_fd())).unwrap().ino();
    let mut finder = ProcessFinder::default();
    let mut pid = || finder.holders(&Root::live(), &[inode], Duration::ZERO).get(&inode).map(|of| of.pid);
    // A test that forks at this moment has it, too, for as long as it takes to execute something; its number is higher.
    assert_eq!([pid(), pid()], [Some(std::process::id()); 2]);
    drop(open);
    assert_eq!(pid(), None);
}
