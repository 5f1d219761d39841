//! The sample household's own script, which `make run` calls.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::connections::at;
use crate::exporter::PROGRAM;
use crate::namespace::Namespace;
use crate::sample::Sample;
use crate::snapshot::Receiver;
use crate::wait::until;

/// Whose home the checkout lies in.
const SOMEBODY: u32 = 4242;

#[test]
fn the_household_can_be_played_by_root_below_somebodys_closed_directory() {
    let host = Namespace::new("played", "host");
    let sample = Sample::new("played");
    chown(&*sample, Some(SOMEBODY), Some(SOMEBODY)).expect("root may give it away");
    fs::set_permissions(&*sample, Permissions::from_mode(0o700)).expect("a directory of ours");
    // The program itself, and for the receiver something that stays: this test is the one who receives.
    let programs = sample.join("programs");
    fs::create_dir_all(programs.join("examples")).expect("a directory");
    symlink(PROGRAM, programs.join("conntrack-exporter")).expect("a link");
    let launcher = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/launcher");
    symlink(launcher, programs.join("examples/receiver")).expect("a link");
    fs::write(programs.join("examples/receiver.script"), "exec sleep 600\n").expect("a file");

    let receiver = Receiver::new(&host, at("127.0.0.1", 8094));
    // From another directory, and the programs by a path from there.
    let mut command = Command::new("household/run");
    command.current_dir(&*sample).arg("programs").stdout(Stdio::null());
    let mut run = host.spawn(&mut command);
    assert_eq!(receiver.next().text("source"), "procfs");
    let pid = Pid::from_raw(i32::try_from(run.id()).expect("a process"));
    kill(pid, Signal::SIGTERM).expect("a running script");
    until("the end of both", || run.try_wait().expect("a child of ours"));
}
