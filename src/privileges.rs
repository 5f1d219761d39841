//! Least privilege: what the program gives up before it reads anything but its configuration.
//!
//! Started as root it becomes an ordinary user in group 0, which opens the table, and keeps at most three capabilities:
//! - `CAP_NET_ADMIN`, if the configuration lets the kernel be asked for the table by netlink;
//! - `CAP_DAC_READ_SEARCH`, if a file that it reads is there and can't be opened without it. That is found by trying,
//!   as that user. A file that isn't there needs none, unless its directory can't be looked into. It must be root's, and
//!   nobody else may choose what is there: see docs/privileges.md;
//! - `CAP_SYS_PTRACE`, and with it `CAP_DAC_READ_SEARCH`, if the configuration wants to know which process listens. Neither
//!   shows anything without the other, so both are kept or none.
//!
//! Started as anybody else it stays who it is, and keeps of these what it has and needs.
//!
//! Whatever `CAP_DAC_READ_SEARCH` is kept for, it opens no file that somebody else than root chose: that is decided anew at
//! every file (`files`).

mod error;
mod kernel;
mod passwd;
mod report;

use std::io;
use std::path::{Path, PathBuf};

use rustix::thread::CapabilitySet;

use crate::config::User;
use crate::root::Root;
use kernel::Identity;

pub use error::{PrivilegeError, RestartNeededError};

/// To list the descriptors of others (`proc_pid_readdir()` asks for permission to the directory), and to see what they are
/// (`proc_pid_readlink()` asks as ptrace(2) does).
const TO_SEE_PROCESSES: CapabilitySet = CapabilitySet::SYS_PTRACE.union(CapabilitySet::DAC_READ_SEARCH);

/// What the configuration makes necessary.
#[derive(Clone, Debug)]
pub struct Need {
    /// Whom to become.
    pub user: User,
    /// Whether that is another router's user, whom this machine need not know: nobody is as good.
    pub replayed: bool,
    /// Whether the kernel may be asked for the table by netlink.
    pub netlink: bool,
    /// Whether it is told which process listens.
    pub processes: bool,
    /// The table's file, if it is the kernel's own: it appears with its module.
    pub table: Option<PathBuf>,
    /// Every file that is read, there or not: whose it is, and its path there.
    pub files: Vec<(Root, PathBuf)>,
}

/// What the program has kept and what not.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own: any may go with any")]
pub struct Privileges {
    user: User,
    was_root: bool,
    identity: Identity,
    kept: CapabilitySet,
    given_up: CapabilitySet,
    netlink: bool,
    processes: bool,
    table: Option<PathBuf>,
    /// What can't be opened without `CAP_DAC_READ_SEARCH`.
    closed: Vec<PathBuf>,
    /// What can't either, and isn't with it: somebody else than root chooses what is there.
    untrusted: Vec<PathBuf>,
    bounding_set_is_empty: bool,
}

impl Privileges {
    /// Gives up all but what is needed. To be called before there is a second thread.
    pub fn reduce(need: &Need) -> Result<Self, PrivilegeError> {
        let was_root = Identity::current()?.uid == 0;
        let before = kernel::permitted()?;
        let bounding_set_is_empty = kernel::empty_bounding_set()?;
        if was_root {
            become_user(need)?;
        }
        let wanted = need.wanted(before);
        // Without any in effect, an attempt to open a file tells whether it takes one.
        let reads_all = before & CapabilitySet::DAC_READ_SEARCH;
        kernel::hold(before & wanted | reads_all, CapabilitySet::empty())?;
        let identity = Identity::current()?;
        let closed = closed_files(need, &identity);
        // With it, every file can be looked at.
        kernel::hold(before & wanted | reads_all, reads_all)?;
        let (closed, untrusted): (Vec<_>, Vec<_>) = closed.into_iter().partition(is_roots);
        let [closed, untrusted]: [Vec<_>; 2] =
            [closed, untrusted].map(|files| files.iter().map(on_this_machine).collect());
        let wanted = if closed.is_empty() { wanted } else { wanted | CapabilitySet::DAC_READ_SEARCH };
        let kept = before & wanted;
        kernel::hold(kept, kept)?;
        kernel::gain_nothing()?;
        Ok(Self {
            user: need.user.clone(),
            was_root,
            identity,
            kept,
            given_up: before - kept,
            netlink: need.netlink,
            processes: need.processes,
            table: need.table.clone(),
            closed,
            untrusted,
            bounding_set_is_empty,
        })
    }

    /// What another configuration would need that was given up.
    pub fn restart_needed(&self, need: &Need) -> Option<RestartNeededError> {
        if self.was_root && need.user != self.user {
            return Some(RestartNeededError::User { running: self.user.clone(), wanted: need.user.clone() });
        }
        if need.netlink && self.given_up.contains(CapabilitySet::NET_ADMIN) {
            return Some(RestartNeededError::NetAdmin);
        }
        if need.processes && !(self.given_up & TO_SEE_PROCESSES).is_empty() {
            // What it never had, a restart doesn't give.
            let had = self.kept | self.given_up;
            if had.contains(TO_SEE_PROCESSES) {
                return Some(RestartNeededError::Processes);
            }
        }
        if !self.given_up.contains(CapabilitySet::DAC_READ_SEARCH) {
            return None;
        }
        let mut worth_it = need.files.iter().filter(|file| is_denied(file) && is_roots(file));
        worth_it.next().map(|file| RestartNeededError::File(on_this_machine(file)))
    }
}

impl Need {
    /// What is to be kept of what there is, whatever the files are like.
    fn wanted(&self, there: CapabilitySet) -> CapabilitySet {
        let netlink = if self.netlink { CapabilitySet::NET_ADMIN } else { CapabilitySet::empty() };
        let sees_processes = self.processes && there.contains(TO_SEE_PROCESSES);
        netlink | if sees_processes { TO_SEE_PROCESSES } else { CapabilitySet::empty() }
    }
}

/// Becomes the user, in group 0 and no other.
fn become_user(Need { user, replayed, .. }: &Need) -> Result<(), PrivilegeError> {
    let known = passwd::uid(user, Path::new(passwd::PASSWD)).map_err(PrivilegeError::Passwd)?;
    let stand_in = replayed.then_some(passwd::NOBODY);
    let uid = known.or(stand_in).ok_or_else(|| PrivilegeError::UnknownUser(user.clone()))?;
    let not_allowed = |source: io::Error| PrivilegeError::NotAllowed { user: user.clone(), uid, source };
    match kernel::become_group_0() {
        // Who wants to stay root may be where groups can't be left, such as a container.
        Err(_) if uid == 0 => {}
        outcome => outcome.map_err(not_allowed)?,
    }
    kernel::become_user(uid).map_err(not_allowed)
}

/// Which of the files can't be opened as things stand.
fn closed_files(need: &Need, identity: &Identity) -> Vec<(Root, PathBuf)> {
    let still_absent = |table: &PathBuf| !table.exists() && !identity.is_in_group_0();
    let table = need.table.iter().map(|table| (Root::live(), table.clone()));
    let table = table.filter(|file| still_absent(&file.1) || is_denied(file));
    table.chain(need.files.iter().filter(|file| is_denied(file)).cloned()).collect()
}

fn is_denied((root, path): &(Root, PathBuf)) -> bool {
    root.is_denied(path)
}

fn is_roots((root, path): &(Root, PathBuf)) -> bool {
    root.is_roots(path)
}

fn on_this_machine((root, path): &(Root, PathBuf)) -> PathBuf {
    root.path(path)
}

#[cfg(test)]
mod tests;
