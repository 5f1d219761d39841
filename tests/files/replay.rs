//! A router's files of a test's own, and the program on them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");

/// How long anything may take. Only a failing test waits for as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the program may have of addresses, in KiB: a file without an end must not take the machine with it.
const ADDRESS_SPACE: u32 = 1024 * 1024;

/// The files that are read, as the router has them; not its table.
const FILES: [(&str, &str); 11] = [
    ("etc/conntrack-exporter.toml", "interval = \"1s\"\ndevices.vendors = [\"/usr/share/vendors\"]\n"),
    ("etc/conntrack-exporter.devices", "02:00:00:00:00:11=laptop\n"),
    ("etc/conntrack-exporter.services", "53 DNS\n"),
    ("etc/conntrack-exporter.networks", "9.9.9.0/24 Example\n"),
    ("etc/hosts", "192.168.8.13 printer\n"),
    ("tmp/dhcp.leases", "1795241374 02:00:00:00:00:12 192.168.8.12 nas *\n"),
    ("ip-address", "2: br-lan:\n    link/ether 02:00:00:00:00:01\n    inet 192.168.8.1/24\n"),
    ("ip-neigh", "192.168.8.11 dev br-lan lladdr 02:00:00:00:00:11 REACHABLE\n"),
    ("usr/share/vendors", "28:6A:BA\tApple\n"),
    ("proc/sys/kernel/hostname", "router\n"),
    ("proc/sys/net/netfilter/nf_conntrack_max", "16384\n"),
];

const TABLE: &str = "ipv4 2 udp 17 9 src=192.168.8.11 dst=9.9.9.9 sport=1 dport=53 src=9.9.9.9 dst=203.0.113.10 \
    sport=53 dport=1 mark=0 use=2\n";

/// The directory that stands for a router's `/`; gone when dropped.
pub(crate) struct Replay {
    directory: PathBuf,
}

impl Replay {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("conntrack-exporter-files-{}-{test}", std::process::id());
        let replay = Self { directory: std::env::temp_dir().join(name) };
        for (path, text) in FILES {
            replay.write(path, text);
        }
        replay.write("proc/net/nf_conntrack", TABLE);
        replay
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.join("root").join(path)
    }

    /// A place beside the router's files.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        let above = path.parent().expect("a path below the directory");
        fs::create_dir_all(above).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    /// The program with these arguments, on these files.
    pub(crate) fn start(&self, arguments: &[impl AsRef<OsStr>]) -> Process {
        let root = self.path("");
        let of_root = [OsStr::new("--root"), root.as_os_str()];
        let arguments = arguments.iter().map(AsRef::as_ref).chain(of_root);
        self.start_without_root(&arguments.collect::<Vec<_>>())
    }

    /// The program with these arguments and no others.
    pub(crate) fn start_without_root(&self, arguments: &[&OsStr]) -> Process {
        let [output, errors] = ["output", "errors"].map(|name| self.beside(name));
        let file = |path: &Path| File::create(path).expect("a file for what it says");
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" \"$@\"")).arg(PROGRAM);
        command.args(arguments);
        command.stdin(Stdio::null()).stdout(file(&output)).stderr(file(&errors));
        Process { child: command.spawn().expect("a shell"), output, errors }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What may lie where a file belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stranger {
    /// Whoever opens it waits.
    Fifo,
    /// Whoever reads it never comes to an end.
    Zero,
}

impl Stranger {
    pub(crate) const ALL: [Self; 2] = [Self::Fifo, Self::Zero];

    /// Takes the place of the file at `path`.
    pub(crate) fn replace(self, path: &Path) {
        fs::remove_file(path).expect("a file that is there");
        match self {
            Self::Fifo => make_fifo(path),
            Self::Zero => make_zero(path),
        }
    }
}

/// Puts a FIFO there, into which nobody writes.
pub(crate) fn make_fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).expect("a FIFO");
}

/// Puts `/dev/zero` there: the device itself, for a link would lead nowhere below the directory. Only root can make one; a
/// socket is as little a file.
fn make_zero(path: &Path) {
    let (kind, device) = if Uid::effective().is_root() {
        (FileType::CharacterDevice, makedev(1, 5))
    } else {
        (FileType::Socket, 0)
    };
    mknodat(CWD, path, kind, Mode::from_raw_mode(0o644), device).expect("a device or a socket");
}

/// A running program; killed when dropped.
pub(crate) struct Process {
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

impl Process {
    /// How many snapshots the daemon has written.
    fn ticks(&self) -> usize {
        fs::read_to_string(&self.output).expect("its output").matches("conntrack_exporter,").count()
    }

    /// All that it has said so far.
    pub(crate) fn said(&self) -> String {
        let read = |path: &Path| fs::read_to_string(path).expect("what it said");
        read(&self.output) + &read(&self.errors)
    }

    /// Waits until there are so many snapshots more than now.
    pub(crate) fn await_ticks(&mut self, more: usize) {
        self.await_ticks_in_all(self.ticks() + more);
    }

    /// Waits until there have been so many snapshots since its start.
    pub(crate) fn await_ticks_in_all(&mut self, enough: usize) {
        self.until(&format!("{enough} snapshots"), |process| (process.ticks() >= enough).then_some(()));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process");
        kill(Pid::from_raw(pid), signal).expect("a running process");
    }

    /// Ends the daemon by a signal that it has to hear.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.until("the end after SIGTERM", Self::ended);
        assert_eq!(status.code(), Some(0), "{status}: {}", self.said());
    }

    /// Waits until it has ended by itself; gives its exit code and what it said.
    pub(crate) fn end(mut self, what: &str) -> (Option<i32>, String) {
        let status = self.until(&format!("the end of {what}"), Self::ended);
        (status.code(), self.said())
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }

    /// Tries until something comes of it.
    pub(crate) fn until<T>(&mut self, what: &str, mut attempt: impl FnMut(&mut Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(outcome) = attempt(self) {
                return outcome;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: waited for in vain; it said: {}", self.said());
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if it has ended, which is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
