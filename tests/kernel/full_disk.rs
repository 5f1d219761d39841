//! A disk without room.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::exporter::PROGRAM;
use crate::namespace::require;
use crate::sample::Sample;

/// Captures the sample household into a directory of a new disk of so much room, which is gone afterwards.
fn capture(test: &str, room: &str) -> Output {
    require("unshare", "util-linux");
    let disk = std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
    fs::create_dir_all(&disk).expect("a directory to mount on");
    let sample = Sample::new(test);
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c"])
        .arg(r#"mount -t tmpfs -o "$1" tmpfs "$2" && exec "$3" --root "$4" capture "$2/capture""#)
        .args(["sh", room])
        .arg(&disk)
        .args([Path::new(PROGRAM), &sample.root()])
        .output()
        .expect("unshare");
    fs::remove_dir(&disk).expect("nothing was written beside the disk");
    output
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
