//! What became of the privileges, in words: for `check`, for the log, and where it ends.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::thread::CapabilitySet;

use super::Privileges;
use super::passwd::PASSWD;
use crate::config::User;

/// How many files are named; the rest is counted.
const NAMED_AT_MOST: usize = 3;

/// Privileges that could not be given up.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such user.
    UnknownUser(User),
    /// Users can't be looked up.
    Passwd(io::Error),
    /// The kernel doesn't let the program become that user.
    Refused {
        /// Who was wanted.
        user: User,
        /// The user's number.
        uid: u32,
        /// What the kernel answered.
        source: io::Error,
    },
    /// The kernel doesn't let capabilities be given up.
    Capabilities(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Capabilities(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownUser(user) => write!(
                f,
                "user = {user}: {PASSWD} knows no such user: name one that is there, or a number such as \"65534\""
            ),
            Self::Passwd(error) => write!(f, "users can't be looked up, {PASSWD}: {error}"),
            Self::Refused { user, uid, source } => write!(
                f,
                "started as root, but not allowed to become user {user} (uid {uid}, group 0): {source}; start it as \
                 that user, or with CAP_SETUID and CAP_SETGID, or set user = \"root\": it then stays root without \
                 root's capabilities"
            ),
            Self::Capabilities(error) => write!(f, "capabilities can't be given up: {error}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What a new configuration needs and was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// To be another user.
    User {
        /// Who the program runs as.
        running: User,
        /// Who is wanted.
        wanted: User,
    },
    /// `CAP_NET_ADMIN`.
    NetAdmin,
    /// `CAP_DAC_READ_SEARCH`, for this file.
    File(PathBuf),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { running, wanted } => {
                write!(f, "restart needed: user = {wanted}, and it runs as user {running}")
            }
            Self::NetAdmin => write!(f, "restart needed: netlink takes CAP_NET_ADMIN, which was given up"),
            Self::File(path) => write!(
                f,
                "restart needed: {} can't be opened without CAP_DAC_READ_SEARCH, which was given up",
                path.display()
            ),
        }
    }
}

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
        let mut told = Vec::new();
        if self.kept.contains(CapabilitySet::NET_ADMIN) {
            told.push("CAP_NET_ADMIN: the configuration lets the table be read by netlink".to_owned());
        }
        if self.kept.contains(CapabilitySet::DAC_READ_SEARCH) {
            told.push(format!("CAP_DAC_READ_SEARCH: can't be opened without it: {}", names(&self.closed)));
        }
        if told.is_empty() {
            told.push("no capabilities".to_owned());
        }
        if !self.bounding_set_is_empty {
            told.push("the bounding set stays as it is: emptying it takes CAP_SETPCAP".to_owned());
        }
        told
    }

    /// What is missing, each with what it costs and how to get it.
    pub fn missing(&self) -> Vec<String> {
        let remedy = |capability: &str| {
            if self.was_root {
                return format!("root lacks {capability} here (in a container?): give it that");
            }
            format!("start it as root, or give it {capability} (systemd: AmbientCapabilities={capability})")
        };
        let mut told = Vec::new();
        if self.netlink && !self.kept.contains(CapabilitySet::NET_ADMIN) {
            let remedy = remedy("CAP_NET_ADMIN");
            told.push(format!("CAP_NET_ADMIN is missing, so the table can't be read by netlink: {remedy}"));
        }
        // Of the table, whoever opens it tells.
        let files: Vec<_> =
            self.closed.iter().filter(|path| Some(*path) != self.table.as_ref()).cloned().collect();
        if !files.is_empty() && !self.kept.contains(CapabilitySet::DAC_READ_SEARCH) {
            let (files, remedy) = (names(&files), remedy("CAP_DAC_READ_SEARCH"));
            told.push(format!(
                "no permission to read {files}: let group 0 or everybody read it; or: {remedy}"
            ));
        }
        told
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
