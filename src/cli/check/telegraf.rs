//! Where snapshots go.

use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::report::Report;
use crate::config::Config;

/// How long Telegraf's name may take to be resolved.
const RESOLVING_AT_MOST: Duration = Duration::from_secs(5);

/// Resolves Telegraf's name.
pub(super) async fn check(report: &mut Report, config: &Config) {
    let address = &config.telegraf.address;
    let found = match timeout(RESOLVING_AT_MOST, lookup_host((address.host(), address.port()))).await {
        Err(_) => Err("the name server does not answer".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(found)) => Ok(found.map(|address| address.to_string()).collect::<Vec<_>>()),
    };
    match found {
        Ok(found) if !found.is_empty() => {
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
