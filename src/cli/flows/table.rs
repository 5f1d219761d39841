//! Flows as a table.

use super::columns::{Column, known};
use crate::flow_list::ListedFlow;

/// The table with its titles, and how many flows that are.
pub(super) fn text(flows: &[ListedFlow]) -> String {
    let columns = known(flows, |column| column.shown);
    let titles = columns.iter().map(|column| column.title.to_owned()).collect();
    let cells = |flow| columns.iter().map(|column| cell(column, flow)).collect();
    let rows: Vec<Vec<String>> = std::iter::once(titles).chain(flows.iter().map(cells)).collect();
    let width =
        |place: usize| rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).filter_map(width).collect();
    let lines = rows.iter().filter(|row| !row.is_empty()).map(|row| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    });
    lines.collect::<String>()
        + &crate::wording::counted(flows.len() as u64, "connection", "connections")
        + "\n"
}

fn cell(column: &Column, flow: &ListedFlow) -> String {
    (column.shown)(flow).unwrap_or_default()
}
