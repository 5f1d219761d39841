//! A disk without room.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::exporter::PROGRAM;
use crate::namespace::require;
use crate::sample::Sample;

/// Has the program write of the sample household to a new disk of so much room, which is gone after `then`.
fn write(test: &str, room: &str, command: &str, then: &str) -> Output {
    require("unshare", "util-linux");
    let disk = std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
    fs::create_dir_all(&disk).expect("a directory to mount on");
    let sample = Sample::new(test);
    let script = format!(
        "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && cd \"$2\" && \"$3\" --root \"$4\" {command}; code=$?; {then}; exit $code"
    );
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh", room])
        .arg(&disk)
        .args([Path::new(PROGRAM), &sample.root()])
        .output()
        .expect("unshare");
    fs::remove_dir(&disk).expect("nothing was written beside the disk");
    output
}

/// Captures the sample household.
fn capture(test: &str, room: &str) -> Output {
    write(test, room, "capture \"$2/capture\"", ":")
}

#[test]
fn a_capture_that_the_disk_has_no_room_for_is_74() {
    let output = capture("full-disk", "size=8k");
    let said = String::from_utf8_lossy(&output.stderr);
    let why = "is missing or cut short: it can't be written: No space left on device (os error 28)\n";
    assert!(said.contains(&format!("/proc/net/nf_conntrack {why}")), "{said}");
    assert_eq!(output.status.code(), Some(74), "{said}");
}

#[test]
fn a_capture_whose_directory_the_disk_has_no_room_for_is_74() {
    // The disk's own directory is the one inode.
    let output = capture("no-inode", "nr_inodes=1");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.ends_with("/capture: No space left on device (os error 28)\n"), "{said}");
    assert_eq!(output.status.code(), Some(74), "{said}");
}

#[test]
fn a_recording_that_the_disk_has_no_room_for_is_74_and_has_what_is_whole() {
    // The disk and the first instant take some twenty files and directories. The table of each further one, which is as it
    // was, is gone again when it is whole, but not where it was.
    let record = "record recording --for 1h --every 1s >/dev/null";
    let output = write("full-disk-recording", "nr_inodes=27", record, "ls -A recording");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("can't be written: No space left on device (os error 28)"), "{said}");
    assert_eq!(output.status.code(), Some(74), "{said}");
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!((1..4).contains(&listed.lines().count()), "{listed}");
    let is_instant = |name: &str| name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_digit());
    assert!(listed.lines().all(is_instant), "{listed}");
}
