//! How a command ends.

use std::io;
use std::process::ExitCode;

use thiserror::Error;

use super::audit::AuditError;
use super::flows::CaptureFilterError;
use crate::capture::TargetError;
use crate::config::ConfigError;
use crate::conntrack::TableError;
use crate::daemon::DaemonError;
use crate::flow_list::filter::FilterError;
use crate::privileges::PrivilegeError;
use crate::proc_net::ProcNetError;
use crate::root::recording::RecordingError;

/// The exit codes, which are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is well.
    Success = 0,
    /// The table or the sockets can't be read, a capture isn't complete, or snapshots are missing in a bucket.
    Failure = 1,
    /// `EX_USAGE` of sysexits.h: bad arguments.
    Usage = 64,
    /// `EX_UNAVAILABLE` of sysexits.h: a server can't be asked.
    Unavailable = 69,
    /// `EX_IOERR` of sysexits.h: what was asked for can't be written.
    Unwritable = 74,
    /// `EX_CONFIG` of sysexits.h: the configuration is at fault, starting again would not help.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command can't go on.
#[derive(Debug, Error)]
pub(super) enum CommandError {
    /// The arguments make no sense. Clap's text has what would, and how to find out.
    #[error("{}", rendered(.0))]
    Arguments(#[from] clap::Error),
    /// The configuration can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Privileges can't be given up as the configuration wants it.
    #[error(transparent)]
    Privileges(#[from] PrivilegeError),
    /// The kernel's table can't be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The router's own sockets can't be read.
    #[error(transparent)]
    Sockets(#[from] ProcNetError),
    /// A capture can't be written there.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A recording can't be replayed.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// What is to be shown can't be understood.
    #[error("the filter: {0}")]
    Filter(#[from] FilterError),
    /// A bucket can't be read back.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// There is no filter for tcpdump that captures just what was asked for.
    #[error(transparent)]
    Capture(#[from] CaptureFilterError),
    /// What was found can't be put as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// What was found can't be put as CSV.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// There is nowhere to draw.
    #[cfg(feature = "terminal")]
    #[error(
        "top draws on a terminal, and standard output is none: flows prints connections, devices prints devices"
    )]
    NoTerminal,
    /// The daemon has too few descriptors (`RLIMIT_NOFILE`), most likely.
    #[error("the daemon can't start: {0}")]
    Start(#[source] io::Error),
    /// Standard output can't be written.
    #[error("writing to standard output: {0}")]
    Output(#[source] io::Error),
    /// The daemon had to end.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// A clock or the runtime.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CommandError {
    /// The exit code that tells of it.
    pub(super) fn exit(&self) -> Exit {
        match self {
            #[cfg(feature = "terminal")]
            Self::NoTerminal => Exit::Usage,
            Self::Arguments(_) | Self::Filter(_) | Self::Capture(_) => Exit::Usage,
            Self::Config(_) | Self::Privileges(_) => Exit::Config,
            Self::Output(_) | Self::Daemon(DaemonError::Output(_)) => Exit::Unwritable,
            Self::Audit(AuditError::Empty { .. }) => Exit::Failure,
            Self::Audit(_) => Exit::Unavailable,
            Self::Target(TargetError::Failed { source, .. }) if is_full(source) => Exit::Unwritable,
            Self::Table(_)
            | Self::Sockets(_)
            | Self::Target(_)
            | Self::Recording(_)
            | Self::Json(_)
            | Self::Csv(_)
            | Self::Start(_)
            | Self::Daemon(DaemonError::Io(_))
            | Self::Io(_) => Exit::Failure,
        }
    }
}

/// Whether there is no room to write: on the disk, within a quota (`EDQUOT`), or in a file of the largest size, of which
/// nobody hears unless `SIGXFSZ` is blocked.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Clap's text, without the word that it begins with and the line that it ends with: whoever prints has its own.
fn rendered(error: &clap::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
}
