//! `conntrack`: the table itself, in the names and types of Telegraf's own conntrack input.
//!
//! That input sends floats; another type would be refused by a bucket that holds both.

use super::{Clock, Measurement, Tick};
use crate::attribution::owners::OwnerId;
use crate::series::Series;
use crate::series::point::{Field, Value};
use crate::series::schema::{Schema, TagSchema, UserTags, float};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "conntrack",
    every: Clock::Interval,
    tags: &[TagSchema::name("host")],
    fields: &[float("ip_conntrack_count"), float("ip_conntrack_max"), float("ip_conntrack_buckets")],
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// The measurement.
#[derive(Clone, Copy, Debug)]
pub struct Conntrack;

impl Measurement for Conntrack {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let table = tick.sample.table;
        // What the kernel did not tell is left out.
        #[expect(clippy::cast_precision_loss, reason = "no table has 2^53 entries")]
        let field = |(name, figure): (_, Option<u64>)| Some((name, Value::Float(figure? as f64)));
        let figures = [
            ("ip_conntrack_count", table.count),
            ("ip_conntrack_max", table.max),
            ("ip_conntrack_buckets", table.buckets),
        ];
        let fields: Vec<Field> = figures.into_iter().filter_map(field).collect();
        out.push(out.tags(&[tick.sample.host_tag()], &[]), fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::Gauges;
    use crate::measurements::fixture::Fixture;

    #[test]
    fn what_the_kernel_did_not_tell_is_left_out() {
        let mut fixture = Fixture::new();
        assert!(fixture.report(&mut Conntrack).points.is_empty());
        fixture.sample.table = Gauges { count: Some(26), max: Some(16384), buckets: None };
        let fields = fixture.report(&mut Conntrack).points.remove(0).fields;
        let expected =
            [("ip_conntrack_count", Value::Float(26.0)), ("ip_conntrack_max", Value::Float(16384.0))];
        assert_eq!(fields, expected);
    }
}
