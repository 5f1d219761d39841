//! Commands and flags.

pub mod capture;
pub mod check;
pub mod devices;
mod privileges;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::{Long, Short, Value};
use nix::unistd::Uid;
use tokio::runtime::{Builder, Runtime};

use crate::collector::Collector;
use crate::config::{Config, DEFAULT_PATH};
use crate::daemon::clock::{self, Evidence, Verdict};
use crate::daemon::schedule::{Now, latest};
use crate::daemon::{ConfigFile, Daemon, Output, Parts, ReadEvidence, Signals, timestamp, write_lines};
use crate::encode::line_protocol::Lines;
use crate::logging;
use crate::privileges::Privileges;
use crate::root::Root;

/// `EX_CONFIG` of sysexits.h: the configuration is at fault, starting again would not help.
const EXIT_CONFIG: u8 = 78;
/// `EX_USAGE` of sysexits.h.
const EXIT_USAGE: u8 = 64;

const HELP: &str = "\
Counts a router's connections per device, protocol and state, and sends them
to Telegraf as InfluxDB line protocol.

Usage: conntrack-exporter [COMMAND] [OPTIONS]

Commands:
  (none)       the daemon: a snapshot at every interval, sent by UDP
  once         one snapshot as line protocol on standard output
  devices      every known device: its name and who gave it, which names that
               one overruled, its MACs and addresses, its entries now
  check        what the program finds here: configuration, table, LAN, names,
               Telegraf, clock; what is missing, and what that costs
  capture DIR  everything that the program reads here, written to the new or
               empty directory DIR, which --root replays on any machine

Options:
  --config FILE    the configuration [default: /etc/conntrack-exporter.toml,
                   which may be absent]
  --stdout         the daemon writes its lines to standard output instead of
                   sending them, as Telegraf's execd input wants them
  --json           devices prints JSON instead of a table
  --config-only    check reads the configuration and nothing else
  --anonymise      capture replaces names, MACs and public addresses, so that
                   DIR can be attached to a bug report
  --root DIR       replay another router's files from DIR: every path that is
                   read is taken below it (a FILE named by --config is not)
  -h, --help       this text
  -V, --version    the version, and the date of the commit it was built from

Started as root, it becomes the user that the configuration names, and keeps
only what it needs: check tells what. capture stays who started it.

Signals:
  SIGHUP reads the configuration again; a bad one is refused and the running
  one kept. SIGTERM and SIGINT stop the daemon.

Exit codes:
  0 all is well    1 the table can't be read, or a capture isn't complete
  64 bad arguments    78 the configuration can't be used
";

/// What the user wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    command: Command,
    config: Option<PathBuf>,
    root: Root,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    Daemon { stdout: bool },
    Once,
    Check { config_only: bool },
    Devices { json: bool },
    Capture { directory: PathBuf, anonymise: bool },
    Help,
    Version,
}

/// Understands the arguments, without the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut command, mut config, mut root) = (None, None, Root::live());
    let mut flags = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            // Whoever asks for help gets it, whatever else stands there.
            Short('h') | Long("help") => return Ok(Invocation { command: Command::Help, config, root }),
            Short('V') | Long("version") => {
                return Ok(Invocation { command: Command::Version, config, root });
            }
            Long("config") => config = Some(parser.value()?.into()),
            Long("root") => root = Root::replay(parser.value()?),
            Long(name) if FLAGS.contains(&name) => {
                flags.extend(FLAGS.into_iter().find(|flag| *flag == name));
            }
            Value(word) if command.is_none() => {
                command = Some(match word.to_str() {
                    Some("once") => Command::Once,
                    Some("check") => Command::Check { config_only: false },
                    Some("devices") => Command::Devices { json: false },
                    Some("capture") => Command::Capture { directory: PathBuf::new(), anonymise: false },
                    _ => return Err(Value(word).unexpected()),
                });
            }
            Value(word) if wants_directory(command.as_ref()) => {
                command = Some(Command::Capture { directory: word.into(), anonymise: false });
            }
            other => return Err(other.unexpected()),
        }
    }
    if wants_directory(command.as_ref()) {
        return Err("capture wants a directory to write to, new or empty".into());
    }
    let command = with_flags(command.unwrap_or(Command::Daemon { stdout: false }), flags)?;
    Ok(Invocation { command, config, root })
}

/// Whether the command is one that wants a directory and has none yet.
fn wants_directory(command: Option<&Command>) -> bool {
    matches!(command, Some(Command::Capture { directory, .. }) if directory.as_os_str().is_empty())
}

/// Options without a value, each of which belongs to one command.
const FLAGS: [&str; 4] = ["stdout", "config-only", "json", "anonymise"];

/// Gives `command` those of `flags` that are its own; others are refused.
fn with_flags(command: Command, mut flags: Vec<&'static str>) -> Result<Command, lexopt::Error> {
    let mut take = |name: &str| {
        let given = flags.contains(&name);
        flags.retain(|flag| *flag != name);
        given
    };
    let command = match command {
        Command::Daemon { .. } => Command::Daemon { stdout: take("stdout") },
        Command::Check { .. } => Command::Check { config_only: take("config-only") },
        Command::Devices { .. } => Command::Devices { json: take("json") },
        Command::Capture { directory, .. } => Command::Capture { directory, anonymise: take("anonymise") },
        other => other,
    };
    match flags.first() {
        Some(flag) => Err(format!("--{flag} is an option of another command").into()),
        None => Ok(command),
    }
}

/// Says what is wrong with the arguments.
pub fn refuse(error: &lexopt::Error) -> ExitCode {
    complain(&format_args!("{error}; see conntrack-exporter --help"));
    ExitCode::from(EXIT_USAGE)
}

/// Does what is wanted.
pub fn run(invocation: &Invocation) -> ExitCode {
    let outcome = match &invocation.command {
        Command::Help => print(HELP.as_bytes()),
        Command::Version => print(version().as_bytes()),
        Command::Devices { json } => list_devices(invocation, *json),
        Command::Check { config_only } => check(invocation, *config_only),
        Command::Capture { directory, anonymise } => capture(invocation, directory, *anonymise),
        Command::Once => once(invocation),
        Command::Daemon { stdout } => daemon(invocation, *stdout),
    };
    outcome.map_or_else(|failure| failure, |()| ExitCode::SUCCESS)
}

/// Whoever closes the pipe has read enough.
fn print(text: &[u8]) -> Result<(), ExitCode> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(fail(&error)),
        _ => Ok(()),
    }
}

fn version() -> String {
    let built = clock::build_date().map(|date| std::time::UNIX_EPOCH + date);
    let built = built.map(|date| format!(" ({})", humantime::format_rfc3339_seconds(date)));
    format!("conntrack-exporter {}{}\n", env!("CARGO_PKG_VERSION"), built.unwrap_or_default())
}

impl Invocation {
    fn config_file(&self) -> ConfigFile {
        ConfigFile { named: self.config.clone(), default: self.root.path(DEFAULT_PATH) }
    }

    fn read_config(&self) -> Result<Config, ExitCode> {
        self.config_file().read().map_err(|error| {
            complain(&error);
            ExitCode::from(EXIT_CONFIG)
        })
    }

    /// Reads the configuration and gives up what it doesn't need.
    fn begin(&self) -> Result<(Config, Privileges), ExitCode> {
        let config = self.read_config()?;
        let need = privileges::need(&config, &self.config_file(), &self.root);
        let privileges = Privileges::reduce(&need).map_err(|refusal| {
            complain(&refusal);
            ExitCode::from(EXIT_CONFIG)
        })?;
        Ok((config, privileges))
    }
}

fn check(invocation: &Invocation, config_only: bool) -> Result<(), ExitCode> {
    let (file, root) = (invocation.config_file(), &invocation.root);
    let (mut report, config) = check::configuration(&file);
    if let Some(config) = config {
        let mut need = privileges::need(&config, &file, root);
        if config_only {
            (need.table, need.files) = (None, Vec::new());
        }
        check::privileges(&mut report, &need, config_only);
        // Whoever can't become the user must not go on as root.
        if !config_only && report.verdict() == check::Verdict::Usable {
            let runtime = runtime()?;
            runtime.block_on(check::surroundings(&mut report, &config, root));
            runtime.shutdown_background();
        }
    }
    print(report.to_string().as_bytes())?;
    match report.verdict() {
        check::Verdict::Usable => Ok(()),
        check::Verdict::TableUnreadable => Err(ExitCode::FAILURE),
        check::Verdict::ConfigUnusable => Err(ExitCode::from(EXIT_CONFIG)),
    }
}

fn list_devices(invocation: &Invocation, json: bool) -> Result<(), ExitCode> {
    let (config, _) = invocation.begin()?;
    logging::start(config.log.level, logging::Streams::StderrOnly);
    let now = clock::now().map_err(|error| fail(&error))?;
    let mut observer = Collector::new(config, &invocation.root, now.wall.as_secs());
    let points = runtime()?.block_on(observer.snapshot(now.boot, true)).map_err(|error| fail(&error))?;
    let table = devices::Table::new(observer.roster(), &points);
    let text = if json { table.json().map_err(|error| fail(&error))? } else { table.to_string() };
    print(text.as_bytes())
}

fn capture(invocation: &Invocation, directory: &Path, anonymise: bool) -> Result<(), ExitCode> {
    let config = invocation.read_config()?;
    let config_file = invocation.config_file();
    complain(&format_args!("capture writes, so it stays who it was started as: uid {}", Uid::effective()));
    let from = capture::From { root: &invocation.root, config: &config, config_file: &config_file };
    let account = capture::capture(&from, directory, anonymise).map_err(|refusal| {
        complain(&refusal);
        ExitCode::FAILURE
    })?;
    for omission in account.omissions() {
        complain(&omission);
    }
    print(account.to_string().as_bytes())?;
    if account.is_complete() { Ok(()) } else { Err(ExitCode::FAILURE) }
}

fn once(invocation: &Invocation) -> Result<(), ExitCode> {
    let (config, _) = invocation.begin()?;
    logging::start(config.log.level, logging::Streams::StderrOnly);
    let now = clock::now().map_err(|error| fail(&error))?;
    let root = &invocation.root;
    let clock_set = !root.is_live()
        || Verdict::new(clock::build_date(), now).is_set(now, || Evidence::read(root, now.wall));
    let instant = latest(config.interval.duration(), now.wall);
    let timestamp = timestamp(config.timestamps, instant, clock_set);
    let mut observer = Collector::new(config, root, now.wall.as_secs());
    let points = runtime()?.block_on(observer.snapshot(now.boot, clock_set)).map_err(|error| fail(&error))?;
    let mut lines = Lines::default();
    write_lines(&mut lines, &points, timestamp);
    print(lines.text())
}

fn daemon(invocation: &Invocation, stdout: bool) -> Result<(), ExitCode> {
    let (config, privileges) = invocation.begin()?;
    let streams = if stdout { logging::Streams::ForTelegraf } else { logging::Streams::Both };
    let level = logging::start(config.log.level, streams);
    privileges::announce(&privileges);
    let (runtime, root, config_file) = (runtime()?, &invocation.root, invocation.config_file());
    let ended = runtime.block_on(async {
        let signals = Signals::new()?;
        let output = if stdout { Output::Stdout(tokio::io::stdout()) } else { Output::telegraf(&config) };
        let daemon = Daemon::new(Parts {
            config,
            config_file: config_file.clone(),
            root: root.clone(),
            output,
            clocks: Box::new(clock::now),
            evidence: root
                .is_live()
                .then(|| Box::new(|now: Now| Evidence::read(&Root::live(), now.wall)) as ReadEvidence),
            built: clock::build_date(),
            set_log_level: Box::new(move |new| level.set(new)),
            lacks: Box::new({
                let root = root.clone();
                move |config| privileges.restart_needed(&privileges::need(config, &config_file, &root))
            }),
        })?;
        daemon.run(signals).await
    });
    // A name server that doesn't answer, or a reader that doesn't read, must not hold up the end.
    runtime.shutdown_background();
    ended.map_err(|error| fail(&error))
}

fn runtime() -> Result<Runtime, ExitCode> {
    // Only name resolution and standard output need a thread of their own.
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(2).build();
    runtime.map_err(|error| fail(&error))
}

fn fail(error: &dyn Display) -> ExitCode {
    complain(error);
    ExitCode::FAILURE
}

/// Says why the program ends. Where nobody hears it, the exit code still tells.
fn complain(what: &dyn Display) {
    let _ = writeln!(io::stderr(), "conntrack-exporter: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Invocation, String> {
        parse(line.split_ascii_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn commands_and_options() {
        let command = |line: &str| parsed(line).unwrap().command;
        assert_eq!(command(""), Command::Daemon { stdout: false });
        assert_eq!(command("--stdout"), Command::Daemon { stdout: true });
        assert_eq!(command("once"), Command::Once);
        assert_eq!(command("check --config-only"), Command::Check { config_only: true });
        assert_eq!(command("--config-only check"), Command::Check { config_only: true });
        assert_eq!(command("devices --json"), Command::Devices { json: true });
        let capture = |anonymise| Command::Capture { directory: "d".into(), anonymise };
        assert_eq!(command("capture d"), capture(false));
        assert_eq!(command("--anonymise capture d"), capture(true));
        assert_eq!(command("capture d --anonymise"), capture(true));
        assert_eq!(command("capture --anonymise d"), capture(true));
        assert_eq!(command("capture --help"), Command::Help);
        assert_eq!(command("once --help"), Command::Help);
        assert_eq!(command("-V nonsense"), Command::Version);
        let invocation = parsed("--root=/case --config c.toml once").unwrap();
        assert_eq!((invocation.root, invocation.config), (Root::replay("/case"), Some("c.toml".into())));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "twice",
            "once check",
            "--port 1",
            "--config",
            "once --stdout",
            "--config-only",
            "once --config-only",
            "capture",
            "capture a b",
            "capture --anonymise",
            "check --anonymise",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_help_names_everything() {
        for word in [
            "once",
            "check",
            "--config FILE",
            "--stdout",
            "capture DIR",
            "--config-only",
            "--anonymise",
            "--root DIR",
            "--help",
            "--version",
        ] {
            assert!(HELP.contains(word), "{word}");
        }
        assert!(HELP.lines().all(|line| line.len() < 80));
    }
}
