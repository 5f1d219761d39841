//! Where names and addresses of devices come from.

use super::report::Report;
use crate::devices::name_source::NameSource;
use crate::devices::survey::{self, Found, Survey};
use crate::devices::{Settings, neighbours};
use crate::root::Root;
use crate::wording::counted;

/// How many lines of a file that can't be understood are named.
const NAMED_AT_MOST: usize = 10;

/// Files of names; absent ones are told of only where something is lost by it.
pub(super) fn check(report: &mut Report, settings: &Settings, root: &Root) {
    for Survey { path, source, found } in survey::survey(root, settings) {
        let path = path.display();
        match found {
            Found::Nothing if source == NameSource::Lease => report.warning(
                "names",
                format!("{path} does not exist: devices lack the names they give (is dnsmasq's leasefile elsewhere?)"),
            ),
            Found::Nothing => {}
            Found::Unsettled => {
                report.warning("names", format!("{path} does not end in a newline: it is taken once it is whole"));
            }
            Found::Unreadable(error) => report.warning("names", format!("{path} can't be read: {error}")),
            Found::Content { entries, named, problems } => {
                let unheard = if settings.names.contains(&source) { "" } else { "; devices.names doesn't hear it" };
                let what = source.name();
                let entries = counted(entries, "entry", "entries");
                report.ok("names", format!("{path} ({what}): {entries}, {named} with a name{unheard}"));
                for problem in problems.iter().take(NAMED_AT_MOST) {
                    report.warning("names", format!("{path}: {problem}"));
                }
            }
        }
    }
    match neighbours::read(root) {
        Ok(found) => report.ok("neighbours", counted(found.len(), "address answers", "addresses answer")),
        Err(error) => report.warning(
            "neighbours",
            format!("can't be read, so IPv6 addresses that no lease tells are \"other\": {error}"),
        ),
    }
}
