//! What goes wrong with privileges, each with what to do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::passwd::PASSWD;
use crate::config::User;

/// Privileges that could not be given up.
#[derive(Debug, Error)]
pub enum PrivilegeError {
    /// There is no such user.
    #[error("user = {0}: {PASSWD} knows no such user: name one that is there, or a number such as \"65534\"")]
    UnknownUser(User),
    /// Users can't be looked up.
    #[error("users can't be looked up, {PASSWD}: {0}")]
    Passwd(#[source] io::Error),
    /// The kernel doesn't let the program become that user.
    #[error(
        "started as root, but not allowed to become user {user} (uid {uid}, group 0): {source}; start it as \
         that user, or with CAP_SETUID and CAP_SETGID, or set user = \"root\": it then stays root without \
         root's capabilities"
    )]
    NotAllowed {
        /// Who was wanted.
        user: User,
        /// The user's number.
        uid: u32,
        /// What the kernel answered.
        source: io::Error,
    },
    /// The kernel doesn't let capabilities be given up.
    #[error("capabilities can't be given up: {0}")]
    Capabilities(#[from] io::Error),
}

/// What a new configuration needs and was given up at the start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestartNeededError {
    /// To be another user.
    #[error("restart needed: user = {wanted}, and it runs as user {running}")]
    User {
        /// Who the program runs as.
        running: User,
        /// Who is wanted.
        wanted: User,
    },
    /// `CAP_NET_ADMIN`.
    #[error("restart needed: netlink takes CAP_NET_ADMIN, which was given up")]
    NetAdmin,
    /// `CAP_SYS_PTRACE` and `CAP_DAC_READ_SEARCH`, to see who listens.
    #[error(
        "restart needed: system.processes takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, which were given up"
    )]
    Processes,
    /// `CAP_DAC_READ_SEARCH`, for this file.
    #[error("restart needed: {} can't be opened without CAP_DAC_READ_SEARCH, which was given up", .0.display())]
    File(PathBuf),
}
