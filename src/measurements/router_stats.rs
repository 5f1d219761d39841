//! `router_stats`: the router as a machine, and the rates of its interfaces in bytes, as dashboards in use know them.
//!
//! Both sorts of points are of one measurement: one of the router, and one of each interface with the tag `interface`.

use std::rc::Rc;

use super::interfaces::{self, INTERFACE, Seen, float_of, per_second};
use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::machine::CpuTimes;
use crate::series::Series;
use crate::series::point::{Tag, Value};
use crate::series::schema::{Schema, TagSchema, UserTags, float, integer};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "router_stats",
    every: Clock::Traffic,
    tags: &[TagSchema::name("device"), INTERFACE],
    fields: &[
        integer("uptime"),
        float("cpu_user"),
        float("cpu_system"),
        float("cpu_total"),
        float("mem_used"),
        float("mem_total"),
        float("rx_rate"),
        float("tx_rate"),
        integer("rx_errors"),
        integer("rx_dropped"),
    ],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &["rx_rate", "tx_rate"],
};

/// What the interface is called that holds the default route.
const WAN: &str = "wan";

/// The measurement. At most 257 series.
#[derive(Clone, Copy, Debug)]
pub struct RouterStats;

impl Measurement for RouterStats {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { interfaces: true, machine: true, ..Needs::default() }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let device: Tag = ("device", Rc::clone(&tick.sample.host));
        out.push(out.tags(std::slice::from_ref(&device), &[]), machine(tick));
        for (name, fields) in interfaces::bounded(of_interfaces(tick), out) {
            out.push(out.tags(&[device.clone(), ("interface", name)], &[]), fields.shown());
        }
    }
}

/// What is known of the machine.
fn machine(tick: &Tick<'_>) -> Vec<(&'static str, Value)> {
    let now = tick.sample.machine.unwrap_or_default();
    let before = tick.last.and_then(|last| last.machine).and_then(|machine| machine.cpu);
    let [user, system, total] = now.cpu.zip(before).map_or([None; 3], |(now, before)| shares(now, before));
    let fields = [
        ("uptime", now.uptime.map(|uptime| Value::count(uptime.as_secs()))),
        ("cpu_user", user.map(Value::Float)),
        ("cpu_system", system.map(Value::Float)),
        ("cpu_total", total.map(Value::Float)),
        ("mem_used", now.memory.map(|memory| Value::Float(float_of(memory.used)))),
        ("mem_total", now.memory.map(|memory| Value::Float(float_of(memory.total)))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// In percent of the time of all processors: in programs, in the kernel, and at work at all. What has fallen, as the time
/// of waiting can (`get_iowait_time()`), is left out.
fn shares(now: CpuTimes, before: CpuTimes) -> [Option<f64>; 3] {
    let all = now.total.checked_sub(before.total).filter(|all| *all > 0);
    let share = |part: Option<u64>| Some(100.0 * float_of(part?) / float_of(all?));
    let at_work = now.idle.checked_sub(before.idle).and_then(|idle| all?.checked_sub(idle));
    [share(now.user.checked_sub(before.user)), share(now.system.checked_sub(before.system)), share(at_work)]
}

/// What is told of an interface.
#[derive(Clone, Copy, Debug, Default)]
struct Fields {
    /// Bytes a second, received and sent, if they are known.
    rates: Option<[f64; 2]>,
    errors: u64,
    dropped: u64,
}

impl Fields {
    fn of(interface: &Seen<'_>) -> Self {
        let rate = interface.passed.map(|passed| {
            [passed.received.bytes, passed.sent.bytes].map(|bytes| per_second(bytes, passed.time))
        });
        let received = interface.counters.received;
        Self { rates: rate, errors: received.errors, dropped: received.dropped }
    }

    fn add(self, other: Self) -> Self {
        let sum = |([rx, tx], [more_rx, more_tx]): ([f64; 2], [f64; 2])| [rx + more_rx, tx + more_tx];
        Self {
            rates: self.rates.zip(other.rates).map(sum),
            errors: self.errors.saturating_add(other.errors),
            dropped: self.dropped.saturating_add(other.dropped),
        }
    }

    fn shown(self) -> Vec<(&'static str, Value)> {
        let rates = self.rates.map(|[rx, tx]| [("rx_rate", Value::Float(rx)), ("tx_rate", Value::Float(tx))]);
        let totals = [("rx_errors", Value::count(self.errors)), ("rx_dropped", Value::count(self.dropped))];
        rates.into_iter().flatten().chain(totals).collect()
    }
}

/// All interfaces but the loopback. Those that hold a default route are one, `wan`, and come first; another that is merely
/// called so is left out. While it isn't known which hold one, nothing is said of any.
fn of_interfaces(tick: &Tick<'_>) -> Vec<(Rc<str>, Fields)> {
    let Some((wan, all)) = tick.sample.wan.as_ref().zip(interfaces::seen(tick)) else { return Vec::new() };
    let (uplinks, others): (Vec<_>, Vec<_>) = all
        .iter()
        .filter(|one| &*one.name != "lo")
        .partition(|one| wan.names().any(|name| name == one.counters.name));
    let wan = uplinks.into_iter().map(Fields::of).reduce(Fields::add);
    let wan = wan.map(|fields| (Rc::from(WAN), fields));
    let others = others.into_iter().filter(|one| &*one.name != WAN);
    wan.into_iter().chain(others.map(|one| (Rc::clone(&one.name), Fields::of(one)))).collect()
}

#[cfg(test)]
mod tests;
