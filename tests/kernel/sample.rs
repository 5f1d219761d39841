//! The sample household, wherever the checkout lies.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::connections::at;
use crate::exporter::PROGRAM;
use crate::namespace::Namespace;
use crate::snapshot::Receiver;
use crate::wait::until;

/// Whose home the checkout lies in.
const SOMEBODY: u32 = 4242;

/// A directory with a copy of the household; gone when dropped. Root's power is not used in a checkout, which may be behind
/// somebody's closed directory.
pub(crate) struct Sample(PathBuf);

impl Sample {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("conntrack-exporter-{}-{test}-sample", std::process::id());
        let sample = Self(std::env::temp_dir().join(name));
        fs::create_dir(&sample.0).expect("a directory of the test's own");
        let household = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/household");
        let status = Command::new("cp").arg("-R").arg(household).arg(sample.household()).status();
        assert!(status.is_ok_and(|status| status.success()), "a copy");
        sample
    }

    fn household(&self) -> PathBuf {
        self.0.join("household")
    }

    /// The directory that stands for a router's `/`.
    pub(crate) fn root(&self) -> PathBuf {
        self.household().join("root")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.household().join("conntrack-exporter.toml")
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn it_can_be_played_by_root_below_somebodys_closed_directory() {
    let host = Namespace::new("played", "host");
    let sample = Sample::new("played");
    chown(&sample.0, Some(SOMEBODY), Some(SOMEBODY)).expect("root may give it away");
    fs::set_permissions(&sample.0, Permissions::from_mode(0o700)).expect("a directory of ours");
    // The program itself, and for the receiver something that stays: this test is the one who receives.
    let programs = sample.0.join("programs");
    fs::create_dir_all(programs.join("examples")).expect("a directory");
    symlink(PROGRAM, programs.join("conntrack-exporter")).expect("a link");
    let launcher = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/launcher");
    symlink(launcher, programs.join("examples/receiver")).expect("a link");
    fs::write(programs.join("examples/receiver.script"), "exec sleep 600\n").expect("a file");

    let receiver = Receiver::new(&host, at("127.0.0.1", 8094));
    // From another directory, and the programs by a path from there.
    let mut command = Command::new("household/run");
    command.current_dir(&sample.0).arg("programs").stdout(Stdio::null());
    let mut run = host.spawn(&mut command);
    assert_eq!(receiver.next().text("source"), "procfs");
    let pid = Pid::from_raw(i32::try_from(run.id()).expect("a process"));
    kill(pid, Signal::SIGTERM).expect("a running script");
    until("the end of both", || run.try_wait().expect("a child of ours"));
}
