//! What the kernel is told and asked: groups, user, capabilities. All of it holds for the calling thread and those that
//! it starts, so it belongs before the first of them.

use std::io;

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getgroups, setgroups, setresgid, setresuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs,
};

/// Becomes group 0, and a member of no other.
pub(super) fn become_group_0() -> io::Result<()> {
    setresgid(Gid::from_raw(0), Gid::from_raw(0), Gid::from_raw(0))?;
    match setgroups(&[]) {
        // Not allowed, and there is nothing to leave.
        Err(Errno::EPERM) if getgroups()?.iter().all(|group| group.as_raw() == 0) => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// Becomes a user; what is permitted stays so, and nothing is in effect unless the user is root.
pub(super) fn become_user(uid: u32) -> io::Result<()> {
    let uid = Uid::from_raw(uid);
    set_keep_capabilities(true)?;
    setresuid(uid, uid, uid)?;
    Ok(set_keep_capabilities(false)?)
}

/// No program that is executed from here on can have a capability. Gives whether that could be done: it takes
/// `CAP_SETPCAP`.
pub(super) fn empty_bounding_set() -> io::Result<bool> {
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        match capability_is_in_bounding_set(capability) {
            Ok(false) => {}
            Ok(true) => match remove_capability_from_bounding_set(capability) {
                Err(rustix::io::Errno::PERM) => return Ok(false),
                outcome => outcome?,
            },
            // The kernel knows no capability beyond.
            Err(rustix::io::Errno::INVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// What is permitted.
pub(super) fn permitted() -> io::Result<CapabilitySet> {
    Ok(capabilities(None)?.permitted)
}

/// Gives up all capabilities but those `permitted`, of which those in `effective` are in effect. None is handed on.
pub(super) fn hold(permitted: CapabilitySet, effective: CapabilitySet) -> io::Result<()> {
    let sets = CapabilitySets { effective, permitted, inheritable: CapabilitySet::empty() };
    // Where there is nothing to give up, a filter of system calls may well refuse to.
    if capabilities(None)? != sets {
        set_capabilities(None, sets)?;
    }
    match clear_ambient_capability_set() {
        // Before Linux 4.3 there is no such set.
        Err(rustix::io::Errno::INVAL) => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// Nothing that is executed from here on can gain what this process lacks.
pub(super) fn gain_nothing() -> io::Result<()> {
    Ok(set_no_new_privs(true)?)
}

/// Who the process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The other groups.
    pub(super) groups: Vec<u32>,
}

impl Identity {
    /// Who it is now.
    pub(super) fn current() -> io::Result<Self> {
        let gid = Gid::effective().as_raw();
        let groups = getgroups()?.into_iter().map(Gid::as_raw).filter(|group| *group != gid).collect();
        Ok(Self { uid: Uid::effective().as_raw(), gid, groups })
    }

    /// Whether group 0's files are open to it, and so the table.
    pub(super) fn is_in_group_0(&self) -> bool {
        self.gid == 0 || self.groups.contains(&0)
    }
}
