//! Which interfaces are the LAN, and why.

use std::time::Duration;

use super::report::Report;
use crate::config::Config;
use crate::lan::interfaces::{self, Interface};
use crate::lan::{Lan, is_private};
use crate::root::Root;

/// Tells of every interface, and of the prefixes in the configuration.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    let (patterns, prefixes) = (config.lan.patterns(), config.lan.prefixes());
    let mut lan = Lan::new(&patterns, &prefixes);
    match interfaces::read(root) {
        Ok(found) => drop(lan.observe(found, Duration::ZERO)),
        Err(error) => {
            return report
                .warning("LAN", format!("the interfaces can't be read ({error}): no device can be told"));
        }
    }
    for interface in lan.interfaces() {
        one_interface(report, &lan, interface);
    }
    for prefix in &prefixes {
        report.ok("LAN", format!("{prefix} is LAN: it stands in lan.prefixes"));
    }
    if !lan.exists() {
        report.warning(
            "LAN",
            format!("no interface matches lan.interfaces = {patterns:?}: every entry of a device would be \"other\""),
        );
    }
}

fn one_interface(report: &mut Report, lan: &Lan, interface: &Interface) {
    let Interface { name, addresses, link_layer, .. } = interface;
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let shown = if shown.is_empty() { "without addresses".to_owned() } else { shown.join(" ") };
    if let Some(pattern) = lan.pattern_for(name) {
        let bare = if *link_layer { "" } else { "; no link-layer addresses there: an address is a device" };
        return report.ok("LAN", format!("{name} is LAN ({shown}): it matches {pattern:?}{bare}"));
    }
    let private = addresses.iter().any(|net| is_private(net.addr()));
    if private {
        let text = format!(
            "{name} is not LAN ({shown}): no pattern of lan.interfaces matches it, but its addresses are private; add \
             {name:?} if your devices are behind it (not if it leads to your provider's box)"
        );
        return report.warning("LAN", text);
    }
    report.ok("LAN", format!("{name} is not LAN ({shown}): no pattern of lan.interfaces matches it"));
}
