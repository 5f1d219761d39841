//! `conntrack_exporter`: the exporter about itself, so that loss shows on a dashboard.

pub mod coverage;

use coverage::coverage;

use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::proc_net::wan_traffic::WanTraffic;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, count, float, integer, text};
use crate::snapshot::by_output::{DATAGRAMS_SENT, POINTS, SEND_ERRORS};

/// The kernel counts entries in 32 bits (`struct nf_conntrack_net`).
const ENTRIES_DIGITS: usize = 10;

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "conntrack_exporter",
    every: Clock::Interval,
    tags: &[TagSchema::name("host"), TagSchema::of_ours("output", 16)],
    fields: &[
        integer("sequence"),
        count("started", 11),
        count(POINTS, ENTRIES_DIGITS),
        count("entries_read", ENTRIES_DIGITS),
        count("entries_loopback", ENTRIES_DIGITS),
        count("entries_unattributed", ENTRIES_DIGITS),
        count("entries_overflow", ENTRIES_DIGITS),
        count("devices", ENTRIES_DIGITS),
        count("duration_ns", 15),
        count("resident_bytes", 15),
        integer("lines_unreadable"),
        integer(DATAGRAMS_SENT),
        integer(SEND_ERRORS),
        integer("ticks_skipped"),
        integer("reload_errors"),
        integer("cpu_ns"),
        integer("traffic_sequence"),
        integer("rereads"),
        count("series_overflow", ENTRIES_DIGITS),
        count("sampling_ns", 13),
        count("flows_tracked", ENTRIES_DIGITS),
        count("flows_untracked", ENTRIES_DIGITS),
        integer("counter_resets"),
        count("accounting", 1),
        count("offloaded", ENTRIES_DIGITS),
        float("coverage"),
        text("source", 7),
        text("clock", 5),
        text("version", env!("CARGO_PKG_VERSION").len()),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// What only an output knows.
const FILLED_IN_LATER: Value = Value::Integer(0);

/// The measurement.
#[derive(Clone, Copy, Debug)]
pub struct ConntrackExporter;

impl Measurement for ConntrackExporter {
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
        let Tick { census, exporter, sample, .. } = tick;
        let unattributed = census.entries(OwnerId::UNATTRIBUTED);
        let of_others = tick.owners.other.owners.iter().map(|owner| census.entries(*owner)).sum::<u64>();
        let overflow = of_others - unattributed + out.findings().surplus;
        let tracking = exporter.tracking;
        let mut fields = vec![
            ("sequence", Value::count(exporter.sequence)),
            ("started", Value::count(exporter.started)),
            (POINTS, FILLED_IN_LATER),
            ("entries_read", Value::count(census.read)),
            ("entries_loopback", Value::count(census.loopback)),
            ("entries_unattributed", Value::count(unattributed)),
            ("entries_overflow", Value::count(overflow)),
            ("devices", Value::count(out.findings().devices.unwrap_or(tick.owners.devices.len()))),
            ("duration_ns", Value::count(exporter.begun.elapsed().as_nanos())),
            ("resident_bytes", Value::count(sample.own.resident_bytes)),
            ("lines_unreadable", Value::count(exporter.totals.lines_unreadable)),
            (DATAGRAMS_SENT, FILLED_IN_LATER),
            (SEND_ERRORS, FILLED_IN_LATER),
            ("ticks_skipped", Value::count(exporter.totals.ticks_skipped)),
            ("reload_errors", Value::count(exporter.totals.reload_errors)),
            ("cpu_ns", Value::count(sample.own.cpu.as_nanos())),
            ("traffic_sequence", Value::count(exporter.traffic_sequence)),
            ("rereads", Value::count(exporter.rereads)),
            ("series_overflow", Value::count(out.findings().series_overflow)),
            ("sampling_ns", Value::count(exporter.pass_interval.as_nanos())),
            ("flows_tracked", Value::count(tracking.tracked)),
            ("flows_untracked", Value::count(tracking.untracked)),
            ("counter_resets", Value::count(tracking.counter_resets)),
        ];
        fields.extend(exporter.accounting.map(|is_on| ("accounting", Value::count(u8::from(is_on)))));
        fields.push(("offloaded", Value::count(census.offloaded)));
        fields.extend(covered(tick).map(|coverage| ("coverage", Value::Float(coverage))));
        fields.extend([
            ("source", Value::Text(exporter.source.into())),
            ("clock", Value::Text(if exporter.clock_set { "set" } else { "unset" }.into())),
            ("version", Value::Text(env!("CARGO_PKG_VERSION").into())),
        ]);
        out.push(out.tags(&[sample.host_tag()], &[]), fields);
    }
}

/// How much of what the WAN's interfaces carried since the last report the table has seen.
fn covered(tick: &Tick<'_>) -> Option<f64> {
    let wan = tick.sample.wan_traffic_since(tick.last?);
    coverage(tick.exporter.outside?, wan.map(WanTraffic::bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::census::outside::OutsideTraffic;
    use crate::encode::line_protocol::Lines;
    use crate::lan::wan::WanInterfaces;
    use crate::measurements::fixture::Fixture;
    use crate::measurements::{Totals, longest_line};
    use crate::proc_net::dev;
    use crate::series::point::Tags;
    use crate::series::schema::FieldKind;

    /// The smallest `telegraf.max_datagram` that can be configured.
    const SMALLEST_DATAGRAM: usize = 1024;

    /// A third of what the WAN carried since the last report was that of flows.
    fn with_a_wan() -> Fixture {
        let mut fixture = Fixture::new();
        fixture.sample.wan = Some(WanInterfaces::among(["ppp0".to_owned()], &[]));
        for bytes in [0, 3_000_000] {
            let counters = format!("ppp0: {bytes} 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
            fixture.sample.interfaces = Some(dev::parse(counters.as_bytes()));
            if bytes == 0 {
                fixture.report(&mut ConntrackExporter);
            }
        }
        fixture.exporter.outside = Some(OutsideTraffic { bytes: 1_000_000, tunnels: 0 });
        fixture
    }

    #[test]
    fn every_field_is_in_the_schema_in_its_order() {
        let mut fixture = with_a_wan();
        let point = fixture.report(&mut ConntrackExporter).points.remove(0);
        let names: Vec<_> = point.fields.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
        for output_fills_in in [POINTS, DATAGRAMS_SENT, SEND_ERRORS] {
            assert!(names.contains(&output_fills_in));
        }
    }

    #[test]
    fn the_longest_line_is_not_longer_than_the_schema_says_and_fits_in_a_datagram() {
        let mut fixture = with_a_wan();
        let most = u64::MAX;
        fixture.exporter.sequence = most;
        fixture.exporter.source = "netlink";
        fixture.exporter.totals = Totals { lines_unreadable: most, ticks_skipped: most, reload_errors: most };
        fixture.sample.own.resident_bytes = most;
        fixture.sample.own.cpu = Duration::from_secs(1 << 40);
        let mut point = fixture.report(&mut ConntrackExporter).points.remove(0);
        for ((_, value), schema) in point.fields.iter_mut().zip(SCHEMA.fields) {
            if let Value::Integer(value) = value {
                *value = match schema.kind {
                    FieldKind::Count(digits) => 10_i64.pow(digits.try_into().unwrap()) - 1,
                    _ => i64::MIN,
                };
            }
        }
        point.tags =
            Tags::new(vec![("host", ",".repeat(64).into()), ("output", "x".repeat(16).into())], &[].into())
                .into();
        let mut lines = Lines::default();
        lines.push(&point, Some(i64::MAX));
        let length = lines.text().len();
        assert!(length <= SCHEMA.longest_line(), "{length} of {}", SCHEMA.longest_line());
        assert!(longest_line() <= SMALLEST_DATAGRAM, "{}", longest_line());
    }

    #[test]
    fn a_measurement_that_is_off_leaves_the_devices_that_are_shown() {
        let mut fixture = Fixture::new();
        fixture.device("tv");
        let point = fixture.report(&mut ConntrackExporter).points.remove(0);
        assert!(point.fields.contains(&("devices".into(), Value::Integer(1))));
    }
}
