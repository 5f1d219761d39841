//! Where snapshots go.

use std::net::SocketAddr;

use tokio::time::timeout;

use super::report::Report;
use crate::config::{Address, Config};
use crate::outputs::telegraf::resolver::{Lookup, RESOLVING_AT_MOST, literal};

/// Resolves Telegraf's name.
pub(super) async fn check(report: &mut Report, config: &Config) {
    let address = &config.telegraf.address;
    match resolve(address).await {
        Ok(found) if !found.is_empty() => {
            let found: Vec<_> = found.iter().map(SocketAddr::to_string).collect();
            let text = format!(
                "snapshots go to {} by UDP (whether it listens can't be seen from here)",
                found.join(" or ")
            );
            report.ok("Telegraf", text);
        }
        Ok(_) => report.warning("Telegraf", format!("{address} has no address: nothing can be sent")),
        Err(error) => report
            .warning("Telegraf", format!("{address} can't be resolved, so nothing is sent yet: {error}")),
    }
}

/// As the daemon resolves it, but that the answer is waited for.
async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, String> {
    let (host, port) = (address.host(), address.port());
    if let Some(literal) = literal(host, port) {
        return Ok(vec![literal]);
    }
    let lookup = Lookup::begin(host, port).map_err(|error| error.to_string())?;
    match timeout(RESOLVING_AT_MOST, lookup.answer()).await {
        Err(_) => Err("the name server does not answer".to_owned()),
        Ok(answer) => answer.map_err(|error| error.to_string()),
    }
}
