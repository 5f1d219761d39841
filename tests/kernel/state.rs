//! What is kept over a restart, and disks that don't take it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;

use crate::connections::{at, established, listen};
use crate::exporter::{Exporter, PROGRAM, configure};
use crate::household::{Household, INTERNET};
use crate::namespace::require;
use crate::snapshot::Receiver;
use crate::wait::until;

/// Whom the daemon becomes.
const NOBODY: u32 = 65534;
const LOST: &str = "what is learned is lost at the next start";

/// A directory as the packages' services make it, and a configuration that names it.
fn kept_in(home: &Household) -> (PathBuf, PathBuf) {
    let directory = home.file("kept");
    fs::create_dir(&directory).expect("a directory");
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).expect("its mode");
    chown(&directory, Some(NOBODY), Some(0)).expect("its owner");
    let state = format!("state.directory = \"{}\"", directory.display());
    let config = configure(home, &at("127.0.0.1", 8094).to_string(), &state);
    (directory, config)
}

#[test]
fn what_is_learned_is_kept_when_it_stops_and_read_when_it_starts() {
    let home = Household::new("state");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let receiver = Receiver::new(&home.router, at("127.0.0.1", 8094));
    let (directory, config) = kept_in(&home);
    let file = directory.join("state");

    let first = Exporter::start(&home, &config);
    receiver.next();
    assert!(!file.exists(), "nothing is written but every six hours");
    first.end(Signal::SIGTERM);
    let metadata = fs::metadata(&file).expect("a state");
    assert_eq!((metadata.uid(), metadata.mode() & 0o777), (NOBODY, 0o600));

    // Somebody was killed while writing.
    fs::write(directory.join("state.new"), "half of it").expect("what was left");
    let second = Exporter::start(&home, &config);
    until("the state in the log", || {
        second.output().contains("state: it is known what is normal for").then_some(())
    });
    receiver.next();
    second.end(Signal::SIGINT);
    let names =
        fs::read_dir(&directory).expect("the directory").map(|entry| entry.expect("a file").file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["state"]);

    fs::write(&file, "garbage").expect("what is no state");
    let third = Exporter::start(&home, &config);
    third.await_error("it is called state.unreadable from now on, and everything is learned anew");
    receiver.next();
    third.end(Signal::SIGTERM);
    assert!(file.exists() && directory.join("state.unreadable").exists());
}

/// The daemon with a disk of its own mounted where its state is to be kept.
fn with_disk(home: &Household, options: &str, config: &Path, directory: &Path) -> Exporter {
    require("unshare", "util-linux");
    let script = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && exec \"$3\" --config \"$4\"";
    let options = format!("{options},uid={NOBODY},mode=700");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh", &options]);
    Exporter::run(home, command.arg(directory).arg(PROGRAM).arg(config))
}

#[test]
fn a_disk_that_is_full_or_read_only_is_told_once_and_the_daemon_goes_on() {
    let home = Household::new("state-disks");
    let receiver = Receiver::new(&home.router, at("127.0.0.1", 8094));
    let (directory, config) = kept_in(&home);
    let errors = home.file("errors");

    // The disk's own directory is the one inode.
    let full = with_disk(&home, "nr_inodes=1", &config, &directory);
    receiver.next();
    full.end(Signal::SIGTERM);
    let said = fs::read_to_string(&errors).expect("its errors");
    assert!(
        said.contains(&format!("state: can't be written: No space left on device (os error 28); {LOST}")),
        "{said}"
    );

    let read_only = with_disk(&home, "ro", &config, &directory);
    read_only.await_error("nothing can be written there: Read-only file system (os error 30)");
    receiver.next();
    read_only.end(Signal::SIGTERM);
    let said = fs::read_to_string(&errors).expect("its errors");
    assert_eq!(said.matches(LOST).count(), 1, "{said}");

    fs::set_permissions(&directory, Permissions::from_mode(0o777)).expect("its mode");
    let open_to_others = Exporter::start(&home, &config);
    open_to_others.await_error("others may choose where it leads");
    receiver.next();
    open_to_others.end(Signal::SIGTERM);
    assert!(fs::read_dir(&directory).expect("the directory").next().is_none());
}
