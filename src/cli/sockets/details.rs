//! How a socket fares, in the words of `ss`.

use crate::proc_net::sockets::{Details, SocketMemory, TcpInfo, Timer, TimerKind};

/// The line below a socket's; empty if nothing is known. As with `ss`, what is 0 and means nothing is not mentioned.
pub(super) fn line(details: &Details) -> String {
    let mut words = Vec::new();
    words.extend(details.timer.map(timer));
    words.extend(details.memory.as_ref().map(memory));
    if let Some(tcp) = &details.tcp {
        times_and_window(tcp, &mut words);
        losses(tcp, &mut words);
        bytes_and_rates(tcp, &mut words);
        limits(tcp, &mut words);
        words.extend(tcp.min_rtt_us.map(|rtt| format!("minrtt:{}", milliseconds(rtt))));
    }
    words.join(" ")
}

fn timer(Timer { kind, expires_ms, retransmits }: Timer) -> String {
    let kind = match kind {
        TimerKind::Retransmit => "on",
        TimerKind::KeepAlive => "keepalive",
        TimerKind::TimeWait => "timewait",
        TimerKind::Probe => "persist",
    };
    format!("timer:({kind},{},{retransmits})", time(expires_ms))
}

/// Minutes and seconds; milliseconds where they matter.
fn time(milliseconds: u32) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    match (seconds / 60, seconds % 60) {
        (0, 0) => format!("{rest}ms"),
        (0, seconds) => format!("{seconds}.{rest:03}sec"),
        (minutes, 0) => format!("{minutes}min"),
        (minutes, seconds) => format!("{minutes}min{seconds}sec"),
    }
}

fn memory(memory: &SocketMemory) -> String {
    let SocketMemory {
        receive,
        receive_limit,
        transmit,
        transmit_limit,
        forward,
        queued,
        options,
        backlog,
        drops,
    } = memory;
    format!(
        "skmem:(r{receive},rb{receive_limit},t{transmit},tb{transmit_limit},f{forward},w{queued},o{options},\
         bl{backlog},d{drops})"
    )
}

fn times_and_window(tcp: &TcpInfo, words: &mut Vec<String>) {
    // A connection that has exchanged nothing yet has no round-trip time.
    if tcp.rtt_us > 0 {
        words.push(format!("rtt:{}/{}", milliseconds(tcp.rtt_us), milliseconds(tcp.rtt_variance_us)));
    }
    words.push(format!("mss:{}", tcp.segment_bytes));
    words.push(format!("cwnd:{}", tcp.congestion_window));
    words.extend(tcp.slow_start_threshold.map(|threshold| format!("ssthresh:{threshold}")));
}

fn losses(tcp: &TcpInfo, words: &mut Vec<String>) {
    if tcp.retransmitting > 0 || tcp.total_retransmitted > 0 {
        words.push(format!("retrans:{}/{}", tcp.retransmitting, tcp.total_retransmitted));
    }
    let counted = [("lost", tcp.lost), ("unacked", tcp.unacked)];
    words.extend(
        counted.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name}:{count}")),
    );
}

fn bytes_and_rates(tcp: &TcpInfo, words: &mut Vec<String>) {
    let bytes = [
        ("bytes_sent", tcp.bytes_sent),
        ("bytes_retrans", tcp.bytes_retransmitted),
        ("bytes_acked", tcp.bytes_acked),
        ("bytes_received", tcp.bytes_received),
    ];
    let told = |(name, bytes): (&str, Option<u64>)| {
        bytes.filter(|bytes| *bytes > 0).map(|bytes| format!("{name}:{bytes}"))
    };
    words.extend(bytes.into_iter().filter_map(told));
    let rates = [("pacing_rate", tcp.pacing_rate), ("delivery_rate", tcp.delivery_rate)];
    let told = |(name, rate): (&str, Option<u64>)| {
        rate.filter(|rate| *rate > 0).map(|rate| format!("{name} {}", bits_per_second(rate)))
    };
    words.extend(rates.into_iter().filter_map(told));
}

/// For how long it had something to send, and what kept it from that.
fn limits(tcp: &TcpInfo, words: &mut Vec<String>) {
    let Some(busy) = tcp.busy_us.filter(|busy| *busy > 0) else { return };
    words.push(format!("busy:{}ms", busy / 1000));
    let limits =
        [("rwnd_limited", tcp.receive_window_limited_us), ("sndbuf_limited", tcp.send_buffer_limited_us)];
    for (name, limited) in limits {
        if let Some(limited) = limited.filter(|limited| *limited > 0) {
            // In tenths of a percent, without a detour by floats.
            let tenths = u128::from(limited) * 1000 / u128::from(busy);
            words.push(format!("{name}:{}ms({}.{}%)", limited / 1000, tenths / 10, tenths % 10));
        }
    }
}

/// Microseconds as milliseconds, with as many digits as there are.
fn milliseconds(microseconds: u32) -> String {
    let text = format!("{}.{:03}", microseconds / 1000, microseconds % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes per second as bits per second, to three digits or so.
fn bits_per_second(bytes: u64) -> String {
    let bits = u128::from(bytes) * 8;
    let units = [(1_000_000_000, "Gbps"), (1_000_000, "Mbps"), (1_000, "kbps")];
    match units.into_iter().find(|(unit, _)| bits >= *unit) {
        Some((unit, name)) => {
            let tenths = (bits * 10 + unit / 2) / unit;
            format!("{}.{}{name}", tenths / 10, tenths % 10)
        }
        None => format!("{bits}bps"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sockets::fixture::detailed;

    #[test]
    fn everything_that_is_known() {
        let expected = "timer:(on,200ms,2) skmem:(r1,rb131072,t2,tb87040,f3,w4,o5,bl6,d7) rtt:20.345/1.5 mss:1448 cwnd:10 \
            ssthresh:7 retrans:2/17 lost:1 unacked:4 bytes_sent:1200 bytes_retrans:200 bytes_acked:1000 \
            bytes_received:2000 pacing_rate 10.0Mbps delivery_rate 1.0Mbps busy:500ms rwnd_limited:125ms(25.0%) minrtt:18";
        assert_eq!(line(&detailed().details.unwrap()), expected);
    }

    #[test]
    fn what_is_not_known_or_nothing_is_not_mentioned() {
        assert_eq!(line(&Details::default()), "");
        let tcp = TcpInfo { segment_bytes: 536, congestion_window: 10, ..TcpInfo::default() };
        let fresh = Details { tcp: Some(tcp), ..Details::default() };
        assert_eq!(line(&fresh), "mss:536 cwnd:10");
        let tcp = TcpInfo { busy_us: Some(0), receive_window_limited_us: Some(7), ..tcp };
        assert_eq!(line(&Details { tcp: Some(tcp), ..fresh }), "mss:536 cwnd:10");
    }

    #[test]
    fn times_and_rates() {
        let told = [0, 40, 999, 1_000, 1_500, 59_999, 60_000, 61_000, 7_200_000].map(time);
        assert_eq!(
            told,
            ["0ms", "40ms", "999ms", "1.000sec", "1.500sec", "59.999sec", "1min", "1min1sec", "120min"]
        );
        assert_eq!([0, 32, 1_000, 20_340].map(milliseconds), ["0", "0.032", "1", "20.34"]);
        let told = [0, 1, 124, 125, 1_000_000, 125_000_000].map(bits_per_second);
        assert_eq!(told, ["0bps", "8bps", "992bps", "1.0kbps", "8.0Mbps", "1.0Gbps"]);
        let most = Details {
            tcp: Some(TcpInfo {
                busy_us: Some(u64::MAX),
                receive_window_limited_us: Some(u64::MAX),
                delivery_rate: Some(u64::MAX),
                ..TcpInfo::default()
            }),
            ..Details::default()
        };
        assert!(line(&most).contains("(100.0%)"), "{}", line(&most));
    }
}
