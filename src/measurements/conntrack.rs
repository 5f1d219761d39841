//! `conntrack`: the table itself, in the names and types of Telegraf's own conntrack input.
//!
//! That input sends floats; another type would be refused by a bucket that holds both.

use std::rc::Rc;

use crate::conntrack::Gauges;
use crate::series::point::{Point, Tags, Value};

/// The point, if the kernel told anything.
pub fn point(gauges: Gauges, host: &Rc<Tags>) -> Option<Point> {
    let figures = [
        ("ip_conntrack_count", gauges.count),
        ("ip_conntrack_max", gauges.max),
        ("ip_conntrack_buckets", gauges.buckets),
    ];
    let float = |figure: u64| Value::Float(u32::try_from(figure).unwrap_or(u32::MAX));
    let fields: Vec<_> =
        figures.iter().filter_map(|(name, figure)| Some((*name, float((*figure)?)))).collect();
    (!fields.is_empty()).then(|| Point { measurement: "conntrack", tags: Rc::clone(host), fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_did_not_tell_is_left_out() {
        let host = Rc::new(Tags::new(vec![("host", "router".into())], &[].into()));
        assert_eq!(point(Gauges::default(), &host), None);
        let gauges = Gauges { count: Some(26), max: Some(16384), buckets: None };
        let fields = point(gauges, &host).unwrap().fields;
        assert_eq!(
            fields,
            [("ip_conntrack_count", Value::Float(26)), ("ip_conntrack_max", Value::Float(16384))]
        );
    }
}
