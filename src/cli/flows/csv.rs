//! Flows for spreadsheets: RFC 4180, with a header.

use ::csv::{Error, Terminator, WriterBuilder};

use super::columns::known;
use crate::flow_list::ListedFlow;

/// A line for the header and for each flow. What isn't known is empty.
pub(super) fn text(flows: &[ListedFlow]) -> Result<String, Error> {
    let columns = known(flows, |column| column.exact);
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    if !columns.is_empty() {
        writer.write_record(columns.iter().map(|column| column.key))?;
    }
    for flow in flows {
        writer.write_record(columns.iter().map(|column| (column.exact)(flow).unwrap_or_default()))?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
