//! Without a command: the daemon.

use std::io;
use std::os::fd::AsFd;

use tokio::runtime::{Builder, Runtime};

use super::error::{CommandError, Exit};
use super::{GlobalArgs, privileges};
use crate::daemon::clock::SystemClock;
use crate::daemon::{Daemon, Parts, Signals};
use crate::logging::{self, Streams};
use crate::outputs::Outputs;
use crate::root::Root;

/// Descriptors that it can't do without, besides the three of every process: six of the runtime's (two for epoll, one to
/// wake it, three for signals), the socket to Telegraf, and two for a file that is opened: its directory is, too, while it
/// is looked for. Where a directory stands for `/`, that is one more.
const DESCRIPTORS: usize = 9;

/// Its options.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// The daemon writes its lines to standard output
    /// instead of sending them, as Telegraf's execd input
    /// wants them
    #[arg(long, verbatim_doc_comment)]
    pub(super) stdout: bool,
}

/// Runs until a signal ends it, or standard output is closed.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (config, privileges) = global.prepare()?;
    let streams = if args.stdout { Streams::ForTelegraf } else { Streams::Both };
    let (level, log) = logging::start_queued(config.log.level, streams);
    privileges::announce(&privileges);
    let (root, config_file) = (global.root(), global.config_file());
    runtime(&root).map_err(CommandError::Start)?.block_on(async {
        let signals = Signals::new()?;
        let outputs = if args.stdout { Outputs::stdout() } else { Outputs::new(&config, &root) };
        let mut daemon = Daemon::new(Parts {
            config,
            config_file: config_file.clone(),
            root: root.clone(),
            outputs,
            log,
            clock: Box::new(SystemClock::new(&root)),
            set_log_level: Box::new(move |new| level.set(new)),
            restart_needed: Box::new(move |config| {
                privileges.restart_needed(&privileges::need(config, &config_file, &root))
            }),
        })?;
        daemon.run(signals).await.map_err(CommandError::from)
    })?;
    Ok(Exit::Success)
}

/// A runtime with sockets and signals. Tokio panics where it can't have the descriptors for signals, so it is tried before
/// whether there are enough; nobody else takes any in the meantime.
pub(super) fn runtime(root: &Root) -> io::Result<Runtime> {
    let descriptors = DESCRIPTORS + usize::from(!root.is_live());
    let tried: io::Result<Vec<_>> =
        (0..descriptors).map(|_| io::stderr().as_fd().try_clone_to_owned()).collect();
    drop(tried?);
    Builder::new_current_thread().enable_all().build()
}
