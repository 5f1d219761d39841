//! `conntrack`: the table itself: how full it is, when it will be full, and what it has cost so far.
//!
//! The first figures are in the names and types of Telegraf's own conntrack input. That sends floats; another type would
//! be refused by a bucket that holds both.

mod trend;

use super::findings::TableFindings;
use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::conntrack::Gauges;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, float, integer};
use trend::Trend;

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "conntrack",
    every: Clock::Interval,
    tags: &[TagSchema::name("host")],
    fields: &[
        float("ip_conntrack_count"),
        float("ip_conntrack_max"),
        float("ip_conntrack_buckets"),
        float("fill_ratio"),
        float("seconds_to_full"),
        integer("drop"),
        integer("early_drop"),
        integer("insert_failed"),
        integer("invalid"),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// The measurement.
#[derive(Clone, Debug, Default)]
pub struct Conntrack {
    trend: Trend,
}

impl Measurement for Conntrack {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { table_statistics: true, ..Needs::default() }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Gauges { count, max, buckets } = tick.sample.table;
        let statistics = tick.sample.statistics.unwrap_or_default();
        if let Some(count) = count {
            self.trend.push(tick.sample.boot, count);
        }
        // Where 0 are allowed, nobody counts (`nf_conntrack_alloc()`).
        let limited = count.zip(max).filter(|(_, max)| *max > 0);
        let seconds_to_full = limited.and_then(|(_, max)| self.trend.seconds_to(max));
        let fill_ratio = limited.map(|(count, max)| fill_ratio(count, max));
        out.findings().table = fill_ratio.map(|fill_ratio| TableFindings { fill_ratio, seconds_to_full });
        let floats = [
            ("ip_conntrack_count", count.map(float_of)),
            ("ip_conntrack_max", max.map(float_of)),
            ("ip_conntrack_buckets", buckets.map(float_of)),
            ("fill_ratio", fill_ratio),
            ("seconds_to_full", seconds_to_full),
        ];
        let integers = [
            ("drop", statistics.drop),
            ("early_drop", statistics.early_drop),
            ("insert_failed", statistics.insert_failed),
            ("invalid", statistics.invalid),
        ];
        // What the kernel did not tell is left out.
        let floats = floats.into_iter().filter_map(|(name, figure)| Some((name, Value::Float(figure?))));
        let integers = integers.into_iter().filter_map(|(name, figure)| Some((name, Value::count(figure?))));
        let fields: Vec<_> = floats.chain(integers).collect();
        out.push(out.tags(&[tick.sample.host_tag()], &[]), fields);
    }
}

#[expect(clippy::cast_precision_loss, reason = "no table has 2^53 entries")]
const fn float_of(figure: u64) -> f64 {
    figure as f64
}

/// A limit that was lowered takes nobody out, and the kernel counts an entry before it finds no room for it: full is full.
const fn fill_ratio(count: u64, max: u64) -> f64 {
    (float_of(count) / float_of(max)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::statistics::TableStatistics;
    use crate::measurements::fixture::Fixture;
    use crate::series::point::Field;

    /// The fields of a report on a table of so many entries, of so many that are allowed.
    fn report(
        measurement: &mut Conntrack,
        fixture: &mut Fixture,
        count: Option<u64>,
        max: Option<u64>,
    ) -> Vec<Field> {
        fixture.sample.table = Gauges { count, max, buckets: None };
        let mut points = fixture.report(measurement).points;
        points.pop().map(|point| point.fields).unwrap_or_default()
    }

    fn figure(fields: &[Field], wanted: &str) -> Option<f64> {
        fields.iter().find_map(|(name, value)| match value {
            Value::Float(figure) if *name == wanted => Some(*figure),
            _ => None,
        })
    }

    #[test]
    fn what_the_kernel_did_not_tell_is_left_out() {
        let (mut fixture, mut measurement) = (Fixture::new(), Conntrack::default());
        assert!(fixture.report(&mut measurement).points.is_empty());
        fixture.sample.statistics = Some(TableStatistics::default());
        assert!(fixture.report(&mut measurement).points.is_empty());
        fixture.sample.statistics = Some(TableStatistics {
            drop: Some(1),
            early_drop: None,
            insert_failed: Some(0),
            invalid: Some(u64::MAX),
        });
        let fields = report(&mut measurement, &mut fixture, Some(4096), Some(16384));
        let expected = [
            ("ip_conntrack_count", Value::Float(4096.0)),
            ("ip_conntrack_max", Value::Float(16384.0)),
            ("fill_ratio", Value::Float(0.25)),
            ("drop", Value::Integer(1)),
            ("insert_failed", Value::Integer(0)),
            ("invalid", Value::Integer(i64::MAX)),
        ]
        .map(|(name, value)| (name.into(), value));
        assert_eq!(fields, expected);
    }

    #[test]
    fn every_field_is_in_the_schema_in_its_order() {
        let (mut fixture, mut measurement) = (Fixture::new(), Conntrack::default());
        let one = Some(1);
        fixture.sample.statistics =
            Some(TableStatistics { drop: one, early_drop: one, insert_failed: one, invalid: one });
        let mut fields = Vec::new();
        for count in 1..=5 {
            fixture.sample.table = Gauges { count: Some(count), max: Some(10), buckets: Some(8) };
            fields = fixture.report(&mut measurement).points.remove(0).fields;
        }
        let names: Vec<_> = fields.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    }

    #[test]
    fn how_full_it_is_and_when_it_will_be() {
        let (mut fixture, mut measurement) = (Fixture::new(), Conntrack::default());
        let mut told = |count, max| {
            let fields = report(&mut measurement, &mut fixture, count, max);
            ["fill_ratio", "seconds_to_full"].map(|name| figure(&fields, name))
        };
        for (count, ratio) in [(100, 0.1), (130, 0.13), (160, 0.16), (190, 0.19)] {
            assert_eq!(told(Some(count), Some(1000)), [Some(ratio), None]);
        }
        assert_eq!(told(Some(220), Some(1000)), [Some(0.22), Some(780.0)]);
        assert_eq!(told(None, Some(1000)), [None, None], "an old count is none");
        assert_eq!(told(Some(280), None), [None, None]);
        assert_eq!(told(Some(310), Some(0)), [None, None], "0 is no limit");
        assert_eq!(told(Some(340), Some(200)), [Some(1.0), Some(0.0)]);
    }
}
