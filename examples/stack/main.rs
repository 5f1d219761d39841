//! The whole road on one machine: a household, the daemon, the real Telegraf, the real InfluxDB, and a live table of
//! what the panel's query returns. `make stack` builds what it needs and starts it.
//!
//! `stack household` makes a LAN with NAT out of network namespaces, which takes root; `stack sample` plays the sample
//! household. Ctrl-C takes everything down again. With `HISTORY=7d` in the environment it is a
//! made-up household that has lived through a week, and lives on.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "modules of the tests are used, whose failures are panics"
)]

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../../tests/kernel/connections.rs"]
mod connections;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../../tests/e2e/device.rs"]
mod device;
#[path = "../../tests/kernel/household.rs"]
mod household;
#[expect(dead_code, reason = "the tests look at heads of answers, too")]
#[path = "../../tests/e2e/http.rs"]
mod http;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../../tests/e2e/influx.rs"]
mod influx;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../../tests/kernel/namespace.rs"]
mod namespace;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../../tests/e2e/place.rs"]
mod place;
#[path = "../../tests/e2e/programs.rs"]
mod programs;
#[path = "../../tests/kernel/wait.rs"]
mod wait;
#[expect(dead_code, reason = "the tests want a week that ends")]
#[path = "../../tests/support/week/mod.rs"]
mod week;

mod evening;
mod history;
mod receivers;
mod table;

/// Counts by device, protocol and state.
mod snapshot {
    use std::collections::BTreeMap;

    /// As the tests have them.
    pub(crate) type Counts = BTreeMap<(String, String, String), i64>;
}

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use evening::Evening;
use history::History;
use programs::shipped;
use receivers::Receivers;
use table::Table;

/// How often is looked whether there is something new.
const LOOK_EVERY: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let household = match std::env::args().nth(1).as_deref() {
        Some("household") => true,
        Some("sample") => false,
        _ => {
            eprintln!("usage: stack household|sample    (make stack starts it)");
            return ExitCode::from(64);
        }
    };
    let history = match history::asked() {
        Ok(days) => days,
        Err(why) => {
            eprintln!("stack: {why}");
            return ExitCode::from(64);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // From here on they don't end the process but are heard when all stands.
    let heard = runtime.block_on(async { Stop::hear() });
    let directory = std::env::temp_dir().join(format!("conntrack-exporter-stack-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the files");
    run(&runtime, heard, household, history, &directory);
    let _ = std::fs::remove_dir_all(&directory);
    println!("stack: all of it is gone again");
    ExitCode::SUCCESS
}

/// Starts everything, shows it until a signal comes, and takes it down.
fn run(
    runtime: &tokio::runtime::Runtime,
    mut heard: Stop,
    household: bool,
    history: Option<i64>,
    directory: &Path,
) {
    let receivers = Receivers::start(directory);
    let mut history = history.map(History::new);
    if let Some(history) = &mut history {
        println!("stack: writing the days before now of a household of 23 devices");
        history.write(&receivers);
    }
    let evening = (household && history.is_none()).then(|| Evening::begin(receivers.telegraf()));
    let daemon = match (&evening, &history) {
        (Some(evening), _) => Some(Daemon(evening.exporter(directory))),
        (None, None) => Some(Daemon(sample(directory, receivers.telegraf()))),
        (None, Some(_)) => None,
    };
    receivers.say(directory);
    println!("Ctrl-C takes all of it down again. What the panel's query returns, window by window:");
    let mut table = Table::default();
    runtime.block_on(async {
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                biased;
                () = heard.wait() => break,
                _ = look.tick() => {
                    if let Some(history) = &mut history {
                        history.write(&receivers);
                    }
                    table.show(&receivers);
                }
            }
        }
    });
    println!();
    drop(daemon);
    drop(evening);
    drop(receivers);
}

/// The daemon on the sample household.
fn sample(directory: &Path, telegraf: std::net::SocketAddr) -> Child {
    let config = format!("timestamps = \"always\"\ntelegraf.address = \"{telegraf}\"\n");
    let file = directory.join("conntrack-exporter.toml");
    std::fs::write(&file, config).expect("writing a configuration");
    let mut command = daemon(directory, &file);
    command.arg("--root").arg(shipped("examples/household/root"));
    command.spawn().expect("the daemon, which make stack builds")
}

/// The daemon's command, with its log in a file.
fn daemon(directory: &Path, config: &Path) -> Command {
    // Cargo puts examples below the programs.
    let here = std::env::current_exe().expect("this program's place");
    let built: PathBuf = here.ancestors().nth(2).expect("two directories above").join("conntrack-exporter");
    let log = File::create(directory.join("conntrack-exporter.log")).expect("a file for its log");
    let mut command = Command::new(built);
    command.arg("--config").arg(config).stdin(Stdio::null());
    command.stdout(log.try_clone().expect("a file")).stderr(log);
    command
}

/// The running daemon; killed when dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The signals that end it.
struct Stop([Signal; 3]);

impl Stop {
    fn hear() -> Self {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Self(kinds.map(|kind| signal(kind).expect("hearing a signal")))
    }

    async fn wait(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
