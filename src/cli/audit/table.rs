//! What is missing, for people: a table, and what else there is to say.

use super::report::{Report, RouterReport};
use super::stream::DayReport;
use crate::cli::estimate::grouped;
use crate::cli::paragraph::wrap;
use crate::wording::counted;

/// A column: its title, and a cell of it.
struct Column {
    title: &'static str,
    is_number: bool,
    cell: fn(&RouterReport, &DayReport) -> String,
}

const ROUTER: Column = text("ROUTER", |router, _| router.router.clone());
const OUTPUT: Column = text("OUTPUT", |router, _| router.output.clone().unwrap_or_else(|| "-".to_owned()));
const DAY: Column = text("DAY (UTC)", |_, day| day.day.clone());
const SNAPSHOTS: Column = number("SNAPSHOTS", |_, day| grouped(day.snapshots));
const SNAPSHOTS_MISSING: Column = number("MISSING", |_, day| grouped(day.snapshots_missing));
const UNSTAMPED: Column = number("UNSTAMPED", |_, day| grouped(day.snapshots_unstamped));
const ROWS: Column = number("ROWS", |_, day| known(day.rows));
const ROWS_MISSING: Column = number("MISSING", |_, day| known(day.rows_missing));
const LOOKS: Column = number("LOOKS", |_, day| known(day.looks));
const LOOKS_MISSING: Column = number("MISSING", |_, day| at_most(day.looks_missing_at_most));

const fn text(title: &'static str, cell: fn(&RouterReport, &DayReport) -> String) -> Column {
    Column { title, is_number: false, cell }
}

const fn number(title: &'static str, cell: fn(&RouterReport, &DayReport) -> String) -> Column {
    Column { title, is_number: true, cell }
}

fn known(number: Option<u64>) -> String {
    number.map_or_else(|| "-".to_owned(), grouped)
}

fn at_most(number: Option<u64>) -> String {
    let sign = if number.is_some_and(|number| number > 0) { "≤ " } else { "" };
    format!("{sign}{}", known(number))
}

/// The table with its titles, and what it comes to.
pub(super) fn text_of(report: &Report) -> String {
    let columns = columns(report);
    let titles = columns.iter().map(|column| column.title.to_owned()).collect();
    let days = report.routers.iter().flat_map(|router| router.days.iter().map(move |day| (router, day)));
    let cells = days.map(|(router, day)| columns.iter().map(|column| (column.cell)(router, day)).collect());
    let rows: Vec<Vec<String>> = std::iter::once(titles).chain(cells).collect();
    let width =
        |place: usize| rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).filter_map(width).collect();
    let line =
        |row: &Vec<String>| {
            let cells = row.iter().zip(&columns).zip(&widths);
            let padded = cells.map(|((cell, column), width)| {
                if column.is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
    let mut text: String = rows.iter().map(line).collect();
    text.push('\n');
    text.push_str(&in_words(report));
    for paragraph in remarks(report) {
        wrap(&paragraph, &mut text);
    }
    text
}

/// Those of which there is something to tell.
fn columns(report: &Report) -> Vec<Column> {
    let days = || report.routers.iter().flat_map(|router| &router.days);
    let mut columns = vec![ROUTER];
    columns.extend(report.routers.iter().any(|router| router.output.is_some()).then_some(OUTPUT));
    columns.extend([DAY, SNAPSHOTS, SNAPSHOTS_MISSING]);
    columns.extend(days().any(|day| day.snapshots_unstamped > 0).then_some(UNSTAMPED));
    columns.extend([ROWS, ROWS_MISSING]);
    if days().any(|day| day.looks.is_some()) {
        columns.extend([LOOKS, LOOKS_MISSING]);
    }
    columns
}

fn in_words(report: &Report) -> String {
    let Report { since, until, snapshots_missing, rows_missing, routers, .. } = report;
    let snapshots = plural(*snapshots_missing, "snapshot", "snapshots");
    let rows = plural(*rows_missing, "row", "rows") + " of snapshots that are there";
    let what = match (*snapshots_missing, *rows_missing) {
        (0, 0) if routers.iter().flat_map(|router| &router.days).any(|day| day.rows.is_none()) => {
            "Nothing is missing of what can be counted".to_owned()
        }
        (0, 0) => "Nothing is missing".to_owned(),
        (_, 0) => format!("Missing: {snapshots}"),
        (0, _) => format!("Missing: {rows}"),
        _ => format!("Missing: {snapshots}, and {rows}"),
    };
    format!("{what}.\nLooked at: {since} to {until}.\n")
}

fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// What the table can't show.
fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    let of = |which: fn(&RouterReport) -> bool| names(report, which);
    if let Some(names) = of(|router| !router.has_rows_of_its_own) {
        remarks.push(format!(
            "{names}: whose rows are whose can't be told, for more than one host writes without a tag \"{}\" of its own. \
             Set router.name on each router, or name a tag that tells them apart by --tag.",
            report.tag
        ));
    }
    if let Some(names) = of(|router| router.lacks_all_rows) {
        remarks.push(format!(
            "{names}: there is not a single row of connection_state with the same tag \"{}\", so none is counted.",
            report.tag
        ));
    }
    if let Some(names) = of(|router| router.overfull_instants > 0) {
        remarks.push(format!(
            "{names}: at some instants there are more rows than were sent. Another router writes under this name, and \
             its rows may stand for some that are missing."
        ));
    }
    if let Some(names) = names(report, |router| router.lacks_rows() && report.has_another_output(router)) {
        remarks.push(format!(
            "{names}: both ways out end in this bucket, where their rows are the same. So a row that is missing is missing \
             for both, and told of both."
        ));
    }
    if let Some(names) = of(|router| router.days.iter().any(|day| day.snapshots_unstamped > 0)) {
        remarks.push(format!(
            "{names}: snapshots that are unstamped have the time at which they arrived, as each of their rows has: rows \
             aren't counted of these."
        ));
    }
    if let Some(names) = of(|router| router.is_silent) {
        remarks.push(format!(
            "{names}: silent for more than two hours. What was sent after the last snapshot that is there isn't counted."
        ));
    }
    if report.routers.iter().flat_map(|router| &router.days).any(|day| day.looks_missing_at_most > Some(0)) {
        remarks.push("≤: a look at the traffic in which nothing moved sends nothing either.".to_owned());
    }
    if report.points_not_understood > 0 {
        remarks.push(format!(
            "{} left out.",
            counted(
                report.points_not_understood,
                "point of conntrack_exporter that is not this program's is",
                "points of conntrack_exporter that are not this program's are"
            )
        ));
    }
    remarks
}

/// The routers of which that holds, each once.
fn names(report: &Report, which: impl Fn(&RouterReport) -> bool) -> Option<String> {
    const SHOWN: usize = 5;
    let mut names: Vec<&str> =
        report.routers.iter().filter(|router| which(router)).map(|router| router.router.as_str()).collect();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| names.join(", ") + &rest)
}

#[cfg(test)]
mod tests;
