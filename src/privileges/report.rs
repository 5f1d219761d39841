//! What became of the privileges, in words: for `check` and for the log.

use std::path::{Path, PathBuf};

use rustix::thread::CapabilitySet;

use super::{Privileges, TO_SEE_PROCESSES};
use crate::files::FileError;

/// How many files are named; the rest is counted.
const NAMED_AT_MOST: usize = 3;

impl Privileges {
    /// Who the program is.
    pub fn identity(&self) -> String {
        let (uid, gid) = (self.identity.uid, self.identity.gid);
        let others = match self.identity.groups.as_slice() {
            [] => "no other group".to_owned(),
            groups => format!("groups {}", groups.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")),
        };
        let why = match (self.was_root, uid) {
            (true, 0) => format!("started as root and staying so: user = {}", self.user),
            (true, _) => format!("started as root: user = {}", self.user),
            (false, _) => "as it was started: user is for a start as root".to_owned(),
        };
        let table =
            if self.identity.is_in_group_0() { "group 0 may read the table" } else { "not in group 0" };
        format!("uid {uid}, gid {gid}, {others} ({why}; {table})")
    }

    /// Each capability that was kept, and what for.
    pub fn capabilities(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.kept.contains(CapabilitySet::NET_ADMIN) {
            lines.push("CAP_NET_ADMIN: the configuration lets the table be read by netlink".to_owned());
        }
        if self.sees_processes() {
            lines.push(
                "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: system.processes = true tells which process listens"
                    .to_owned(),
            );
        }
        if self.kept.contains(CapabilitySet::DAC_READ_SEARCH) && !self.closed.is_empty() {
            lines.push(format!("CAP_DAC_READ_SEARCH: can't be opened without it: {}", names(&self.closed)));
        }
        if lines.is_empty() {
            lines.push("no capabilities".to_owned());
        }
        if !self.bounding_set_is_empty {
            lines.push("the bounding set stays as it is: emptying it takes CAP_SETPCAP".to_owned());
        }
        lines
    }

    /// Whether the descriptors of other users' processes can be seen.
    pub fn sees_processes(&self) -> bool {
        self.processes && self.kept.contains(TO_SEE_PROCESSES)
    }

    /// Whether there was this capability at the start.
    fn had(&self, capability: CapabilitySet) -> bool {
        (self.kept | self.given_up).contains(capability)
    }

    /// What is missing, each with what it costs and how to get it.
    pub fn missing(&self) -> Vec<String> {
        let remedy = |capability: &str| {
            if self.was_root {
                return format!("root lacks {capability} here (in a container?): give it that");
            }
            format!("start it as root, or give it {capability} (systemd: AmbientCapabilities={capability})")
        };
        let mut lines = Vec::new();
        if self.netlink && !self.kept.contains(CapabilitySet::NET_ADMIN) {
            let remedy = remedy("CAP_NET_ADMIN");
            lines.push(format!("CAP_NET_ADMIN is missing, so the table can't be read by netlink: {remedy}"));
        }
        if self.processes && !self.sees_processes() {
            let lacking = [
                (CapabilitySet::SYS_PTRACE, "CAP_SYS_PTRACE"),
                (CapabilitySet::DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"),
            ]
            .into_iter()
            .filter(|(capability, _)| !self.had(*capability))
            .map(|(_, name)| name)
            .collect::<Vec<_>>();
            let (verb, remedy) = (if lacking.len() == 1 { "is" } else { "are" }, remedy(&lacking.join(" ")));
            let lacking = lacking.join(" and ");
            lines.push(format!(
                "{lacking} {verb} missing, so listening_port doesn't tell which process of somebody else's listens, in spite of \
                 system.processes = true: {remedy}"
            ));
        }
        // Of the table, whoever opens it tells.
        let files: Vec<_> =
            self.closed.iter().filter(|path| Some(*path) != self.table.as_ref()).cloned().collect();
        if !files.is_empty() && !self.kept.contains(CapabilitySet::DAC_READ_SEARCH) {
            let (files, remedy) = (names(&files), remedy("CAP_DAC_READ_SEARCH"));
            lines.push(format!(
                "no permission to read {files}: let group 0 or everybody read it; or: {remedy}"
            ));
        }
        if !self.untrusted.is_empty() {
            lines.push(format!(
                "no permission to read {}: {}; let group 0 or everybody read it, or start the program as its owner",
                names(&self.untrusted),
                FileError::NotRoots
            ));
        }
        lines
    }
}

/// The first of several files.
fn names(paths: &[PathBuf]) -> String {
    let shown: Vec<_> =
        paths.iter().take(NAMED_AT_MOST).map(|path| Path::display(path).to_string()).collect();
    let rest = paths.len().saturating_sub(NAMED_AT_MOST);
    let shown = shown.join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}
