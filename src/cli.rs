//! Commands and options. Each command has a file, with its options beside what it does.

mod audit;
mod capture;
mod check;
mod daemon;
mod devices;
mod error;
mod estimate;
mod flows;
mod global;
mod once;
mod paragraph;
mod path;
mod privileges;
mod progress;
mod record;
mod replay;
mod sockets;
mod suggestion;
#[cfg(feature = "terminal")]
mod top;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::mem::take;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use nix::sys::signal::{SigSet, Signal};
use tokio::runtime::{Builder, Runtime};

use crate::daemon::clock;
use crate::logging::panics::set_panic_hook;
use crate::nonblocking_write::write_or_give_up;
use error::{CommandError, Exit};
use global::GlobalArgs;
use suggestion::suggest_an_option;

const ABOUT: &str = "\
Counts a router's connections per device, protocol and state, and sends them
to Telegraf as InfluxDB line protocol.

Without a command it is the daemon: a snapshot at every interval, sent by UDP.";

const AFTER_HELP: &str = "\
Started as root, it becomes the user that the configuration names, and keeps
only what it needs: check tells what. capture and record stay who started them.

Signals:
  SIGHUP reads the configuration again; a bad one is refused and the running
  one kept. SIGUSR1 has the flight recorder written, if [recorder] says where.
  SIGTERM and SIGINT stop the daemon.

Exit codes:
  0 all is well    1 the table or the sockets can't be read, a capture or a
  recording isn't complete, or audit has found that something is missing
  64 bad arguments    69 audit can't ask the server
  74 what was asked for can't be written: a full disk?
  78 the configuration can't be used";

/// What the user wants done.
#[derive(Debug, PartialEq, Eq, Parser)]
#[command(name = "conntrack-exporter", about = ABOUT, after_help = AFTER_HELP)]
#[command(version, propagate_version = true, disable_version_flag = true, disable_help_flag = true)]
#[command(bin_name = "conntrack-exporter", no_binary_name = true)]
#[command(args_override_self = true, flatten_help = true)]
struct Cli {
    #[command(flatten)]
    daemon: daemon::Args,
    #[command(flatten)]
    global: GlobalArgs,
    #[command(flatten)]
    ahead: FlagsAhead,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What isn't the daemon.
#[derive(Debug, PartialEq, Eq, Subcommand)]
enum Command {
    /// One snapshot on standard output: as line protocol, JSON, CSV, or as Prometheus
    /// reads it
    #[command(verbatim_doc_comment)]
    Once(once::Args),
    /// Every known device: its name and who gave it, which names that one overruled,
    /// its MACs and addresses, its entries now
    #[command(verbatim_doc_comment)]
    Devices(devices::Args),
    /// Single connections: whose they are, where to and what for, what they have
    /// moved; as a table, JSON or CSV, or as a filter for tcpdump
    #[command(verbatim_doc_comment)]
    Flows(flows::Args),
    /// How much this configuration would send and have stored here, measurement by
    /// measurement, and which keys lower it
    #[command(verbatim_doc_comment)]
    Estimate(estimate::Args),
    /// What the program finds here: configuration, table, counters of bytes,
    /// LAN, names, Telegraf, clock; what is missing, and what that costs
    #[command(verbatim_doc_comment)]
    Check(check::Args),
    /// Everything that the program reads here, written to a directory, which --root
    /// replays on any machine
    #[command(verbatim_doc_comment)]
    Capture(capture::Args),
    /// The same again and again, for a while: a recording, which replay runs through
    /// the program
    #[command(verbatim_doc_comment)]
    Record(record::Args),
    /// What the daemon would have sent of a recording, or of a capture, as line
    /// protocol on standard output
    #[command(verbatim_doc_comment)]
    Replay(replay::Args),
    /// The router's own sockets and how they fare, as ss -tinopm shows them: its
    /// connections, or with --listening the ports that are open
    #[command(verbatim_doc_comment)]
    Sockets(sockets::Args),
    /// A bucket of InfluxDB read back: how many snapshots and rows are missing in it,
    /// by router and day
    #[command(verbatim_doc_comment, after_help = audit::AFTER_HELP)]
    Audit(audit::Args),
    /// Devices and their connections on the terminal, live; or a recording, with the
    /// keys through time
    #[cfg(feature = "terminal")]
    #[command(verbatim_doc_comment)]
    Top(top::Args),
}

/// Options of one command, which may stand before it too.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
struct FlagsAhead {
    #[arg(long, hide = true)]
    json: bool,
    #[arg(long, hide = true)]
    config_only: bool,
    #[arg(long, hide = true)]
    anonymise: bool,
}

/// All commands and options, for whoever makes a man page of them, or completes them.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the arguments, without the program's name, ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    set_panic_hook();
    block_size_signal();
    let outcome = match Cli::parse_from_arguments(arguments) {
        Ok(cli) => cli.run(),
        Err(error) => help_or_refuse(error),
    };
    outcome
        .unwrap_or_else(|error| {
            print_error(&error);
            error.exit()
        })
        .into()
}

impl Cli {
    fn parse_from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(arguments).map_err(suggest_an_option)?;
        cli.hand_flags_on()?;
        Ok(cli)
    }

    /// Gives the command those of the options ahead of it that are its own; others are refused.
    fn hand_flags_on(&mut self) -> Result<(), clap::Error> {
        match &mut self.command {
            None | Some(Command::Once(_) | Command::Replay(_) | Command::Flows(_)) => {}
            #[cfg(feature = "terminal")]
            Some(Command::Top(_)) => {}
            Some(Command::Devices(args)) => args.json |= take(&mut self.ahead.json),
            Some(Command::Sockets(args)) => args.json |= take(&mut self.ahead.json),
            Some(Command::Estimate(args)) => args.json |= take(&mut self.ahead.json),
            Some(Command::Audit(args)) => args.json |= take(&mut self.ahead.json),
            Some(Command::Check(args)) => args.config_only |= take(&mut self.ahead.config_only),
            Some(Command::Capture(args)) => args.anonymise |= take(&mut self.ahead.anonymise),
            Some(Command::Record(args)) => args.anonymise |= take(&mut self.ahead.anonymise),
        }
        let left = [
            ("--stdout", self.daemon.stdout && self.command.is_some()),
            ("--json", self.ahead.json),
            ("--config-only", self.ahead.config_only),
            ("--anonymise", self.ahead.anonymise),
        ];
        match left.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) => {
                let text = format!("{flag} is an option of another command");
                Err(Self::command().error(ErrorKind::UnknownArgument, text))
            }
            None => Ok(()),
        }
    }

    fn run(&self) -> Result<Exit, CommandError> {
        match &self.command {
            None => daemon::run(&self.global, &self.daemon),
            Some(Command::Once(args)) => once::run(&self.global, *args),
            Some(Command::Devices(args)) => devices::run(&self.global, args),
            Some(Command::Flows(args)) => flows::run(&self.global, args),
            Some(Command::Estimate(args)) => estimate::run(&self.global, args),
            Some(Command::Check(args)) => check::run(&self.global, args),
            Some(Command::Capture(args)) => capture::run(&self.global, args),
            Some(Command::Record(args)) => record::run(&self.global, args),
            Some(Command::Replay(args)) => replay::run(&self.global, args),
            Some(Command::Sockets(args)) => sockets::run(&self.global, args),
            Some(Command::Audit(args)) => audit::run(&self.global, args),
            #[cfg(feature = "terminal")]
            Some(Command::Top(args)) => top::run(&self.global, args),
        }
    }
}

/// Has a write beyond the largest size of a file (`RLIMIT_FSIZE`) fail, as on a full disk, instead of ending the process
/// before it can say so (`generic_write_checks`). Threads that are made later inherit it.
fn block_size_signal() {
    // Fails only for what is no signal.
    let _ = SigSet::from(Signal::SIGXFSZ).thread_block();
}

/// Clap hands out help and version as errors.
fn help_or_refuse(error: clap::Error) -> Result<Exit, CommandError> {
    match error.kind() {
        ErrorKind::DisplayHelp => print(error.to_string().as_bytes())?,
        ErrorKind::DisplayVersion => print(version().as_bytes())?,
        _ => return Err(error.into()),
    }
    Ok(Exit::Success)
}

fn version() -> String {
    let built = clock::build_date().map(|date| std::time::UNIX_EPOCH + date);
    let built = built.map(|date| format!(" ({})", humantime::format_rfc3339_seconds(date)));
    format!("conntrack-exporter {}{}\n", env!("CARGO_PKG_VERSION"), built.unwrap_or_default())
}

/// What a command needs that ends by itself: no signals, no sockets, and so no descriptors.
fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

/// What a command needs that asks a server.
fn runtime_with_sockets() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().enable_io().build()
}

/// Writes to standard output. Whoever closes the pipe has read enough.
fn print(text: &[u8]) -> Result<(), CommandError> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::Output(error)),
        _ => Ok(()),
    }
}

/// Says what is wrong. Where nobody hears it, within a second, the exit code still tells.
fn print_error(what: &dyn Display) {
    write_or_give_up(io::stderr(), format!("conntrack-exporter: {what}\n").as_bytes());
}

#[cfg(test)]
mod tests;
