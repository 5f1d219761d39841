//! Whether hardware carries what the table doesn't show.

use std::collections::VecDeque;
use std::time::Duration;

use super::window::MINUTE;
use crate::activity::ActivityConfig;
use crate::census::outside::OutsideTraffic;
use crate::measurements::Tick;
use crate::measurements::conntrack_exporter::coverage::coverage;
use crate::proc_net::wan_traffic::WanTraffic;

/// Reports are never so quick that a minute had more.
const AT_MOST: usize = 60;
/// Reports are not quite punctual: of a minute so much must be known.
const ENOUGH: Duration = Duration::from_secs(55);

/// What flows carried outside, and what the WAN, in the reports of the last minute.
#[derive(Debug, Default)]
pub(super) struct Hidden(VecDeque<Report>);

#[derive(Clone, Copy, Debug)]
struct Report {
    time: Duration,
    outside: OutsideTraffic,
    wan_bytes: u64,
}

impl Hidden {
    /// One more report. Where anything isn't known, nothing is of the minute.
    pub(super) fn note(&mut self, tick: &Tick<'_>) {
        let wan = tick.last.and_then(|last| tick.sample.wan_traffic_since(last)).map(WanTraffic::bytes);
        let (Some(time), Some(outside), Some(wan_bytes)) = (tick.since_last(), tick.exporter.outside, wan)
        else {
            self.0.clear();
            return;
        };
        self.0.push_back(Report { time, outside, wan_bytes });
        while self.0.len() > AT_MOST
            || self.0.iter().skip(1).map(|report| report.time).sum::<Duration>() >= ENOUGH
        {
            self.0.pop_front();
        }
    }

    /// The share of the WAN's bytes that the table shows, if that is so little that anybody's may be hidden.
    pub(super) fn coverage(&self, config: &ActivityConfig) -> Option<f64> {
        let (mut time, mut outside, mut wan_bytes) = (Duration::ZERO, OutsideTraffic::default(), 0_u64);
        for report in &self.0 {
            time += report.time;
            outside += report.outside;
            wan_bytes = wan_bytes.saturating_add(report.wan_bytes);
        }
        #[expect(clippy::cast_precision_loss, reason = "2^53 bytes are nine petabytes")]
        let mbits = wan_bytes as f64 * 8.0 / 1e6 / time.max(MINUTE / 60).as_secs_f64();
        let share = coverage(outside, Some(wan_bytes))?;
        let is_hidden = time >= ENOUGH && mbits > config.coverage_mbits && share < config.coverage;
        is_hidden.then_some(share)
    }
}
