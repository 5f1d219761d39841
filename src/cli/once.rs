//! `once`: one snapshot on standard output, in any of our formats.

use clap::ValueEnum;

use super::error::{CommandError, Exit};
use super::{GlobalArgs, print, runtime};
use crate::collector::{Collector, Moment};
use crate::daemon::clock::{Clock as _, SystemClock, Verdict};
use crate::daemon::schedule::latest;
use crate::encode::line_protocol::Lines;
use crate::encode::prometheus::Format as PrometheusFormat;
use crate::encode::{csv, json, prometheus};
use crate::logging::{self, Streams};
use crate::measurements::DueClocks;
use crate::outputs::ledger::Ledger;
use crate::overview::Latest;
use crate::prometheus::families;
use crate::series::point::Point;
use crate::snapshot::{Snapshot, timestamp};
use crate::state::keeper::Place;

/// Its options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// line-protocol (without this), json, csv with a
    /// header, or prometheus
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, hide_default_value = true)]
    #[arg(hide_possible_values = true, verbatim_doc_comment)]
    pub(super) format: Format,

    /// JSON, one object to a line
    #[arg(long, conflicts_with = "format")]
    pub(super) jsonl: bool,
}

/// How a snapshot is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// As it is sent to Telegraf.
    #[default]
    LineProtocol,
    /// An array of points.
    Json,
    /// A row for every figure, for spreadsheets (RFC 4180).
    Csv,
    /// As `/metrics` serves it, in the text format 0.0.4.
    Prometheus,
}

/// Takes a snapshot, stamped as the daemon would have stamped its last one, and prints it.
pub(super) fn run(global: &GlobalArgs, args: Args) -> Result<Exit, CommandError> {
    let (config, _) = global.prepare()?;
    logging::start(config.log.level, Streams::StderrOnly);
    let (root, clock) = (global.root(), SystemClock::new(&global.root()));
    let now = clock.now()?;
    let clock_set = Verdict::at(now, &clock);
    let instant = latest(config.interval.duration(), now.wall);
    let timestamp = timestamp(config.timestamps, instant, clock_set);
    let remembered = Place::remembered(&config.state.directory, &root);
    let mut latest = Latest::new(&config);
    let node_names = config.prometheus.node_names;
    let mut collector = Collector::new(config, &root, now.wall.as_secs());
    collector.restore(remembered);
    let moment =
        Moment { boot: now.boot, timestamp, wall: clock_set.then_some(instant), due: DueClocks::Both };
    let snapshot = runtime()?.block_on(collector.snapshot(&moment))?;
    let text = match args.format {
        Format::Prometheus => {
            latest.take(&snapshot, now.boot);
            let families = families(&latest, Some(&Ledger::default()), node_names);
            prometheus::text(&families, PrometheusFormat::Text)
        }
        _ if args.jsonl => json::lines(&points(&snapshot), timestamp)?,
        Format::Json => json::array(&points(&snapshot), timestamp)?,
        Format::Csv => csv::text(&points(&snapshot), timestamp)?,
        Format::LineProtocol => line_protocol(&points(&snapshot), timestamp),
    };
    print(text.as_bytes())?;
    Ok(Exit::Success)
}

/// The points, as an output completes them that has sent nothing yet.
fn points(snapshot: &Snapshot) -> Vec<Point> {
    Ledger::default().complete(snapshot)
}

fn line_protocol(points: &[Point], timestamp: Option<i64>) -> String {
    let mut lines = Lines::default();
    lines.write(points, timestamp);
    String::from_utf8_lossy(lines.text()).into_owned()
}
