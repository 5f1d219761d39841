//! `flows`: single connections, whose they are and what they have moved.

mod capture_filter;
mod columns;
mod csv;
mod json;
mod sort;
mod table;

use std::sync::Arc;

use clap::ValueEnum;

use super::error::{CommandError, Exit};
use super::{GlobalArgs, print, print_error, runtime};
use crate::collector::{Collector, Moment};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::flow_list::filter::Filter;
use crate::flow_list::{FlowLister, LISTED_AT_MOST, ListedFlows};
use crate::logging::{self, Streams};
use crate::measurements::DueClocks;
use crate::wording::counted;
pub(in crate::cli) use capture_filter::CaptureFilterError;
#[cfg(feature = "terminal")]
pub(in crate::cli) use columns::end;
use sort::SortKey;

/// Its options.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// Which are shown: terms that all hold, such as
    /// port=443 state=established rx>1M
    /// 'device="Living Room TV"', or a part of a name, an
    /// address or a service
    #[arg(value_name = "FILTER", verbatim_doc_comment)]
    pub(super) filter: Vec<String>,

    /// table (without this), json, or csv with a header
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, hide_default_value = true)]
    #[arg(hide_possible_values = true)]
    pub(super) format: Format,

    /// JSON, one object to a line
    #[arg(long, conflicts_with = "format")]
    pub(super) jsonl: bool,

    /// By bytes (without this), rx, tx, idle, the
    /// greatest first; by device, state, service, remote
    /// or port
    #[arg(long, value_enum, value_name = "KEY", default_value_t, hide_default_value = true)]
    #[arg(hide_possible_values = true, verbatim_doc_comment)]
    sort: SortKey,

    /// No more than so many
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,

    /// Instead of them a filter for tcpdump that captures
    /// just these packets: of one device, or of one
    /// connection
    #[arg(long, conflicts_with_all = ["format", "jsonl", "sort", "limit"], verbatim_doc_comment)]
    pub(super) tcpdump: bool,
}

/// How flows are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Table,
    /// An array of objects
    Json,
    /// A header and rows, for spreadsheets (RFC 4180)
    Csv,
}

/// Reads the table once, and prints the flows that were asked for.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let filter: Filter = args.filter.join(" ").parse()?;
    let ListedFlows { mut flows, left_out } = read(global)?;
    if left_out > 0 {
        print_error(&counted(left_out, "more is not looked at", "more are not looked at"));
    }
    flows.retain(|flow| filter.shows(flow));
    if args.tcpdump {
        print(capture_filter::of(&flows)?.as_bytes())?;
        return Ok(Exit::Success);
    }
    args.sort.sort(&mut flows);
    flows.truncate(args.limit.unwrap_or(usize::MAX));
    let text = match args.format {
        _ if args.jsonl => json::lines(&flows)?,
        Format::Json => json::array(&flows)?,
        Format::Csv => csv::text(&flows)?,
        Format::Table => table::text(&flows),
    };
    print(text.as_bytes())?;
    Ok(Exit::Success)
}

fn read(global: &GlobalArgs) -> Result<ListedFlows, CommandError> {
    let (config, _) = global.prepare()?;
    logging::start(config.log.level, Streams::StderrOnly);
    let now = SystemClock::new(&global.root()).now()?;
    let lister = Box::new(FlowLister::new(LISTED_AT_MOST));
    let mut collector =
        Collector::with_measurements(config, &global.root(), now.wall.as_secs(), vec![lister]);
    let moment = Moment { boot: now.boot, timestamp: None, wall: None, due: DueClocks::Both };
    let snapshot = runtime()?.block_on(collector.snapshot(&moment))?;
    Ok(snapshot.flows.map(Arc::unwrap_or_clone).unwrap_or_default())
}

#[cfg(test)]
mod tests;
