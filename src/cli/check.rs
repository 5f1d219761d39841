//! `check`: what the program finds here, what is missing, and what that costs; in plain words.

mod alerts;
mod clock;
mod counters;
mod destinations;
mod http;
mod influxdb;
mod lan;
mod names;
mod owners_file;
mod recorder;
mod report;
mod services;
mod state;
mod system;
mod table;
mod tags;
mod telegraf;

use super::error::{CommandError, Exit};
use super::privileges::need;
use super::{GlobalArgs, print, runtime, runtime_with_sockets};
use crate::config::Config;
use crate::daemon::ConfigFile;
use crate::privileges::{Need, Privileges};
use crate::root::Root;
use report::{Report, Verdict};

/// Its options.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// Read the configuration and nothing else
    #[arg(long)]
    pub(super) config_only: bool,
}

/// Looks at everything, as whoever the daemon would be, and prints what it found.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (file, root) = (global.config_file(), global.root());
    let (mut report, config) = configuration(&file);
    if let Some(config) = config {
        tags::check(&mut report, &config);
        let mut need = need(&config, &file, &root);
        if args.config_only {
            (need.table, need.files) = (None, Vec::new());
        }
        privileges(&mut report, &need, args.config_only);
        // Whoever can't become the user must not go on as root.
        if !args.config_only && report.verdict() == Verdict::Usable {
            let runtime = if config.influxdb.is_on() { runtime_with_sockets() } else { runtime() };
            runtime?.block_on(surroundings(&mut report, &config, &root));
        }
    }
    print(report.to_string().as_bytes())?;
    Ok(report.verdict().exit())
}

/// Begins with the configuration, and gives it if it can be used.
fn configuration(file: &ConfigFile) -> (Report, Option<Config>) {
    let mut report = Report::default();
    let path = file.path();
    let config = match file.read() {
        Ok(config) if file.is_there() => {
            report.ok("configuration", format!("{}: a snapshot every {}", path.display(), config.interval));
            Some(config)
        }
        Ok(config) => {
            report.ok("configuration", format!("{} does not exist: the defaults hold", path.display()));
            Some(config)
        }
        Err(error) => {
            report.error(Verdict::ConfigUnusable, "configuration", error.to_string());
            None
        }
    };
    (report, config)
}

/// Gives up what isn't needed, as the daemon does, so that what is found afterwards is what it would find. Tells of it
/// unless only a failure matters.
fn privileges(report: &mut Report, need: &Need, only_a_failure: bool) {
    let privileges = match Privileges::reduce(need) {
        Ok(privileges) => privileges,
        Err(error) => {
            return report.error(Verdict::ConfigUnusable, "privileges", error.to_string());
        }
    };
    if only_a_failure {
        return;
    }
    report.ok("privileges", privileges.identity());
    for capability in privileges.capabilities() {
        report.ok("privileges", capability);
    }
    for missing in privileges.missing() {
        report.warning("privileges", missing);
    }
}

/// Looks at everything else.
async fn surroundings(report: &mut Report, config: &Config, root: &Root) {
    table::check(report, config, root);
    counters::check(report, config, root);
    lan::check(report, config, root);
    names::check(report, &config.devices.settings(config.lan.router_name.name()), root);
    services::check(report, &config.traffic, root);
    destinations::check(report, &config.destinations, root);
    state::check(report, &config.state.directory, root);
    system::check(report, config, root);
    alerts::check(report, config, root);
    recorder::check(report, config, root);
    http::check(report, config, root);
    telegraf::check(report, config).await;
    influxdb::check(report, config, root).await;
    clock::check(report, config, root);
}
