//! What a snapshot tells of what flows did, summed by device. Devices of which it tells nothing but zeros are left out.

use std::collections::BTreeMap;

use conntrack_exporter::census::flow_tracker::ProtocolGroup;
use conntrack_exporter::series::point::{Point, Value};
use conntrack_exporter::snapshot::Snapshot;

/// Figures by the name of a device.
pub(crate) type ByDevice<const N: usize> = BTreeMap<String, [u64; N]>;

/// Bytes received and sent by device, of all services.
pub(crate) fn bandwidth(snapshot: &Snapshot) -> ByDevice<2> {
    sums(snapshot, "bandwidth", |point| {
        let bytes = integer(point, "bytes");
        if tag(point, "direction") == "rx" { [bytes, 0] } else { [0, bytes] }
    })
}

/// Bytes received and sent, and packets, by device.
pub(crate) fn device_traffic(snapshot: &Snapshot) -> ByDevice<4> {
    sums(snapshot, "device_traffic", |point| {
        ["rx_bytes", "tx_bytes", "rx_packets", "tx_packets"].map(|field| integer(point, field))
    })
}

/// What was opened and closed by device, of one protocol.
pub(crate) fn connection_rate(snapshot: &Snapshot, group: ProtocolGroup) -> ByDevice<2> {
    sums(snapshot, "connection_rate", |point| {
        let is_of_group = tag(point, "protocol") == group.name();
        ["opened", "closed"].map(|field| if is_of_group { integer(point, field) } else { 0 })
    })
}

/// Sums by device, of those that are not all zero.
fn sums<const N: usize>(
    snapshot: &Snapshot,
    measurement: &str,
    figures: impl Fn(&Point) -> [u64; N],
) -> ByDevice<N> {
    let mut sums = ByDevice::<N>::new();
    for point in snapshot.points().filter(|point| point.measurement == measurement) {
        let sum = sums.entry(tag(point, "device_name").to_owned()).or_insert([0; N]);
        sum.iter_mut().zip(figures(point)).for_each(|(sum, figure)| *sum += figure);
    }
    sums.retain(|_, figures| figures.iter().any(|figure| *figure > 0));
    sums
}

fn tag<'a>(point: &'a Point, key: &str) -> &'a str {
    point.tags.own(key).unwrap()
}

fn integer(point: &Point, name: &str) -> u64 {
    let found = point.fields.iter().find(|(field, _)| *field == name);
    match found {
        Some((_, Value::Integer(value))) => (*value).try_into().unwrap(),
        None => 0,
        other => panic!("{other:?} is no integer"),
    }
}
