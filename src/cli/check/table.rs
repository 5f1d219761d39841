//! The kernel's table: whether and how it can be read, and what is in it.

use std::time::Duration;

use super::report::{Report, Verdict};
use crate::config::Config;
use crate::conntrack::backend::TableBackend;
use crate::conntrack::{Entry, Progress, Table, TableError};
use crate::root::Root;
use crate::wording::counted;

/// Counts the table, in each way that it can be read.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    let mut table = Table::new(root, config.source);
    let (read, unreadable) = match source(report, &mut table, config) {
        Ok(counted) => counted,
        Err(error) => return report.error(Verdict::TableUnreadable, "table", error.to_string()),
    };
    let (gauges, unreadable_figure) = table.gauges();
    if let Some(error) = unreadable_figure {
        report.warning("table", format!("{error}: the figure is left out"));
    }
    let allowed = gauges.max.map_or_else(|| "an unknown number".to_owned(), |max| max.to_string());
    if read == 0 {
        let text = "readable and empty: is there no connection yet, or does no firewall rule use connection tracking \
                    (nothing is tracked in a network namespace until a rule asks for its state)?";
        report.warning("table", text);
    } else {
        let entries = counted(read, "entry", "entries");
        report.ok("table", format!("readable: {entries} of {allowed} allowed"));
    }
    if unreadable > 0 {
        let entries = counted(
            unreadable,
            "entry can't be understood and is left out",
            "entries can't be understood and are left out",
        );
        report.warning("table", format!("{entries} of every count"));
    }
}

/// Tells how the table is read, and whether it could be read in the other way too; counts as [`count`] does.
fn source(report: &mut Report, table: &mut Table, config: &Config) -> Result<(u64, u64), TableError> {
    let chosen = table.choose(table.gauges().0, Duration::ZERO);
    let counted = count(table, chosen);
    if config.source.only().is_some() || !table.is_live() {
        report.ok(
            "source",
            format!(
                "{chosen}: {}",
                if table.is_live() { "the configuration names it" } else { "a replayed table is text" }
            ),
        );
        return counted;
    }
    let other = chosen.other();
    match (counted, count(table, other)) {
        (Ok(counted), Ok(_)) => {
            report.ok(
                "source",
                format!("{chosen}: the cheaper one for this table now; {other} can be had as well"),
            );
            Ok(counted)
        }
        (Ok(counted), Err(error)) | (Err(error), Ok(counted)) => {
            let had = if error.backend == chosen { other } else { chosen };
            report.warning("source", format!("{had}, whatever the table costs that way: {error}"));
            Ok(counted)
        }
        (Err(error), Err(_)) => Err(error),
    }
}

/// How many entries there are, and how many that can't be understood.
fn count(table: &Table, source: TableBackend) -> Result<(u64, u64), TableError> {
    let mut reading = table.open(source)?;
    let (mut read, mut unreadable) = (0, 0);
    let mut see = |entry: Entry<'_>| match entry {
        Entry::Flow(_) => read += 1,
        Entry::Unreadable { .. } => unreadable += 1,
    };
    while reading.step(&mut see).map_err(|error| table.error(source, error))? == Progress::More {}
    Ok((read, unreadable))
}
