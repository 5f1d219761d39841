//! Which figures are metrics, and under which names.

use super::Figure;
use crate::encode::prometheus::Kind;
use crate::measurements::{
    connection_state, connection_trend, conntrack, conntrack_exporter, device, device_traffic,
};

const OF_DEVICE: &[(&str, &str)] = &[("device_name", "device_name")];
const OF_STATE: &[(&str, &str)] =
    &[("device_name", "device_name"), ("protocol", "protocol"), ("state", "state")];
const NANOSECOND: f64 = 1e-9;

/// Every figure that is a metric of its own.
pub(super) const ALL: &[Figure] = &[
    gauge(
        connection_state::SCHEMA.name,
        "count",
        "conntrack_connections",
        "Connections by device, protocol and state.",
        OF_STATE,
    ),
    of_device(
        device_traffic::SCHEMA.name,
        "active_connections",
        "conntrack_active_connections",
        "Connections that moved bytes since the last snapshot.",
    ),
    of_device(
        device_traffic::SCHEMA.name,
        "remote_hosts",
        "conntrack_remote_hosts",
        "Hosts with which bytes were moved since the last snapshot.",
    ),
    of_device(
        device_traffic::SCHEMA.name,
        "top_host_share",
        "conntrack_top_host_ratio",
        "Which part of the bytes was moved with the busiest host.",
    ),
    of_device(
        connection_trend::SCHEMA.name,
        "normal_peak",
        "conntrack_normal_peak_connections",
        "The most connections that are normal for the device at this hour of the week.",
    ),
    of_device(
        connection_trend::SCHEMA.name,
        "growth_per_hour",
        "conntrack_growth_connections_per_hour",
        "How many connections more the device has every hour.",
    ),
    of_device(
        connection_trend::SCHEMA.name,
        "idle_entries",
        "conntrack_idle_entries",
        "Established TCP connections over which nothing has passed for ten minutes.",
    ),
    of_device(device::SCHEMA.name, "online", "conntrack_device_online", "Devices that are there."),
    table("ip_conntrack_count", "conntrack_entries", "Entries of the connection table.", Kind::Gauge),
    table(
        "ip_conntrack_max",
        "conntrack_entries_limit",
        "How many entries the connection table can hold.",
        Kind::Gauge,
    ),
    table(
        "seconds_to_full",
        "conntrack_full_in_seconds",
        "In how many seconds the table is full, if it is filling.",
        Kind::Gauge,
    ),
    table(
        "drop",
        "conntrack_drop_total",
        "Packets that found no room in the table, since boot.",
        Kind::Counter,
    ),
    table(
        "early_drop",
        "conntrack_early_drop_total",
        "Entries that were thrown out to make room, since boot.",
        Kind::Counter,
    ),
    table(
        "insert_failed",
        "conntrack_insert_failed_total",
        "Entries that could not be entered, since boot.",
        Kind::Counter,
    ),
    table(
        "invalid",
        "conntrack_invalid_total",
        "Packets that belong to no connection, since boot.",
        Kind::Counter,
    ),
    rises("sequence", "conntrack_exporter_snapshots_total", "Snapshots since the start."),
    rises(
        "traffic_sequence",
        "conntrack_exporter_traffic_snapshots_total",
        "Snapshots of traffic since the start.",
    ),
    rises(
        "lines_unreadable",
        "conntrack_exporter_lines_unreadable_total",
        "Entries that could not be understood since the start.",
    ),
    rises(
        "ticks_skipped",
        "conntrack_exporter_ticks_skipped_total",
        "Snapshots that could not be taken since the start.",
    ),
    rises(
        "reload_errors",
        "conntrack_exporter_reload_errors_total",
        "Configurations that were refused since the start.",
    ),
    rises(
        "rereads",
        "conntrack_exporter_rereads_total",
        "How often the table was read once more since the start.",
    ),
    rises(
        "counter_resets",
        "conntrack_exporter_accounting_resets_total",
        "Counters of flows that fell since the start.",
    ),
    Figure {
        factor: NANOSECOND,
        ..rises("cpu_ns", "conntrack_exporter_cpu_seconds_total", "Time of the processor since the start.")
    },
    Figure {
        factor: NANOSECOND,
        ..of_exporter(
            "duration_ns",
            "conntrack_exporter_snapshot_seconds",
            "How long the last snapshot took.",
        )
    },
    Figure {
        factor: NANOSECOND,
        ..of_exporter(
            "sampling_ns",
            "conntrack_exporter_pass_interval_seconds",
            "The time from one pass over the table to the next.",
        )
    },
    of_exporter(
        "started",
        "conntrack_exporter_start_time_seconds",
        "When the program was started, in seconds since 1970.",
    ),
    of_exporter("resident_bytes", "conntrack_exporter_resident_memory_bytes", "Memory in use."),
    of_exporter("entries_read", "conntrack_exporter_entries_read", "Entries of the last snapshot."),
    of_exporter(
        "entries_loopback",
        "conntrack_exporter_entries_loopback",
        "Those of them that the router has with itself, which are not counted.",
    ),
    of_exporter(
        "entries_unattributed",
        "conntrack_exporter_entries_unattributed",
        "Those of them that are nobody's.",
    ),
    of_exporter(
        "entries_overflow",
        "conntrack_exporter_entries_overflow",
        "Those of them that are beyond the limits.",
    ),
    of_exporter("devices", "conntrack_exporter_devices", "Devices that have entries."),
    of_exporter("series_overflow", "conntrack_exporter_series_overflow", "Series that found no room."),
    of_exporter(
        "flows_tracked",
        "conntrack_exporter_flows_tracked",
        "Flows that are remembered from one pass to the next.",
    ),
    of_exporter(
        "flows_untracked",
        "conntrack_exporter_flows_untracked",
        "Flows for which there was no room.",
    ),
    of_exporter("accounting", "conntrack_exporter_accounting", "Whether the kernel counts bytes."),
    of_exporter("offloaded", "conntrack_exporter_entries_offloaded", "Entries that are offloaded."),
    of_exporter(
        "coverage",
        "conntrack_exporter_coverage_ratio",
        "Which part of the WAN's traffic the table has seen.",
    ),
];

const fn gauge(
    measurement: &'static str,
    field: &'static str,
    name: &'static str,
    help: &'static str,
    labels: &'static [(&'static str, &'static str)],
) -> Figure {
    Figure { measurement, field, name, help, kind: Kind::Gauge, labels, factor: 1.0 }
}

const fn of_device(
    measurement: &'static str,
    field: &'static str,
    name: &'static str,
    help: &'static str,
) -> Figure {
    gauge(measurement, field, name, help, OF_DEVICE)
}

const fn table(field: &'static str, name: &'static str, help: &'static str, kind: Kind) -> Figure {
    Figure { kind, ..gauge(conntrack::SCHEMA.name, field, name, help, &[]) }
}

const fn of_exporter(field: &'static str, name: &'static str, help: &'static str) -> Figure {
    gauge(conntrack_exporter::SCHEMA.name, field, name, help, &[])
}

const fn rises(field: &'static str, name: &'static str, help: &'static str) -> Figure {
    Figure { kind: Kind::Counter, ..of_exporter(field, name, help) }
}
