//! Whether a server would take what is written, and where it would wait.

use super::report::Report;
use crate::config::Config;
use crate::influxdb::client::Client;
use crate::influxdb::write::{Meaning, WriteRequest, in_words};
use crate::root::Root;
use crate::spool::check_directory;
use crate::spool::config::SpoolConfig;

/// What is told of.
const SERVER: &str = "InfluxDB";
const SPOOL: &str = "spool";

/// Asks the server whether it would take something, by writing nothing, and looks at the spool's directory.
pub(super) async fn check(report: &mut Report, config: &Config, root: &Root) {
    let Some(mut client) = Client::new(&config.influxdb) else {
        if config.telegraf.address.0.is_none() {
            let nobody = "neither telegraf.address nor influxdb.url is set: nothing is sent to anybody";
            report.warning("outputs", nobody.to_owned());
        }
        return;
    };
    let url = client.url().to_string();
    let nothing = WriteRequest::new(client.url(), &config.influxdb).of_nothing();
    let asked = match client.prepare(root) {
        Ok(()) => client.ask(&nothing).await,
        Err(error) => Err(error),
    };
    match asked {
        // InfluxDB refuses to write nothing, but only to somebody who may write there.
        Ok(answer) if matches!(Meaning::of(&answer), Meaning::Taken | Meaning::Refused) => {
            report.ok(SERVER, format!("snapshots are written to {url}, which would take them"));
        }
        Ok(answer) => {
            report.warning(SERVER, format!("{url} would not take snapshots: {}", in_words(&answer)));
        }
        Err(error) => report.warning(SERVER, format!("{url} can't be asked, so snapshots wait: {error}")),
    }
    spool(report, &config.spool, root);
}

fn spool(report: &mut Report, config: &SpoolConfig, root: &Root) {
    let memory = format!("what the server has not acknowledged waits in memory, {} at most", config.memory);
    let Some(directory) = config.directory().filter(|_| root.is_live()) else {
        return report.ok(SPOOL, format!("{memory}; a restart loses it (spool.directory keeps it)"));
    };
    let directory = directory.display();
    match config.directory().map_or(Ok(()), check_directory) {
        Ok(()) => report.ok(SPOOL, format!("{memory}, and in {directory}, {} at most", config.disk)),
        Err(error) => report.warning(SPOOL, format!("{memory}: {directory}: {error}; a restart loses it")),
    }
}
