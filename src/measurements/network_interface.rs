//! `network_interface`: what each interface is like, and how it fares: rates, what was damaged and dropped, and how much of
//! its speed is in use.

pub mod total;

use std::fmt::Write as _;
use std::rc::Rc;

use super::findings::InterfaceFindings;
use super::interfaces::{self, INTERFACE, Passed, Seen, float_of, per_second, percent_of_packets};
use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::lan::interfaces::Interface;
use crate::proc_net::links::Link;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, count, float, text};

/// What it sends. All of it fits a line.
pub const SCHEMA: Schema = Schema {
    name: "network_interface",
    every: Clock::Interval,
    tags: &[TagSchema::name("host"), INTERFACE],
    fields: &[
        count("up", 1),
        count("carrier", 1),
        count("speed_mbps", 10),
        count("mtu", 10),
        text("duplex", 4),
        text("operstate", 14),
        text("addresses", ADDRESSES_AT_MOST),
        text("broadcast", 15),
        count("carrier_changes", 10),
        float("rx_bits_per_second"),
        float("tx_bits_per_second"),
        float("rx_error_percent"),
        float("tx_error_percent"),
        float("rx_drop_percent"),
        float("tx_drop_percent"),
        float("utilisation_percent"),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &["up"],
};

/// How long the list of addresses may be, in bytes: five of IPv6 that can't be abbreviated, and usually ten.
const ADDRESSES_AT_MOST: usize = 220;

/// The measurement. At most 256 series.
#[derive(Clone, Copy, Debug)]
pub struct NetworkInterface;

impl Measurement for NetworkInterface {
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
        for interface in interfaces::bounded(all, out) {
            let tags = out.tags(&[tick.sample.host_tag(), ("interface", interface.name.clone())], &[]);
            let fields = fields(&interface);
            out.findings().interfaces.push(found(&interface.name, &fields));
            out.push(tags, fields);
        }
    }
}

/// What rules of alerts judge an interface by.
fn found(name: &Rc<str>, fields: &[(&'static str, Value)]) -> InterfaceFindings {
    let figure = |wanted: &str| {
        fields.iter().find_map(|(field, value)| match value {
            Value::Float(figure) if *field == wanted => Some(*figure),
            _ => None,
        })
    };
    let errors = [figure("rx_error_percent"), figure("tx_error_percent")];
    InterfaceFindings {
        name: Rc::clone(name),
        error_percent: errors.into_iter().flatten().reduce(f64::max),
        utilisation_percent: figure("utilisation_percent"),
    }
}

/// What is known of one; the rest is left out.
fn fields(interface: &Seen<'_>) -> Vec<(&'static str, Value)> {
    let Seen { link, addresses, passed, .. } = interface;
    let flag = |flag: Option<bool>| flag.map(|flag| Value::Integer(flag.into()));
    let known = [
        ("up", flag(link.and_then(|link| link.up))),
        ("carrier", flag(link.and_then(|link| link.carrier))),
        ("speed_mbps", link.and_then(Link::known_speed).map(Value::count)),
        ("mtu", link.and_then(|link| link.mtu).map(Value::count)),
        ("duplex", link.and_then(|link| link.duplex.clone()).map(Value::Text)),
        ("operstate", link.and_then(|link| link.operstate.clone()).map(Value::Text)),
        ("addresses", addresses.and_then(list)),
        ("broadcast", addresses.and_then(|of| of.broadcast).map(|one| Value::Text(one.to_string().into()))),
        ("carrier_changes", link.and_then(|link| link.carrier_changes).map(Value::count)),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let speed = link.and_then(Link::real_speed);
    known.chain(passed.iter().flat_map(|passed| rates(passed, speed))).collect()
}

/// Its addresses, each with the length of its mask and a comma in between; those that find no room are left out.
fn list(interface: &Interface) -> Option<Value> {
    let mut list = String::new();
    for address in &interface.addresses {
        let before = list.len();
        let comma = if list.is_empty() { "" } else { "," };
        // Writing to a String can't fail.
        let _ = write!(list, "{comma}{address}");
        if list.len() > ADDRESSES_AT_MOST {
            list.truncate(before);
            break;
        }
    }
    (!list.is_empty()).then(|| Value::Text(list.into()))
}

/// How much there was of what, in fields of both measurements; of a `speed` in Mbit/s also how much of it.
fn rates(passed: &Passed, speed: Option<u32>) -> impl Iterator<Item = (&'static str, Value)> + use<> {
    let Passed { received, sent, time } = *passed;
    let bits = |bytes: u64| 8.0 * per_second(bytes, time);
    let (rx, tx) = (bits(received.bytes), bits(sent.bytes));
    let fields = [
        ("rx_bits_per_second", Some(rx)),
        ("tx_bits_per_second", Some(tx)),
        ("rx_error_percent", percent_of_packets(received.errors, received.packets)),
        ("tx_error_percent", percent_of_packets(sent.errors, sent.packets)),
        ("rx_drop_percent", percent_of_packets(received.dropped, received.packets)),
        ("tx_drop_percent", percent_of_packets(sent.dropped, sent.packets)),
        // Each direction has all of the speed for itself.
        ("utilisation_percent", speed.map(|speed| 100.0 * rx.max(tx) / (float_of(speed.into()) * 1e6))),
    ];
    fields.into_iter().filter_map(|(name, figure)| Some((name, Value::Float(figure?))))
}

#[cfg(test)]
mod tests;
