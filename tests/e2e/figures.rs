//! Every figure of some measurements, whoever sent it and over how many lines it was spread.

use std::collections::{BTreeMap, BTreeSet};

use influxdb_line_protocol::parse_lines;

/// What a line is about: its measurement, and its tags in order.
pub(crate) type Series = (String, BTreeMap<String, String>);

/// Fields with their types, by what they are about.
pub(crate) type Figures = BTreeMap<Series, BTreeMap<String, String>>;

/// The figures in line protocol, of these measurements alone.
pub(crate) fn figures(text: &str, measurements: &[&str]) -> Figures {
    let mut figures = Figures::new();
    for line in parse_lines(text) {
        let line = line.unwrap_or_else(|error| panic!("{error}: {text}"));
        if !measurements.contains(&line.series.measurement.as_str()) {
            continue;
        }
        let tags = line.series.tag_set.iter().flatten();
        let tags = tags.map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let known = figures.entry((line.series.measurement.to_string(), tags)).or_default();
        for (name, value) in &line.field_set {
            let before = known.insert(name.to_string(), format!("{value:?}"));
            assert_eq!(before, None, "{name} of {} twice", line.series.measurement);
        }
    }
    figures
}

/// What two have not in common, one to a line: what it is about, and both values.
pub(crate) fn differences(one: &Figures, other: &Figures) -> Vec<String> {
    let series: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let of = |series: &Series| {
        let of = |figures: &Figures| figures.get(series).cloned().unwrap_or_default();
        let (one, other) = (of(one), of(other));
        let names: BTreeSet<_> = one.keys().chain(other.keys()).cloned().collect();
        let differing = names.into_iter().filter(|name| one.get(name) != other.get(name));
        let told = differing.map(|name| {
            let value = |figures: &BTreeMap<String, String>| {
                figures.get(&name).map_or("nothing", |value| value).to_owned()
            };
            let tags =
                series.1.iter().map(|(key, value)| format!(",{key}={value}")).collect::<Vec<_>>().concat();
            format!("{}{tags} {name}: {}, {}", series.0, value(&one), value(&other))
        });
        told.collect::<Vec<_>>()
    };
    series.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spread_over_lines_is_put_together_and_compared_with_its_types() {
        let one = figures(
            "nstat,host=r,name=snmp a=1i,b=2i 5\nnstat,host=r,name=snmp c=3i 5\nother x=1i 5\n",
            &["nstat"],
        );
        assert_eq!(one.len(), 1);
        assert_eq!(
            differences(&one, &figures("nstat,host=r,name=snmp c=3i,b=2i,a=1i 9\n", &["nstat"])),
            [""; 0]
        );
        let other = figures("nstat,host=r,name=snmp a=1,c=4i\nnet,host=r d=1i\n", &["nstat", "net"]);
        assert_eq!(
            differences(&one, &other),
            [
                "net,host=r d: nothing, I64(1)",
                "nstat,host=r,name=snmp a: I64(1), F64(1.0)",
                "nstat,host=r,name=snmp b: I64(2), nothing",
                "nstat,host=r,name=snmp c: I64(3), I64(4)",
            ]
        );
    }
}
