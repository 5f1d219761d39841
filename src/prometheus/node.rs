//! The router's own figures, in the names of Prometheus' own `node_exporter`, for whoever has dashboards of those and not the
//! program: two exporters with equal names double every sum, so this has to be asked for.

use std::collections::BTreeMap;

use super::Figure;
use crate::encode::prometheus::{Family, Kind, Sample};
use crate::measurements::{conntrack, net, netstat, network_interface, nstat};
use crate::overview::Latest;
use crate::series::point::Value;

/// Which protocol of the kernel's a counter is of, the longer names first: `TcpExtListenDrops` isn't one of `Tcp`.
const GROUPS: [&str; 13] = [
    "MPTcpExt", "IcmpMsg", "UdpLite6", "UdpLite", "TcpExt", "IpExt", "Icmp6", "Udp6", "Ip6", "Icmp", "Tcp",
    "Udp", "Ip",
];

/// Those that fall, too.
const GAUGES: [&str; 1] = ["TcpCurrEstab"];

const OF_INTERFACE: &[(&str, &str)] = &[("device", "interface")];

const FIGURES: &[Figure] = &[
    figure(
        conntrack::SCHEMA.name,
        "ip_conntrack_count",
        "node_nf_conntrack_entries",
        "Entries of the connection table.",
    ),
    figure(
        conntrack::SCHEMA.name,
        "ip_conntrack_max",
        "node_nf_conntrack_entries_limit",
        "How many it can hold.",
    ),
    of_interface("up", "node_network_up", "Whether the interface is up.", 1.0),
    of_interface("carrier", "node_network_carrier", "Whether the interface has a carrier.", 1.0),
    of_interface("mtu", "node_network_mtu_bytes", "The largest packet of the interface.", 1.0),
    of_interface(
        "speed_mbps",
        "node_network_speed_bytes",
        "The speed of the interface, per second.",
        125_000.0,
    ),
    rises_at("bytes_recv", "node_network_receive_bytes_total", "Bytes that the interface received."),
    rises_at("bytes_sent", "node_network_transmit_bytes_total", "Bytes that the interface sent."),
    rises_at("packets_recv", "node_network_receive_packets_total", "Packets that the interface received."),
    rises_at("packets_sent", "node_network_transmit_packets_total", "Packets that the interface sent."),
    rises_at("err_in", "node_network_receive_errs_total", "Damaged packets that the interface received."),
    rises_at("err_out", "node_network_transmit_errs_total", "Packets that the interface could not send."),
    rises_at("drop_in", "node_network_receive_drop_total", "Received packets that the interface dropped."),
    rises_at(
        "drop_out",
        "node_network_transmit_drop_total",
        "Packets to be sent that the interface dropped.",
    ),
];

const fn figure(
    measurement: &'static str,
    field: &'static str,
    name: &'static str,
    help: &'static str,
) -> Figure {
    Figure { measurement, field, name, help, kind: Kind::Gauge, labels: &[], factor: 1.0 }
}

const fn of_interface(field: &'static str, name: &'static str, help: &'static str, factor: f64) -> Figure {
    Figure { labels: OF_INTERFACE, factor, ..figure(network_interface::SCHEMA.name, field, name, help) }
}

const fn rises_at(field: &'static str, name: &'static str, help: &'static str) -> Figure {
    Figure { kind: Kind::Counter, labels: OF_INTERFACE, ..figure(net::SCHEMA.name, field, name, help) }
}

/// All of them.
pub(super) fn families(latest: &Latest) -> Vec<Family> {
    let mut families: Vec<Family> = FIGURES.iter().map(|figure| figure.family(latest)).collect();
    families.extend(counted_by_protocols(latest));
    families.push(tcp_states(latest));
    families
}

/// What the kernel's protocols have counted. As with `node_exporter` nobody says of which sort a figure is.
fn counted_by_protocols(latest: &Latest) -> impl Iterator<Item = Family> {
    let fields = latest.points(nstat::SCHEMA.name).unwrap_or_default().iter().flat_map(|point| &point.fields);
    let figures: BTreeMap<String, (Kind, f64)> = fields
        .filter_map(|(name, value)| {
            let Value::Integer(value) = value else { return None };
            let (group, figure) = GROUPS.iter().find_map(|group| Some((group, name.strip_prefix(group)?)))?;
            let kind = if GAUGES.contains(&&**name) { Kind::Gauge } else { Kind::Unknown };
            Some((format!("node_netstat_{group}_{figure}"), (kind, super::float(*value))))
        })
        .collect();
    figures.into_iter().map(|(name, (kind, value))| {
        let sample = Sample { labels: Vec::new(), value };
        Family::new(name, "What the kernel has counted, by its own name.", kind, [sample])
    })
}

/// How many of the router's own sockets of TCP are in which state.
fn tcp_states(latest: &Latest) -> Family {
    let point = latest.points(netstat::SCHEMA.name).and_then(<[_]>::first);
    let fields = point.into_iter().flat_map(|point| point.fields.iter().map(move |(name, _)| (point, name)));
    let samples = fields.filter_map(|(point, name)| {
        let state = name.strip_prefix("tcp_").filter(|state| *state != "none")?;
        Some(Sample { labels: vec![("state", state.to_owned())], value: point.number(name)? })
    });
    Family::new(
        "node_tcp_connection_states",
        "The router's own sockets of TCP, by state.",
        Kind::Gauge,
        samples,
    )
}
