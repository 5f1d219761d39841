//! `network_interface_total`: all that passed through the router's hardware, each packet once a way.
//!
//! Only physical interfaces count: a bridge, a VLAN, PPP or a tunnel carries what passes through one of those as well.

use super::super::interfaces::{self, Passed};
use super::super::{Clock, Measurement, Needs, Tick};
use super::rates;
use crate::attribution::owners::OwnerId;
use crate::proc_net::dev::DirectionCounters;
use crate::proc_net::links::Link;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, count, float};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "network_interface_total",
    every: Clock::Interval,
    tags: &[TagSchema::name("host")],
    fields: &[
        count("interfaces", 4),
        count("up", 4),
        float("rx_bits_per_second"),
        float("tx_bits_per_second"),
        float("rx_error_percent"),
        float("tx_error_percent"),
        float("rx_drop_percent"),
        float("tx_drop_percent"),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// The measurement.
#[derive(Clone, Copy, Debug)]
pub struct NetworkInterfaceTotal;

impl Measurement for NetworkInterfaceTotal {
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
        // Nor is anything known of it where it isn't known which are physical.
        if tick.sample.links.is_none() {
            return out.know_nothing();
        }
        let is_physical = |link: Option<&Link>| link.is_some_and(|link| link.physical);
        let physical: Vec<_> = all.into_iter().filter(|one| is_physical(one.link)).collect();
        let up = physical.iter().filter(|one| one.link.is_some_and(|link| link.up == Some(true))).count();
        let mut fields = vec![("interfaces", Value::count(physical.len())), ("up", Value::count(up))];
        // Without one of them the sum would be too small. One that has just come is known from the next time on.
        let passed = physical.iter().map(|one| one.passed).collect::<Option<Vec<_>>>();
        if let Some(sum) = passed.and_then(|passed| passed.into_iter().reduce(add)) {
            fields.extend(rates(&sum, None));
        }
        out.push(out.tags(&[tick.sample.host_tag()], &[]), fields);
    }
}

fn add(one: Passed, other: Passed) -> Passed {
    let sum = |one: DirectionCounters, other: DirectionCounters| DirectionCounters {
        bytes: one.bytes.saturating_add(other.bytes),
        packets: one.packets.saturating_add(other.packets),
        errors: one.errors.saturating_add(other.errors),
        dropped: one.dropped.saturating_add(other.dropped),
    };
    Passed { received: sum(one.received, other.received), sent: sum(one.sent, other.sent), time: one.time }
}
