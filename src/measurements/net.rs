//! `net`: what passed through each interface since it was made, in the names and types of Telegraf's own net input.
//!
//! That sends unsigned numbers, which its outputs write as signed ones unless they are told otherwise.

use super::interfaces::{self, INTERFACE, Seen};
use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, integer};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "net",
    every: Clock::Interval,
    tags: &[TagSchema::name("host"), INTERFACE],
    fields: &[
        integer("bytes_sent"),
        integer("bytes_recv"),
        integer("packets_sent"),
        integer("packets_recv"),
        integer("err_in"),
        integer("err_out"),
        integer("drop_in"),
        integer("drop_out"),
        integer("speed"),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// The measurement. At most 256 series.
#[derive(Clone, Copy, Debug)]
pub struct Net;

impl Measurement for Net {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { interfaces: true, links: true, ..Needs::default() }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Some(all) = interfaces::seen(tick) else { return out.know_nothing() };
        let shown = interfaces::bounded(all.into_iter().filter(is_shown).collect(), out);
        for interface in shown {
            let tags = out.tags(&[tick.sample.host_tag(), ("interface", interface.name.clone())], &[]);
            out.push(tags, fields(&interface));
        }
    }
}

/// Telegraf leaves out the loopback, and what is down. Where it isn't known what is down nothing is left out for it.
fn is_shown(interface: &Seen<'_>) -> bool {
    match interface.link {
        Some(link) => !link.loopback && link.up != Some(false),
        None => &*interface.name != "lo",
    }
}

fn fields(interface: &Seen<'_>) -> Vec<(&'static str, Value)> {
    let (received, sent) = (interface.counters.received, interface.counters.sent);
    // An unknown speed is -1 there.
    let speed = interface.link.and_then(|link| link.speed_mbps).map_or(-1, i64::from);
    vec![
        ("bytes_sent", Value::count(sent.bytes)),
        ("bytes_recv", Value::count(received.bytes)),
        ("packets_sent", Value::count(sent.packets)),
        ("packets_recv", Value::count(received.packets)),
        ("err_in", Value::count(received.errors)),
        ("err_out", Value::count(sent.errors)),
        ("drop_in", Value::count(received.dropped)),
        ("drop_out", Value::count(sent.dropped)),
        ("speed", Value::Integer(speed)),
    ]
}

#[cfg(test)]
mod tests;
