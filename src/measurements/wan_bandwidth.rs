//! `wan_bandwidth`: what comes in over the WAN, now and on the average of five minutes, as dashboards in use know it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::interfaces::per_second;
use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, float};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "wan_bandwidth",
    every: Clock::Traffic,
    tags: &[TagSchema::name("device")],
    fields: &[float("rx_rate"), float("rx_avg")],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &[],
};

/// Over which time the average is.
const AVERAGED: Duration = Duration::from_mins(5);
/// How many spans are remembered at most: those of five minutes, one a second.
const SPANS_AT_MOST: usize = 300;

/// The measurement.
#[derive(Clone, Debug, Default)]
pub struct WanBandwidth {
    /// The earliest first.
    spans: VecDeque<Span>,
}

/// What came in from one report to the next.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// When it ended, in time since boot.
    end: Duration,
    time: Duration,
    bytes: u64,
}

impl Measurement for WanBandwidth {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { interfaces: true, ..Needs::default() }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let now = tick.sample.boot;
        let time = tick.since_last().filter(|time| !time.is_zero());
        let bytes = tick.last.and_then(|last| tick.sample.wan_traffic_since(last)).map(|wan| wan.received);
        let span = time.zip(bytes).map(|(time, bytes)| Span { end: now, time, bytes });
        self.spans.extend(span);
        // A span counts as long as its end is of these minutes.
        while self.spans.len() > SPANS_AT_MOST
            || self.spans.front().is_some_and(|span| now.saturating_sub(span.end) >= AVERAGED)
        {
            self.spans.pop_front();
        }
        // What is not known of the last seconds is not known of now.
        let Some(span) = span else { return out.know_nothing() };
        let (bytes, time) = self.spans.iter().fold((0_u64, Duration::ZERO), |(bytes, time), span| {
            (bytes.saturating_add(span.bytes), time.saturating_add(span.time))
        });
        let fields = [("rx_rate", per_second(span.bytes, span.time)), ("rx_avg", per_second(bytes, time))];
        let tags = out.tags(&[("device", Rc::clone(&tick.sample.host))], &[]);
        out.push(tags, fields.map(|(name, rate)| (name, Value::Float(rate))).into());
    }
}

#[cfg(test)]
mod tests;
