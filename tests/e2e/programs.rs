//! The programs that tools/servers has built, and the files that are handed out.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait::until;

/// A program that tools/servers has built.
pub(crate) fn program(name: &str) -> PathBuf {
    let directory = env::var_os("CONNTRACK_EXPORTER_SERVERS");
    let directory = directory.expect("CONNTRACK_EXPORTER_SERVERS: the directory that tools/servers prints");
    Path::new(&directory).join(name)
}

/// A file of this repository.
pub(crate) fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Ends a process by a signal and waits for it.
pub(crate) fn end(child: &mut Option<Child>, signal: Signal) {
    let Some(mut child) = child.take() else { return };
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX)), signal).expect("a running process");
    until("the end of a server", || child.try_wait().expect("a child of ours"));
}
