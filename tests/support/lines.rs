//! Line protocol, read back more strictly than Telegraf does: whatever is odd about a line is an error here.

use std::collections::BTreeMap;

use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines};

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) measurement: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) fields: BTreeMap<String, Value>,
    pub(crate) timestamp: Option<i64>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Integer(i64),
    Float(f64),
    Text(String),
}

/// Which fields a measurement has, in the order in which they are sent; `i`nteger, `f`loat or `t`ext, and `?` behind those
/// that are left out where they aren't known. `*` are any that the kernel counts.
const FIELDS: &[(&str, &str)] = &[
    ("connection_state", "count:i"),
    ("connection_rate", "opened:i closed:i unreplied:i opened_per_second:f closed_per_second:f"),
    ("bandwidth", "bytes:i"),
    (
        "device_traffic",
        "rx_bytes:i? tx_bytes:i? rx_packets:i? tx_packets:i? rx_bits_per_second:f? tx_bits_per_second:f? \
         connections:i active_connections:i? bits_per_second_per_connection:f? remote_hosts:i? top_host_share:f?",
    ),
    ("destination", "connections:i? opened:i? rx_bytes:i? tx_bytes:i?"),
    ("device_activity", "activity:t code:i confidence:f since:i? why:t"),
    (
        "connection_trend",
        "entries:i share:f? average_1m:f? average_5m:f? average_15m:f? peak_1h:f? peak_24h:f? growth_per_hour:f? \
         normal_peak:f? idle_entries:i?",
    ),
    ("device", "ip:t? mac:t? device_type:t? named_by:t? first_seen:i? last_seen:i? online:i"),
    (
        "conntrack",
        "ip_conntrack_count:f? ip_conntrack_max:f? ip_conntrack_buckets:f? fill_ratio:f? seconds_to_full:f? \
         drop:i? early_drop:i? insert_failed:i? invalid:i?",
    ),
    ("nstat", "*:i"),
    (
        "tcp_health",
        "retransmitted_percent:f? fast_percent:f? slow_start_percent:f? loss_probe_percent:f? lost_percent:f? \
         retransmitted_per_second:f? timeouts_per_second:f? listen_drops_per_second:f? \
         listen_overflows_per_second:f? pruned_per_second:f? opened_active_per_second:f? \
         opened_passive_per_second:f? failed_per_second:f? resets_in_per_second:f? resets_out_per_second:f? \
         syn_retransmitted_per_second:f? syncookies_per_second:f? retransmitted_per_second_1m:f? \
         retransmitted_per_second_5m:f? retransmitted_per_second_15m:f?",
    ),
    (
        "netstat",
        "tcp_established:i tcp_syn_sent:i tcp_syn_recv:i tcp_fin_wait1:i tcp_fin_wait2:i tcp_time_wait:i tcp_close:i \
         tcp_close_wait:i tcp_last_ack:i tcp_listen:i tcp_closing:i tcp_none:i udp_socket:i",
    ),
    (
        "tcp_service",
        "connections:i half_open:i? time_wait:i? close_wait:i? rtt_us_min:i? rtt_us_median:i? rtt_us_max:i? \
         cwnd_median:i? lost:i? unacked:i? retransmitted:i? bytes_acked:i? bytes_received:i? \
         retransmitted_percent:f? rwnd_limited_percent:f? sndbuf_limited_percent:f?",
    ),
    ("listening_port", "queue:i backlog:i? uid:i? process:t? pid:i? sockets:i"),
    (
        "net",
        "bytes_sent:i bytes_recv:i packets_sent:i packets_recv:i err_in:i err_out:i drop_in:i drop_out:i speed:i",
    ),
    (
        "network_interface",
        "up:i? carrier:i? speed_mbps:i? mtu:i? duplex:t? operstate:t? addresses:t? broadcast:t? carrier_changes:i? \
         rx_bits_per_second:f? tx_bits_per_second:f? rx_error_percent:f? tx_error_percent:f? rx_drop_percent:f? \
         tx_drop_percent:f? utilisation_percent:f?",
    ),
    (
        "network_interface_total",
        "interfaces:i up:i? rx_bits_per_second:f? tx_bits_per_second:f? rx_error_percent:f? tx_error_percent:f? \
         rx_drop_percent:f? tx_drop_percent:f?",
    ),
    (
        "router_stats",
        "uptime:i? cpu_user:f? cpu_system:f? cpu_total:f? mem_used:f? mem_total:f? rx_rate:f? tx_rate:f? \
         rx_errors:i? rx_dropped:i?",
    ),
    ("wan_bandwidth", "rx_rate:f rx_avg:f"),
    ("connection_alert", "firing:i value:f? threshold:f? since:i? message:t"),
    (
        "conntrack_exporter",
        "sequence:i started:i points:i entries_read:i entries_loopback:i entries_unattributed:i \
         entries_overflow:i devices:i duration_ns:i resident_bytes:i lines_unreadable:i datagrams_sent:i \
         send_errors:i ticks_skipped:i reload_errors:i cpu_ns:i traffic_sequence:i rereads:i series_overflow:i \
         sampling_ns:i flows_tracked:i flows_untracked:i counter_resets:i accounting:i? offloaded:i coverage:f? \
         source:t clock:t version:t",
    ),
];

/// Which tags a measurement has besides those that a user may add.
const TAGS: &[(&str, &[&str])] = &[
    ("connection_state", &["device_name", "protocol", "state"]),
    ("connection_rate", &["device_name", "protocol"]),
    ("bandwidth", &["device_name", "direction", "protocol"]),
    ("device_traffic", &["device_name"]),
    ("destination", &["destination", "device_name", "service"]),
    ("device_activity", &["device_name"]),
    ("connection_trend", &["device_name"]),
    ("device", &["device_name"]),
    ("conntrack", &["host"]),
    ("nstat", &["host", "name"]),
    ("tcp_health", &["host"]),
    ("netstat", &["host"]),
    ("tcp_service", &["host", "port", "role"]),
    ("listening_port", &["address", "host", "port", "protocol"]),
    ("net", &["host", "interface"]),
    ("network_interface", &["host", "interface"]),
    ("network_interface_total", &["host"]),
    ("router_stats", &["device"]),
    ("wan_bandwidth", &["device"]),
    ("connection_alert", &["device_name", "rule", "severity"]),
    ("conntrack_exporter", &["host"]),
];

/// Reads whole lines, each ended by a newline, as they are in a datagram.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Line>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
    let whole = text.strip_suffix('\n').ok_or_else(|| format!("does not end in a newline: {text:?}"))?;
    let lines: Vec<Line> = whole.split('\n').map(line).collect::<Result<_, _>>()?;
    let together = parse_lines(text).count();
    if together != lines.len() {
        return Err(format!("{} lines are read as {together} points: {text:?}", lines.len()));
    }
    Ok(lines)
}

fn line(text: &str) -> Result<Line, String> {
    let mut points = parse_lines(text);
    let (Some(point), None) = (points.next(), points.next()) else {
        return Err(format!("not one point: {text:?}"));
    };
    point
        .map_err(|error| error.to_string())
        .and_then(|point| checked(&point))
        .map_err(|why| format!("{why}: {text:?}"))
}

fn checked(point: &ParsedLine<'_>) -> Result<Line, String> {
    let measurement = point.series.measurement.to_string();
    let tags: Vec<(String, String)> = point
        .series
        .tag_set
        .iter()
        .flatten()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    if !tags.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Err("tags not in order, or one of them twice".to_owned());
    }
    let tags = BTreeMap::from_iter(tags);
    let wanted = known(TAGS, &measurement).ok_or("an unknown measurement")?;
    if let Some(lacking) = wanted.iter().find(|key| !tags.contains_key(**key)) {
        return Err(format!("no tag {lacking}"));
    }
    let fields: Vec<(String, Value)> = point
        .field_set
        .iter()
        .map(|(key, field)| Ok((key.to_string(), value(field)?)))
        .collect::<Result<_, String>>()?;
    let found: Vec<_> = fields.iter().map(|(key, value)| format!("{key}:{}", kind(value))).collect();
    if !are_those_of(&measurement, &found) {
        return Err(format!("other fields than those of {measurement}"));
    }
    Ok(Line { measurement, tags, fields: fields.into_iter().collect(), timestamp: point.timestamp })
}

/// Whether these are the fields of `measurement`: all of them, in order, but for what isn't always known.
fn are_those_of(measurement: &str, found: &[String]) -> bool {
    let mut found = found.iter().peekable();
    for field in known(FIELDS, measurement).unwrap_or_default().split_whitespace() {
        if let Some(kind) = field.strip_prefix('*') {
            return found.all(|found| found.ends_with(kind));
        }
        let (field, may_lack) = field.strip_suffix('?').map_or((field, false), |field| (field, true));
        if found.next_if(|found| *found == field).is_none() && !may_lack {
            return false;
        }
    }
    found.next().is_none()
}

fn known<T: Copy>(table: &[(&str, T)], measurement: &str) -> Option<T> {
    table.iter().find(|(name, _)| *name == measurement).map(|(_, entry)| *entry)
}

fn value(field: &FieldValue<'_>) -> Result<Value, String> {
    match field {
        FieldValue::I64(value) => Ok(Value::Integer(*value)),
        FieldValue::F64(value) => Ok(Value::Float(*value)),
        FieldValue::String(value) => Ok(Value::Text(value.to_string())),
        other => Err(format!("a field of another kind: {other:?}")),
    }
}

const fn kind(value: &Value) -> char {
    match value {
        Value::Integer(_) => 'i',
        Value::Float(_) => 'f',
        Value::Text(_) => 't',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_meant() {
        let text = b"connection_state,device_name=a\\ b\\,c,protocol=tcp,state=NONE count=3i 17\n";
        let lines = parse(text).unwrap();
        assert_eq!(lines[0].tags["device_name"], "a b,c");
        assert_eq!(lines[0].fields["count"], Value::Integer(3));
        assert_eq!(lines[0].timestamp, Some(17));
        assert!(parse(b"conntrack,host=r ip_conntrack_count=1,ip_conntrack_max=2\n").is_ok());
        assert!(parse(b"device_traffic,device_name=a rx_bytes=1i,connections=2i,remote_hosts=1i\n").is_ok());
        assert!(parse(b"nstat,host=r,name=snmp TcpInSegs=1i,TcpOutSegs=2i\n").is_ok());
    }

    #[test]
    fn what_is_odd_is_refused() {
        for odd in [
            "",
            "\n",
            "connection_state,device_name=a,protocol=tcp,state=NONE count=3i",
            "connection_state,device_name=a,protocol=tcp,state=NONE count=3i\n\n",
            "connection_state,device_name=a,protocol=tcp,state=NONE count=3\n",
            "connection_state,device_name=a,protocol=tcp,state=NONE count=3i,count=3i\n",
            "connection_state,device_name=a,protocol=tcp,state=NONE count=3i,bytes=1i\n",
            "connection_state,device_name=a,device_name=b,protocol=tcp,state=NONE count=3i\n",
            "connection_state,protocol=tcp,device_name=a,state=NONE count=3i\n",
            "connection_state,device_name=a,protocol=tcp count=3i\n",
            "connection_state,device_name=a b,protocol=tcp,state=NONE count=3i\n",
            "conntrack,host=r ip_conntrack_count=1i\n",
            "conntrack,host=r ip_conntrack_max=2,ip_conntrack_count=1\n",
            "device_traffic,device_name=a rx_bytes=1i\n",
            "nstat,host=r,name=snmp TcpInSegs=1i,TcpOutSegs=1\n",
            "nstat,host=r TcpInSegs=1i\n",
            "elsewhere,host=r count=1i\n",
        ] {
            assert!(parse(odd.as_bytes()).is_err(), "{odd:?}");
        }
    }
}
