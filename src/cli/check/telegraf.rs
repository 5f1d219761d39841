//! Where snapshots go.

use std::net::SocketAddr;

use tokio::time::timeout;

use super::report::Report;
use crate::config::{Address, Config};
use crate::lookup::{Lookup, RESOLVING_AT_MOST, literal};
use crate::outputs::telegraf::addresses::Addresses;
use crate::outputs::telegraf::route::Route;

/// Resolves Telegraf's name, and looks how the router reaches what it finds.
pub(super) async fn check(report: &mut Report, config: &Config) {
    let Some(address) = &config.telegraf.address.0 else { return };
    match resolve(address).await {
        Ok(found) => tell(report, address, &Addresses::new(found).routes()),
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

/// As the daemon resolves it, but that the answer is waited for.
async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, String> {
    if let Some(literal) = literal(address) {
        return Ok(vec![literal]);
    }
    let lookup = Lookup::begin(address).map_err(|error| error.to_string())?;
    match timeout(RESOLVING_AT_MOST, lookup.answer()).await {
        Err(_) => Err("the name server does not answer".to_owned()),
        Ok(answer) => answer.map_err(|error| error.to_string()),
    }
}
