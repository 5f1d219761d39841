//! Recordings: whatever is in the directory of one, and however one ends.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::replay::{Process, Replay, make_fifo};

const TABLE: &str = "proc/net/nf_conntrack";

/// A recording beside the router's files, of which its first instant has a copy.
struct Recording {
    replay: Replay,
    directory: PathBuf,
}

impl Recording {
    fn new(test: &str) -> Self {
        let replay = Replay::new(&format!("recording-{test}"));
        let (directory, capture) = (replay.beside("recording"), replay.beside("capture"));
        let (code, said) = replay.start(&[OsStr::new("capture"), capture.as_os_str()]).end("capture");
        assert_eq!(code, Some(0), "{said}");
        fs::create_dir(&directory).expect("a directory");
        fs::rename(capture, directory.join("0000000010")).expect("a first instant");
        Self { replay, directory }
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().expect("an instant")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn link(&self, path: &str, to: &Path) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().expect("an instant")).expect("a directory");
        symlink(to, path).expect("a link");
    }

    /// The exit code of `replay`, and what it said.
    fn replayed(&self) -> (Option<i32>, String) {
        self.start(&[OsStr::new("replay"), self.directory.as_os_str()]).end("replay")
    }

    fn start(&self, arguments: &[&OsStr]) -> Process {
        self.replay.start_without_root(arguments)
    }
}

/// Lines of `connection_state` at an instant.
fn states(said: &str, instant: u64) -> usize {
    let end = format!(" {instant}000000000");
    said.lines().filter(|line| line.starts_with("connection_state,") && line.ends_with(&end)).count()
}

#[test]
fn a_signal_ends_it_with_what_is_whole() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let replay = Replay::new(&format!("recording-{signal}"));
        let directory = replay.beside("recording");
        let names = |directory: &Path| -> Vec<String> {
            let entries = fs::read_dir(directory).into_iter().flatten();
            entries.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect()
        };
        let is_instant = |name: &String| name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_digit());
        let arguments = ["record", "--for", "1h", "--every", "1s"].map(OsStr::new);
        let mut process = replay.start(&[&arguments[..], &[directory.as_os_str()]].concat());
        process.until("an instant", |_| names(&directory).iter().any(is_instant).then_some(()));
        process.signal(signal);
        let (code, said) = process.end("record");
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("To replay it: conntrack-exporter replay "), "{said}");
        let names = names(&directory);
        assert!(names.iter().all(is_instant), "{names:?}");
        assert!(said.contains(&format!("recording: {} instant", names.len())), "{said}");
        let arguments = [OsStr::new("replay"), directory.as_os_str()];
        let (code, said) = replay.start_without_root(&arguments).end("replay");
        assert_eq!(code, Some(0), "{said}");
        let first: u64 = names.iter().min().expect("one").parse().expect("a number");
        assert_eq!(states(&said, first), 1, "{said}");
    }
}

#[test]
fn a_capture_is_a_recording_of_one_instant() {
    let recording = Recording::new("capture");
    let capture = recording.directory.join("0000000010");
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_795_241_407_500);
    let table = fs::File::options().write(true).open(capture.join(TABLE)).expect("the table");
    table.set_modified(modified).expect("its time");
    let config = recording.replay.beside("config.toml");
    fs::write(&config, "interval = \"30s\"\n").expect("a configuration");
    let arguments = [OsStr::new("--config"), config.as_os_str(), OsStr::new("replay"), capture.as_os_str()];
    let (code, said) = recording.start(&arguments).end("replay");
    assert_eq!((code, states(&said, 1_795_241_400)), (Some(0), 1), "{said}");
}

#[test]
fn the_root_of_an_instant_is_as_the_recording_was_then() {
    let recording = Recording::new("inherits");
    recording.write("0000000020/etc/conntrack-exporter.devices", "02:00:00:00:00:11=renamed\n");
    recording.write("0000000030/tmp/dhcp.leases", "");
    for (instant, expected) in
        [("0000000010", "laptop"), ("0000000020", "renamed"), ("0000000030", "renamed")]
    {
        let root = recording.directory.join(instant);
        for command in ["once", "devices"] {
            let arguments = [OsStr::new(command), OsStr::new("--root"), root.as_os_str()];
            let (code, said) = recording.start(&arguments).end(command);
            assert!(code == Some(0) && said.contains(expected), "{instant}: {said}");
        }
    }
    // As a path that begins where the program is.
    let mut relative = PathBuf::from("../".repeat(20));
    relative.push(recording.directory.strip_prefix("/").expect("an absolute path"));
    let root = relative.join("0000000020");
    let arguments = [OsStr::new("devices"), OsStr::new("--root"), root.as_os_str()];
    assert!(recording.start(&arguments).end("devices").1.contains("renamed"));
}

#[test]
fn nothing_leads_out_of_an_instant() {
    let recording = Recording::new("outside");
    let outside = recording.replay.beside("outside");
    fs::create_dir(&outside).expect("a directory");
    fs::write(outside.join("devices"), "02:00:00:00:00:11=secret\n").expect("a file");
    recording.link("0000000020/etc/conntrack-exporter.devices", &outside.join("devices"));
    recording.link("0000000030/etc/conntrack-exporter.devices", Path::new("../../../outside/devices"));
    recording.link("0000000040/etc", &outside);
    recording.link("0000000050", &outside);
    let (code, said) = recording.replayed();
    assert!(code == Some(0) && !said.contains("secret"), "{said}");
    assert!(said.contains("0000000050 is no instant of the recording and is passed over"), "{said}");
    for instant in [10, 20, 30, 40] {
        assert_eq!(states(&said, instant), 1, "{said}");
    }
}

#[test]
fn what_is_no_instant_is_passed_over_and_told() {
    let recording = Recording::new("strangers");
    fs::write(recording.directory.join("0000000020"), "a file").expect("a file");
    fs::create_dir(recording.directory.join(".0000000030.partial")).expect("a directory");
    make_fifo(&recording.directory.join("0000000040"));
    let (code, said) = recording.replayed();
    assert_eq!((code, said.matches("is passed over").count()), (Some(0), 3), "{said}");
    assert!(said.contains("1 instant over 0s: 1 snapshot in "), "{said}");
}

#[test]
fn a_table_that_cannot_be_read_or_understood_costs_its_instant_alone() {
    let recording = Recording::new("garbage");
    recording.write(&format!("0000000020/{TABLE}"), vec![0xff; 100_000]);
    fs::create_dir_all(recording.directory.join("0000000030/proc/net")).expect("a directory");
    make_fifo(&recording.directory.join(format!("0000000030/{TABLE}")));
    recording.write(&format!("0000000040/{TABLE}"), "");
    fs::copy(recording.directory.join(format!("0000000010/{TABLE}")), recording.directory.join("0000000050"))
        .expect("a copy");
    let (code, said) = recording.replayed();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("not a regular file; no snapshots until that changes"), "{said}");
    assert!(said.contains("the connection table can be read again"), "{said}");
    assert!(said.contains("4 instants over 30s: 3 snapshots in "), "{said}");
    let exporter = said.lines().rfind(|line| line.starts_with("conntrack_exporter,"));
    let exporter = exporter.expect("a last snapshot");
    // Of its interval of a second 9 are missing between two instants, and of the third that one besides.
    assert!(exporter.contains("lines_unreadable=1i") && exporter.contains("ticks_skipped=28i"), "{exporter}");
}

#[test]
fn thousands_of_instants() {
    let recording = Recording::new("thousands");
    for instant in 11..2010 {
        fs::create_dir(recording.directory.join(format!("{instant:010}"))).expect("a directory");
    }
    recording.write("0000001010/etc/conntrack-exporter.devices", "02:00:00:00:00:11=renamed\n");
    let (code, said) = recording.replayed();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("2000 instants over 33m 19s: 2000 snapshots in "), "{said}");
    assert_eq!(said.matches("device_name=laptop,protocol=udp,state=ACTIVE count=1i").count(), 1000);
    assert_eq!(said.matches("device_name=renamed,protocol=udp,state=ACTIVE count=1i").count(), 1000);
}

#[test]
fn what_is_no_recording() {
    let recording = Recording::new("none");
    let (code, said) = recording.start(&["replay", "/proc/self/task"].map(OsStr::new)).end("replay");
    assert!(code == Some(1) && said.contains("has neither instants nor a table"), "{said}");
    let table = recording.directory.join(format!("0000000010/{TABLE}"));
    let (code, said) = recording.start(&[OsStr::new("replay"), table.as_os_str()]).end("replay");
    assert!(code == Some(1) && said.contains("Not a directory"), "{said}");
    fs::remove_file(table).expect("the table");
    let (code, said) = recording.replayed();
    assert!(code == Some(1) && said.contains("does not exist"), "{said}");
}
