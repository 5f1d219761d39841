use std::net::SocketAddr;

use super::*;
use crate::measurements::fixture::Fixture;
use crate::proc_net::sockets::{Details, TcpInfo};
use crate::series::point::Point;

/// A socket between two ports, and what `INET_DIAG` says of it.
fn socket(state: TcpState, local: u16, remote: u16, info: Option<(u64, TcpInfo)>) -> Socket {
    let at = |port| SocketAddr::from(([192, 0, 2, 1], port));
    let details = info.map(|(cookie, info)| Details { cookie, tcp: Some(info), ..Details::default() });
    Socket {
        transport: Transport::Tcp,
        state,
        local: at(local),
        remote: at(remote),
        receive_queue: 0,
        send_queue: 0,
        uid: 0,
        inode: 0,
        details,
    }
}

fn listening(port: u16) -> Socket {
    socket(TcpState::Listen, port, 0, None)
}

/// A connection to port 22 of the router's.
fn connection(cookie: u64, info: TcpInfo) -> Socket {
    socket(TcpState::Established, 22, 50_000, Some((cookie, info)))
}

fn info() -> TcpInfo {
    TcpInfo {
        rtt_us: 1000,
        congestion_window: 10,
        lost: 1,
        unacked: 2,
        total_retransmitted: 3,
        bytes_acked: Some(10_000),
        bytes_received: Some(500),
        busy_us: Some(1_000_000),
        receive_window_limited_us: Some(250_000),
        send_buffer_limited_us: Some(0),
        bytes_sent: Some(12_000),
        bytes_retransmitted: Some(2_000),
        ..TcpInfo::default()
    }
}

/// The points after a reading of these sockets.
fn report(measurement: &mut TcpService, fixture: &mut Fixture, sockets: &[Socket]) -> Vec<Point> {
    show(measurement, sockets);
    fixture.report(measurement).points
}

fn show(measurement: &mut TcpService, sockets: &[Socket]) {
    measurement.begin_sockets();
    for socket in sockets {
        measurement.observe_socket(socket);
    }
}

/// Whose a point is, and one of its fields.
fn figure(point: &Point, wanted: &str) -> (String, Option<Value>) {
    let [role, port] = ["role", "port"].map(|key| point.tags.own(key).unwrap());
    let found = point.fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone());
    (format!("{role} {port}"), found)
}

fn fixture(source: SocketSource) -> (Fixture, TcpService) {
    let mut fixture = Fixture::new();
    fixture.sample.sockets = Some(source);
    (fixture, TcpService::default())
}

#[test]
fn by_states_alone_where_nobody_tells_more() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Text);
    let sockets = [
        listening(22),
        listening(53),
        socket(TcpState::Established, 22, 50_000, None),
        socket(TcpState::Established, 22, 50_001, None),
        socket(TcpState::SynRecv, 22, 50_002, None),
        socket(TcpState::TimeWait, 22, 50_003, None),
        socket(TcpState::CloseWait, 22, 50_004, None),
        socket(TcpState::LastAck, 22, 50_005, None),
        socket(TcpState::SynSent, 40_000, 443, None),
        socket(TcpState::TimeWait, 40_001, 443, None),
        Socket { transport: Transport::Udp, ..socket(TcpState::Close, 67, 0, None) },
    ];
    let points = report(&mut measurement, &mut fixture, &sockets);
    let fields = |point: &Point| {
        point.fields.iter().map(|(name, value)| (name.to_string(), value.clone())).collect::<Vec<_>>()
    };
    let expected = |counts: [i64; 4]| {
        let names = ["connections", "half_open", "time_wait", "close_wait"];
        names
            .iter()
            .zip(counts)
            .map(|(name, count)| ((*name).to_owned(), Value::Integer(count)))
            .collect::<Vec<_>>()
    };
    let server = points.iter().find(|point| figure(point, "").0 == "server 22").unwrap();
    let client = points.iter().find(|point| figure(point, "").0 == "client 443").unwrap();
    assert_eq!((fields(server), fields(client)), (expected([2, 1, 1, 1]), expected([0, 1, 1, 0])));
    assert_eq!(points.len(), 2, "nobody is connected to 53");
    assert_eq!(server.tags.own("host").map(|host| &**host), Some("router"));
}

#[test]
fn every_field_is_in_the_schema_in_its_order() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Diag);
    let before = [listening(22), connection(1, TcpInfo { bytes_acked: Some(0), ..info() })];
    let at_first = report(&mut measurement, &mut fixture, &before).remove(0);
    let names = |point: &Point| point.fields.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
    let all: Vec<_> = SCHEMA.fields.iter().map(|field| field.name).collect();
    assert_eq!(names(&at_first), all[..10], "what was done before the start isn't known");
    let after = TcpInfo { busy_us: Some(3_000_000), bytes_sent: Some(14_000), ..info() };
    let point = report(&mut measurement, &mut fixture, &[listening(22), connection(1, after)]).remove(0);
    assert_eq!(names(&point), all);
    for (name, value) in &point.fields {
        let field = SCHEMA.fields.iter().find(|field| *name == field.name).unwrap();
        assert_eq!(field.kind, value.kind(), "{name}");
    }
}

#[test]
fn how_connections_fare() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Diag);
    let rtt = |rtt_us, congestion_window| TcpInfo { rtt_us, congestion_window, ..info() };
    let closing = socket(TcpState::CloseWait, 22, 50_009, Some((9, TcpInfo { rtt_us: 1, ..info() })));
    let sockets = [
        listening(22),
        connection(1, rtt(4000, 10)),
        connection(2, rtt(1000, 40)),
        connection(3, rtt(0, 20)),
        connection(4, rtt(9000, 30)),
        connection(5, rtt(2000, 7)),
        closing,
    ];
    let point = report(&mut measurement, &mut fixture, &sockets).remove(0);
    for (name, expected) in [
        ("connections", 5),
        ("close_wait", 1),
        ("rtt_us_min", 1000),
        ("rtt_us_median", 2000),
        ("rtt_us_max", 9000),
        ("cwnd_median", 20),
        ("lost", 5),
        ("unacked", 10),
    ] {
        assert_eq!(figure(&point, name).1, Some(Value::Integer(expected)), "{name}");
    }
    let unknown = [listening(22), connection(1, rtt(0, 10))];
    let point = report(&mut measurement, &mut fixture, &unknown).remove(0);
    assert_eq!(figure(&point, "rtt_us_min").1, None);
    assert_eq!(figure(&point, "cwnd_median").1, Some(Value::Integer(10)));
}

#[test]
fn what_was_done_since_the_last_report() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Diag);
    report(&mut measurement, &mut fixture, &[listening(22), connection(1, info())]);
    let later = TcpInfo {
        total_retransmitted: 5,
        bytes_acked: Some(11_000),
        bytes_received: Some(700),
        busy_us: Some(1_800_000),
        receive_window_limited_us: Some(450_000),
        send_buffer_limited_us: Some(80_000),
        bytes_sent: Some(13_600),
        bytes_retransmitted: Some(2_200),
        ..info()
    };
    // The second has come since: it counts wholly.
    let sockets = [listening(22), connection(1, later), connection(2, info())];
    let point = report(&mut measurement, &mut fixture, &sockets).remove(0);
    for (name, expected) in [("retransmitted", 5), ("bytes_acked", 11_000), ("bytes_received", 700)] {
        assert_eq!(figure(&point, name).1, Some(Value::Integer(expected)), "{name}");
    }
    let share = |part: f64, whole: f64| Some(Value::Float(100.0 * part / whole));
    assert_eq!(figure(&point, "retransmitted_percent").1, share(2_200.0, 13_600.0));
    assert_eq!(figure(&point, "rwnd_limited_percent").1, share(450_000.0, 1_800_000.0));
    assert_eq!(figure(&point, "sndbuf_limited_percent").1, share(80_000.0, 1_800_000.0));
    // Nothing was sent: of nothing there is no share.
    let point = report(&mut measurement, &mut fixture, &sockets).remove(0);
    assert_eq!(figure(&point, "retransmitted").1, Some(Value::Integer(0)));
    for name in ["retransmitted_percent", "rwnd_limited_percent", "sndbuf_limited_percent"] {
        assert_eq!(figure(&point, name).1, None, "{name}");
    }
}

#[test]
fn an_older_kernel_tells_less() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Diag);
    let old = TcpInfo { rtt_us: 5, total_retransmitted: 1, ..TcpInfo::default() };
    for _ in 0..2 {
        report(&mut measurement, &mut fixture, &[listening(22), connection(1, old)]);
    }
    let point = report(&mut measurement, &mut fixture, &[listening(22), connection(1, old)]).remove(0);
    assert_eq!(figure(&point, "retransmitted").1, Some(Value::Integer(0)));
    for name in ["bytes_acked", "bytes_received", "retransmitted_percent", "rwnd_limited_percent"] {
        assert_eq!(figure(&point, name).1, None, "{name}");
    }
}

#[test]
fn without_all_sockets_nothing_is_known_and_nothing_is_lost() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Diag);
    report(&mut measurement, &mut fixture, &[listening(22), connection(1, info())]);
    let acked = |bytes| TcpInfo { bytes_acked: Some(bytes), ..info() };
    fixture.sample.sockets = None;
    assert!(
        report(&mut measurement, &mut fixture, &[listening(22), connection(1, acked(10_100))]).is_empty()
    );
    fixture.sample.sockets = Some(SocketSource::Diag);
    let point =
        report(&mut measurement, &mut fixture, &[listening(22), connection(1, acked(10_300))]).remove(0);
    assert_eq!(figure(&point, "bytes_acked").1, Some(Value::Integer(300)));
}

#[test]
fn the_busiest_services_are_shown_and_the_others_told() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Text);
    // Port 1000 has one connection, 1001 two, and so on; half-open ones decide among those that have as many.
    let mut sockets: Vec<_> = (0..40)
        .flat_map(|service| {
            let one = socket(TcpState::Established, 40_000, 1000 + service, None);
            std::iter::repeat_n(one, usize::from(service / 2 + 1))
        })
        .collect();
    sockets.push(socket(TcpState::SynSent, 40_000, 1007, None));
    show(&mut measurement, &sockets);
    let report = fixture.report(&mut measurement);
    assert_eq!(report.findings.series_overflow, 8);
    let shown: Vec<_> = report.points.iter().map(|point| figure(point, "").0).collect();
    let expected: Vec<_> = (1008..1040).map(|port| format!("client {port}")).collect();
    assert_eq!(shown, expected);
    sockets.truncate(9);
    sockets.push(socket(TcpState::SynSent, 40_000, 1007, None));
    show(&mut measurement, &sockets);
    assert_eq!(fixture.report(&mut measurement).findings.series_overflow, 0);
}

#[test]
fn however_many_services_there_are_they_take_so_much_memory() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Text);
    measurement.begin_sockets();
    for port in 0..=u16::MAX {
        measurement.observe_socket(&socket(TcpState::Established, 40_000, port, None));
        measurement.observe_socket(&socket(TcpState::Established, 40_000, 7, None));
    }
    assert_eq!(measurement.services.busiest(usize::MAX).len(), service::SERVICES_AT_MOST);
    let report = fixture.report(&mut measurement);
    assert_eq!(report.findings.series_overflow, 65_536 - 32);
    assert_eq!(figure(&report.points[0], "connections").0, "client 0");
    let busiest = report.points.iter().find(|point| figure(point, "").0 == "client 7").unwrap();
    assert_eq!(figure(busiest, "connections").1, Some(Value::Integer(65_537)));
}

#[test]
fn a_connection_to_itself_is_of_both_sides() {
    let (mut fixture, mut measurement) = fixture(SocketSource::Text);
    let sockets = [
        listening(8080),
        socket(TcpState::Established, 8080, 50_000, None),
        socket(TcpState::Established, 50_000, 8080, None),
    ];
    let points = report(&mut measurement, &mut fixture, &sockets);
    let whose: Vec<_> = points.iter().map(|point| figure(point, "").0).collect();
    assert_eq!(whose, ["client 8080", "server 8080"]);
}
