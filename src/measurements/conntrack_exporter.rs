//! `conntrack_exporter`: the exporter about itself, so that loss shows on a dashboard.

pub mod coverage;

use super::{Clock, Measurement, Tick};
use crate::attribution::owners::OwnerId;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, integer, text};
use crate::snapshot::by_output::{DATAGRAMS_SENT, POINTS, SEND_ERRORS};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "conntrack_exporter",
    every: Clock::Interval,
    tags: &[TagSchema::name("host"), TagSchema::of_ours("output", 16)],
    fields: &[
        integer("sequence"),
        integer("started"),
        integer(POINTS),
        integer("entries_read"),
        integer("entries_loopback"),
        integer("entries_unattributed"),
        integer("entries_overflow"),
        integer("devices"),
        integer("duration_ns"),
        integer("resident_bytes"),
        integer("lines_unreadable"),
        integer(DATAGRAMS_SENT),
        integer(SEND_ERRORS),
        integer("ticks_skipped"),
        integer("reload_errors"),
        integer("cpu_ns"),
        text("source", 7),
        text("clock", 5),
        text("version", env!("CARGO_PKG_VERSION").len()),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// The measurement.
#[derive(Clone, Copy, Debug)]
pub struct ConntrackExporter;

impl Measurement for ConntrackExporter {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Tick { census, exporter, sample, .. } = tick;
        let unattributed = census.entries(OwnerId::UNATTRIBUTED);
        let of_others = tick.owners.other.owners.iter().map(|owner| census.entries(*owner)).sum::<u64>();
        let overflow = of_others - unattributed + out.shared().surplus;
        let filled_in_later = || Value::Integer(0);
        let fields = vec![
            ("sequence", Value::count(exporter.sequence)),
            ("started", Value::count(exporter.started)),
            (POINTS, filled_in_later()),
            ("entries_read", Value::count(census.read)),
            ("entries_loopback", Value::count(census.loopback)),
            ("entries_unattributed", Value::count(unattributed)),
            ("entries_overflow", Value::count(overflow)),
            ("devices", Value::count(out.shared().devices.unwrap_or(tick.owners.devices.len()))),
            ("duration_ns", Value::count(exporter.begun.elapsed().as_nanos())),
            ("resident_bytes", Value::count(sample.own.resident_bytes)),
            ("lines_unreadable", Value::count(exporter.totals.lines_unreadable)),
            (DATAGRAMS_SENT, filled_in_later()),
            (SEND_ERRORS, filled_in_later()),
            ("ticks_skipped", Value::count(exporter.totals.ticks_skipped)),
            ("reload_errors", Value::count(exporter.totals.reload_errors)),
            ("cpu_ns", Value::count(sample.own.cpu.as_nanos())),
            ("source", Value::Text(exporter.source.into())),
            ("clock", Value::Text(if exporter.clock_set { "set" } else { "unset" }.into())),
            ("version", Value::Text(env!("CARGO_PKG_VERSION").into())),
        ];
        out.push(out.tags(&[sample.host_tag()], &[]), fields);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::encode::line_protocol::Lines;
    use crate::measurements::fixture::Fixture;
    use crate::measurements::{Totals, longest_line};
    use crate::series::point::Tags;

    /// The smallest `telegraf.max_datagram` that can be configured.
    const SMALLEST_DATAGRAM: usize = 1024;

    #[test]
    fn every_field_is_in_the_schema_in_its_order() {
        let point = Fixture::new().report(&mut ConntrackExporter).points.remove(0);
        let names: Vec<_> = point.fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
        for output_fills_in in [POINTS, DATAGRAMS_SENT, SEND_ERRORS] {
            assert!(names.contains(&output_fills_in));
        }
    }

    #[test]
    fn the_longest_line_is_not_longer_than_the_schema_says_and_fits_in_a_datagram() {
        let mut fixture = Fixture::new();
        let most = u64::MAX;
        fixture.exporter.sequence = most;
        fixture.exporter.source = "netlink";
        fixture.exporter.totals = Totals { lines_unreadable: most, ticks_skipped: most, reload_errors: most };
        fixture.sample.own.resident_bytes = most;
        fixture.sample.own.cpu = Duration::from_secs(1 << 40);
        let mut point = fixture.report(&mut ConntrackExporter).points.remove(0);
        for (_, value) in &mut point.fields {
            if let Value::Integer(value) = value {
                *value = i64::MIN;
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
        assert!(point.fields.contains(&("devices", Value::Integer(1))));
    }
}
