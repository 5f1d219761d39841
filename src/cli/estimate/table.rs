//! The estimate for people: a table, and what it rests on.

use super::amounts::{bytes, grouped};
use super::document::Estimate;
use super::row::Row;
use super::storage;
use crate::cli::paragraph::wrap;

const TITLES: [&str; 5] = ["MEASUREMENT", "SERIES", "POINTS/DAY", "DISK/DAY", "LOWERED BY"];

/// The table with its titles and totals, and what was assumed.
pub(super) fn text(estimate: &Estimate) -> String {
    let total = &estimate.total;
    let sum =
        cells("all", total.series, is_bound(estimate), total.points_per_day, total.disk_bytes_per_day, "");
    let rows = estimate.measurements.iter().map(row);
    let rows: Vec<_> = std::iter::once(TITLES.map(str::to_owned)).chain(rows).chain([sum]).collect();
    let widths = rows.iter().fold([0; 5], |most, cells| {
        let mut these = cells.iter().map(|cell| cell.chars().count());
        most.map(|width: usize| these.next().map_or(width, |this| this.max(width)))
    });
    let lines = rows.iter().map(|cells| line(cells, widths));
    format!("{}\n{}\n{}", lines.collect::<String>(), in_words(estimate), assumptions(estimate))
}

fn is_bound(estimate: &Estimate) -> bool {
    estimate.measurements.iter().any(|row| row.at_most && row.series > 0)
}

fn row(row: &Row) -> [String; 5] {
    let is_bound = row.at_most && row.series > 0;
    let keys = row.lowered_by.join(", ");
    cells(row.measurement, row.series, is_bound, row.points_per_day, row.disk_bytes_per_day, &keys)
}

fn cells(name: &str, series: u64, is_bound: bool, points: u64, disk: u64, keys: &str) -> [String; 5] {
    let sign = if is_bound { "≤ " } else { "" };
    let [series, points] = [series, points].map(|number| format!("{sign}{}", grouped(number)));
    [name.to_owned(), series, points, format!("{sign}{}", bytes(disk)), keys.to_owned()]
}

/// Names and keys to the left, numbers to the right.
fn line(
    [name, series, points, disk, keys]: &[String; 5],
    [of_name, of_series, of_points, of_disk, _]: [usize; 5],
) -> String {
    let line =
        format!("{name:<of_name$}  {series:>of_series$}  {points:>of_points$}  {disk:>of_disk$}  {keys}");
    line.trim_end().to_owned() + "\n"
}

fn in_words(estimate: &Estimate) -> String {
    let total = &estimate.total;
    let sign = if is_bound(estimate) { "at most " } else { "" };
    format!(
        "A month: {sign}{} points, {} in InfluxDB.\nBy UDP: {sign}{} a second on average, as lines.\n",
        grouped(total.points_per_month),
        bytes(total.disk_bytes_per_month),
        bytes(total.udp_bytes_per_second),
    )
}

/// What the figures rest on, broken into lines for a terminal; measurements that assume the same stand together.
fn assumptions(estimate: &Estimate) -> String {
    let all = [format!("what is here now, {}", estimate.clocks()), storage::in_words()];
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in &estimate.measurements {
        let Some(assumed) = row.assumed else { continue };
        match told.iter_mut().find(|(other, _)| *other == assumed) {
            Some((_, names)) => names.push(row.measurement),
            None => told.push((assumed, vec![row.measurement])),
        }
    }
    let told = told.iter().map(|(assumed, names)| format!("{}: {assumed}", names.join(", ")));
    let mut text = "An estimate, which assumes:\n".to_owned();
    for paragraph in all.into_iter().chain(told) {
        wrap(&paragraph, &mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::paragraph::WIDTH;
    use crate::config::Config;

    fn row(measurement: &'static str, at_most: bool, assumed: Option<&'static str>) -> Row {
        Row {
            measurement,
            series: 40,
            at_most,
            points_per_day: 115_200,
            disk_bytes_per_day: 355_402,
            line_bytes_per_day: 11_272_320,
            lowered_by: vec!["interval".to_owned(), format!("measurements.{measurement} = false")],
            assumed,
        }
    }

    fn lines(rows: Vec<Row>) -> Vec<String> {
        text(&Estimate::new(&Config::default(), rows)).lines().map(str::to_owned).collect()
    }

    #[test]
    fn numbers_stand_to_the_right_and_a_bound_is_told_as_one() {
        let shown =
            lines(vec![row("connection_state", false, None), row("bandwidth", true, Some("all move"))]);
        let expected = [
            "MEASUREMENT       SERIES  POINTS/DAY    DISK/DAY  LOWERED BY",
            "connection_state      40     115,200    355.4 kB  interval, measurements.connection_state = false",
            "bandwidth           ≤ 40   ≤ 115,200  ≤ 355.4 kB  interval, measurements.bandwidth = false",
            "all                 ≤ 80   ≤ 230,400  ≤ 710.8 kB",
            "",
            "A month: at most 6,912,000 points, 21.3 MB in InfluxDB.",
            "By UDP: at most 261 B a second on average, as lines.",
        ];
        assert_eq!(shown[..7], expected);
        let nothing = Row { series: 0, ..row("bandwidth", true, None) };
        assert!(lines(vec![nothing]).iter().all(|line| !line.contains('≤') && !line.contains("at most")));
    }

    #[test]
    fn what_is_assumed_of_several_is_told_once_and_fits_a_terminal() {
        let long = "word after word, ".repeat(20);
        let long: &'static str = Box::leak(long.trim_end().to_owned().into_boxed_str());
        let shown = lines(vec![
            row("one", false, Some("so")),
            row("two", false, Some(long)),
            row("three", false, Some("so")),
        ]);
        assert!(shown.iter().any(|line| line == "- one, three: so"), "{shown:#?}");
        let begin = shown.iter().position(|line| line.starts_with("An estimate")).unwrap();
        assert!(shown[begin..].iter().all(|line| line.chars().count() <= WIDTH), "{shown:#?}");
        assert!(shown[begin + 1..].iter().all(|line| line.starts_with("- ") || line.starts_with("  ")));
    }
}
