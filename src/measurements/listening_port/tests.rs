use std::net::SocketAddr;
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::encode::line_protocol::Lines;
use crate::measurements::fixture::Fixture;
use crate::proc_net::sockets::TcpState;
use crate::series::schema::FieldKind;

fn socket(transport: Transport, local: &str, inode: u64) -> Socket {
    let local: SocketAddr = local.parse().unwrap();
    Socket {
        transport,
        state: if transport == Transport::Tcp { TcpState::Listen } else { TcpState::Close },
        local,
        remote: if local.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }.parse().unwrap(),
        receive_queue: 0,
        send_queue: 0,
        uid: 0,
        inode,
        details: None,
    }
}

fn tcp(local: &str, inode: u64) -> Socket {
    Socket { send_queue: 128, ..socket(Transport::Tcp, local, inode) }
}

fn udp(local: &str, inode: u64) -> Socket {
    socket(Transport::Udp, local, inode)
}

fn show(measurement: &mut ListeningPort, sockets: &[Socket]) {
    measurement.begin_sockets();
    for socket in sockets {
        measurement.observe_socket(socket);
    }
}

fn read(fixture: &mut Fixture, source: SocketSource, holders: &[(u64, u32, &str)]) {
    fixture.sample.sockets = Some(source);
    let holders =
        holders.iter().map(|(inode, pid, name)| (*inode, Process { pid: *pid, name: (*name).into() }));
    fixture.sample.holders = Some(Rc::new(holders.collect()));
}

/// The lines of a report, without the name.
fn lines(fixture: &mut Fixture, measurement: &mut ListeningPort) -> Vec<String> {
    let mut lines = Lines::default();
    lines.write(&fixture.report(measurement).points, None);
    let text = str::from_utf8(lines.text()).unwrap();
    text.lines().map(|line| line.strip_prefix("listening_port,").unwrap().to_owned()).collect()
}

fn new() -> (Fixture, ListeningPort) {
    (Fixture::new(), ListeningPort::new(&Config::default()))
}

#[test]
fn every_port_that_is_open_is_a_point() {
    let (mut fixture, mut ports) = new();
    let connected = Socket { remote: "192.0.2.1:53".parse().unwrap(), ..udp("192.168.8.1:53", 9) };
    let established = Socket { state: TcpState::Established, ..tcp("192.168.8.1:22", 8) };
    let sockets = [
        Socket { receive_queue: 2, uid: 1000, ..tcp("0.0.0.0:22", 1) },
        tcp("[::]:22", 2),
        tcp("[fe80::1]:8080", 3),
        Socket { receive_queue: 768, uid: 453, ..udp("127.0.0.1:53", 4) },
        udp("[::ffff:192.168.8.1]:123", 5),
        udp("0.0.0.0:0", 6),
        connected,
        established,
    ];
    show(&mut ports, &sockets);
    read(&mut fixture, SocketSource::Diag, &[(1, 700, "dropbear"), (4, 900, "dnsmasq"), (8, 1, "sshd")]);
    let expected = [
        "address=0.0.0.0,host=router,port=22,protocol=tcp \
         queue=2i,backlog=128i,uid=1000i,process=\"dropbear\",pid=700i,sockets=1i",
        "address=127.0.0.1,host=router,port=53,protocol=udp \
         queue=768i,uid=453i,process=\"dnsmasq\",pid=900i,sockets=1i",
        "address=::,host=router,port=22,protocol=tcp queue=0i,backlog=128i,uid=0i,sockets=1i",
        "address=::ffff:192.168.8.1,host=router,port=123,protocol=udp queue=0i,uid=0i,sockets=1i",
        "address=fe80::1,host=router,port=8080,protocol=tcp queue=0i,backlog=128i,uid=0i,sockets=1i",
    ];
    assert_eq!(lines(&mut fixture, &mut ports), expected);
}

#[test]
fn as_text_the_kernel_tells_no_backlog() {
    let (mut fixture, mut ports) = new();
    show(&mut ports, &[Socket { send_queue: 0, ..tcp("0.0.0.0:22", 1) }]);
    read(&mut fixture, SocketSource::Text, &[]);
    let expected = ["address=0.0.0.0,host=router,port=22,protocol=tcp queue=0i,uid=0i,sockets=1i"];
    assert_eq!(lines(&mut fixture, &mut ports), expected);
}

#[test]
fn sockets_that_share_a_port_are_one_point_of_the_lowest_process() {
    let (mut fixture, mut ports) = new();
    let twin = |inode, uid, queue| Socket { uid, receive_queue: queue, ..tcp("0.0.0.0:443", inode) };
    show(&mut ports, &[twin(3, 33, 1), twin(1, 31, 2), twin(2, 32, 4)]);
    let tags = "address=0.0.0.0,host=router,port=443,protocol=tcp queue=7i,backlog=384i";
    read(&mut fixture, SocketSource::Diag, &[(1, 300, "worker"), (2, 200, "master")]);
    let expected = format!("{tags},uid=32i,process=\"master\",pid=200i,sockets=3i");
    assert_eq!(lines(&mut fixture, &mut ports), [expected]);
    read(&mut fixture, SocketSource::Diag, &[(3, 9, "")]);
    assert_eq!(lines(&mut fixture, &mut ports), [format!("{tags},uid=33i,pid=9i,sockets=3i")]);
    read(&mut fixture, SocketSource::Diag, &[]);
    assert_eq!(lines(&mut fixture, &mut ports), [format!("{tags},uid=31i,sockets=3i")]);
}

#[test]
fn a_port_of_udp_is_told_once_it_stays() {
    let (mut fixture, mut ports) = new();
    read(&mut fixture, SocketSource::Text, &[]);
    let mut told = |sockets: &[Socket]| {
        show(&mut ports, sockets);
        let points = fixture.report(&mut ports).points;
        points.iter().map(|point| point.tags.own("port").unwrap().to_string()).collect::<Vec<_>>()
    };
    let at = |port: u16| udp(&format!("0.0.0.0:{port}"), 1);
    assert_eq!(told(&[at(53), at(40_001)]), ["40001", "53"], "there may be no other report");
    assert_eq!(told(&[at(53), at(40_002)]), ["53"]);
    assert_eq!(told(&[at(53), at(40_003), at(51820)]), ["53"]);
    assert_eq!(told(&[at(53), at(40_004), at(51820), tcp("0.0.0.0:22", 2)]), ["22", "51820", "53"]);
    assert_eq!(told(&[]), [""; 0]);
}

#[test]
fn nothing_is_known_if_not_all_were_shown() {
    let (mut fixture, mut ports) = new();
    show(&mut ports, &[tcp("0.0.0.0:22", 1)]);
    assert_eq!(fixture.report(&mut ports).points, []);
    read(&mut fixture, SocketSource::Text, &[]);
    assert_eq!(fixture.report(&mut ports).points.len(), 1);
}

#[test]
fn of_too_many_the_lowest_ports_are_told_and_the_others_counted() {
    let (mut fixture, mut ports) = new();
    read(&mut fixture, SocketSource::Text, &[]);
    let many: Vec<_> = (1..=1500_u16).rev().map(|port| tcp(&format!("0.0.0.0:{port}"), 1)).collect();
    show(&mut ports, &many);
    let report = fixture.report(&mut ports);
    let mut told: Vec<u16> =
        report.points.iter().map(|point| point.tags.own("port").unwrap().parse().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, (1..=128).collect::<Vec<_>>());
    assert_eq!(report.findings.series_overflow, 1500 - 128);
    show(&mut ports, &many[..128]);
    assert_eq!(fixture.report(&mut ports).findings.series_overflow, 0, "what was before is void");
}

#[test]
fn processes_are_looked_for_if_that_is_wanted() {
    let mut config = Config::default();
    let mut ports = ListeningPort::new(&config);
    assert!(!ports.needs().processes && ports.needs().sockets == Wanted::States);
    config.system.processes = true;
    ports.reconfigure(&config);
    assert!(ports.needs().processes && ListeningPort::new(&config).needs().processes);
}

#[test]
fn the_longest_line_is_not_longer_than_the_schema_says() {
    let (mut fixture, mut ports) = new();
    let most = Socket { uid: u32::MAX, ..tcp("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", u64::MAX) };
    show(&mut ports, &[most]);
    fixture.sample.host = ",".repeat(64).into();
    read(&mut fixture, SocketSource::Diag, &[(u64::MAX, u32::MAX, &"\\".repeat(64))]);
    let mut point = fixture.report(&mut ports).points.remove(0);
    let names: Vec<_> = point.fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    for ((_, value), schema) in point.fields.iter_mut().zip(SCHEMA.fields) {
        if schema.kind == FieldKind::Integer {
            *value = Value::Integer(i64::MIN);
        }
    }
    let mut lines = Lines::default();
    lines.write(&[point], Some(i64::MAX));
    assert!(lines.text().len() <= SCHEMA.longest_line(), "{}", lines.text().len());
}

proptest! {
    #[test]
    fn sockets_and_queues_add_up(
        given in prop::collection::vec((1_u16..400, 0_u32..3, 0_u64..5, any::<u32>()), 0..300)
    ) {
        let (mut fixture, mut ports) = new();
        read(&mut fixture, SocketSource::Diag, &[(1, 9, "nine"), (2, 8, "eight")]);
        let sockets: Vec<_> = given
            .iter()
            .map(|(port, address, inode, queue)| {
                Socket { receive_queue: *queue, ..tcp(&format!("192.0.2.{address}:{port}"), *inode) }
            })
            .collect();
        show(&mut ports, &sockets);
        let report = fixture.report(&mut ports);
        let distinct: BTreeSet<_> = sockets.iter().map(|socket| (socket.local.port(), socket.local.ip())).collect();
        let told: BTreeSet<_> = distinct.iter().copied().take(TOLD_AT_MOST).collect();
        prop_assert_eq!(report.points.len(), told.len());
        prop_assert_eq!(report.findings.series_overflow, (distinct.len() - told.len()) as u64);
        let sum = |name: &str| -> i64 {
            let fields = report.points.iter().flat_map(|point| &point.fields);
            fields.filter(|(field, _)| field == name).map(|(_, value)| match value {
                Value::Integer(figure) => *figure,
                _ => 0,
            }).sum()
        };
        let of_told = sockets.iter().filter(|socket| told.contains(&(socket.local.port(), socket.local.ip())));
        prop_assert_eq!(sum("sockets"), i64::try_from(of_told.clone().count()).unwrap());
        prop_assert_eq!(sum("queue"), of_told.map(|socket| i64::from(socket.receive_queue)).sum::<i64>());
    }
}
