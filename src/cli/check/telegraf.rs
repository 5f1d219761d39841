//! Where snapshots go.

use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::report::Report;
use crate::config::{Address, Config};
use crate::outputs::telegraf::addresses::Addresses;
use crate::outputs::telegraf::route::Route;

/// How long Telegraf's name may take to be resolved.
const RESOLVING_AT_MOST: Duration = Duration::from_secs(5);

/// Resolves Telegraf's name, and looks how the router reaches what it finds.
pub(super) async fn check(report: &mut Report, config: &Config) {
    let address = &config.telegraf.address;
    let found = match timeout(RESOLVING_AT_MOST, lookup_host((address.host(), address.port()))).await {
        Err(_) => Err("the name server does not answer".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(found)) => Ok(Addresses::new(found).routes()),
    };
    match found {
        Ok(routes) => tell(report, address, &routes),
        Err(error) => report
            .warning("Telegraf", format!("{address} can't be resolved, so nothing is sent yet: {error}")),
    }
}

/// Tells of the addresses, the one in front that the daemon would use.
fn tell(report: &mut Report, address: &Address, routes: &[Route]) {
    let Some((used, others)) = routes.split_first() else {
        return report.warning("Telegraf", format!("{address} has no address: nothing can be sent"));
    };
    let others: Vec<_> = others.iter().map(Route::to_string).collect();
    let otherwise = if others.is_empty() {
        String::new()
    } else {
        format!(", or if that refuses to {}", others.join(" or "))
    };
    if used.is_there() {
        let text =
            format!("snapshots go to {used} by UDP{otherwise} (whether it listens can't be seen from here)");
        report.ok("Telegraf", text);
    } else {
        let text =
            format!("snapshots would go to {used} by UDP{otherwise}: nothing is sent until there is a route");
        report.warning("Telegraf", text);
    }
}
