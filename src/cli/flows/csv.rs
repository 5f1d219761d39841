//! Flows for spreadsheets: RFC 4180, with a header.

use ::csv::Error;

use super::columns::known;
use crate::encode::csv::{finish, writer};
use crate::flow_list::ListedFlow;

/// A line for the header and for each flow. What isn't known is empty.
pub(super) fn text(flows: &[ListedFlow]) -> Result<String, Error> {
    let columns = known(flows, |column| column.exact);
    let mut writer = writer();
    if !columns.is_empty() {
        writer.write_record(columns.iter().map(|column| column.key))?;
    }
    for flow in flows {
        writer.write_record(columns.iter().map(|column| (column.exact)(flow).unwrap_or_default()))?;
    }
    finish(writer)
}
