use proptest::prelude::*;

use super::*;
use crate::conntrack::any_flow::any_flow;
use crate::conntrack::flow::Endpoint;
use crate::conntrack::procfs::print::Line;

fn good(line: &str) -> Flow {
    parse(line.as_bytes()).unwrap_or_else(|why| panic!("{why}: {line}"))
}

fn endpoint(address: &str, port: u16) -> Endpoint {
    Endpoint { address: address.parse().unwrap(), port }
}

const TCP: &str = "ipv4     2 tcp      6 431998 ESTABLISHED src=203.0.113.1 dst=203.0.113.10 sport=42598 dport=8080 \
    packets=4 bytes=217 src=192.168.8.102 dst=203.0.113.1 sport=80 dport=42598 packets=3 bytes=165 [ASSURED] mark=7 \
    zone=2 use=2";

#[test]
fn every_field_of_an_ordinary_line() {
    let expected = Flow {
        protocol: Protocol::TCP,
        state: State::Established,
        flags: Flags::ASSURED,
        timeout: Some(431_998),
        mark: 7,
        zone: 2,
        original: Tuple {
            source: endpoint("203.0.113.1", 42598),
            destination: endpoint("203.0.113.10", 8080),
            counters: Some(Counters { packets: 4, bytes: 217 }),
        },
        reply: Tuple {
            source: endpoint("192.168.8.102", 80),
            destination: endpoint("203.0.113.1", 42598),
            counters: Some(Counters { packets: 3, bytes: 165 }),
        },
    };
    assert_eq!(good(TCP), expected);
    assert_eq!(good(&format!("{TCP} ")), expected);
}

#[test]
fn offloaded_entries_show_neither_timeout_nor_state() {
    let tail = "src=192.168.8.23 dst=198.51.100.40 sport=5 dport=443 src=198.51.100.40 dst=203.0.113.10 sport=443 dport=5";
    let tcp = good(&format!("ipv4 2 tcp 6 {tail} [OFFLOAD] mark=0 use=3"));
    assert_eq!((tcp.state, tcp.timeout, tcp.flags), (State::Established, None, Flags::OFFLOAD));
    assert_eq!(tcp.original.counters, None);
    let udp = good(&format!("ipv4 2 udp 17 {tail} [HW_OFFLOAD] mark=0 use=3"));
    assert_eq!((udp.state, udp.timeout, udp.flags), (State::Active, None, Flags::HW_OFFLOAD));
    let caught_in_between = good(&format!("ipv4 2 tcp 6 {tail} mark=0 use=3"));
    assert_eq!(caught_in_between.state, State::Established);
}

#[test]
fn protocols_without_ports() {
    let gre = good(
        "ipv4     2 gre      47 178 timeout=30, stream_timeout=180 src=192.168.8.61 dst=198.51.100.77 srckey=0x0 \
         dstkey=0x4c01 src=198.51.100.77 dst=203.0.113.10 srckey=0x4c01 dstkey=0x0 [ASSURED] mark=0 use=2",
    );
    assert_eq!((gre.timeout, gre.original.destination.port), (Some(178), 0x4c01));
    let icmp = good(
        "ipv4     2 icmp     1 24 src=192.168.8.101 dst=198.51.100.7 type=8 code=3 id=4660 src=198.51.100.7 \
         dst=203.0.113.10 type=0 code=3 id=4660 mark=0 use=2",
    );
    assert_eq!((icmp.original.source.port, icmp.original.destination.port), (4660, 8 << 8 | 3));
    assert_eq!((icmp.reply.source.port, icmp.reply.destination.port), (4660, 3));
    let esp = good(
        "ipv4     2 unknown  50 594 src=192.168.8.101 dst=198.51.100.7 [UNREPLIED] src=198.51.100.7 dst=203.0.113.10 use=2",
    );
    assert_eq!((esp.protocol.name(), esp.state, esp.timeout), ("esp", State::Unreplied, Some(594)));
}

#[test]
fn states_of_other_protocols_are_not_tcps() {
    let tail = "src=192.168.8.60 dst=198.51.100.9 src=198.51.100.9 dst=203.0.113.10 use=2";
    let sctp = good(&format!("ipv4 2 sctp 132 425 COOKIE_WAIT {tail}"));
    assert_eq!((sctp.state, sctp.timeout), (State::Active, Some(425)));
    assert_eq!(good(&format!("ipv4 2 tcp 132 425 NEVER_HEARD {tail}")).protocol.name(), "sctp");
}

#[test]
fn unknown_fields_are_skipped_wherever_they_stand() {
    let line = "ipv6     10 udp      17 55 helper=sip src=2001:0db8:00aa:0010:9c1d:0011:2233:4455 dst=2001:db8::7 \
        sport=5 dport=53 zone-orig=9 future=1,2 packets=1 bytes=60 src=2001:db8::7 \
        dst=2001:0db8:00aa:0010:9c1d:0011:2233:4455 sport=53 dport=5 zone-reply=4 packets=1 bytes=90 [FUTURE] \
        mark=4294967295 secctx=system_u:object_r:unlabeled_t:s0 delta-time=3 use=2";
    let flow = good(line);
    assert_eq!(flow.original.source, endpoint("2001:db8:aa:10:9c1d:11:2233:4455", 5));
    assert_eq!((flow.mark, flow.zone, flow.state), (u32::MAX, 0, State::Active));
    assert_eq!(flow.reply.counters, Some(Counters { packets: 1, bytes: 90 }));
}

#[test]
fn what_can_not_be_understood_says_why() {
    let cases = [
        ("", EntryError::Protocols),
        ("ipv4", EntryError::Protocols),
        ("ipv4     2 tcp", EntryError::Protocols),
        ("ipv4     two tcp 6", EntryError::Protocols),
        ("ipv4     2 tcp 600", EntryError::Protocols),
        ("ipx      4 udp 17 29 src=1.1.1.1 dst=2.2.2.2", EntryError::Family),
        ("ipv4     2 tcp 6 9 ESTABLISHED", EntryError::Tuples),
        ("ipv4     2 udp 17 9 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2", EntryError::Tuples),
        ("ipv4     2 udp 17 9 src=1.1.1.1 src=2.2.2.2 src=3.3.3.3", EntryError::Tuples),
        ("ipv4     2 udp 17 9 src=1.1.1.1 src=2.2.2.2", EntryError::Tuples),
        ("ipv4     2 tcp 6 9 LISTEN src=1.1.1.1 dst=2.2.2.2", EntryError::State),
        ("ipv4     2 udp 17 9 src=1.1.1.256 dst=2.2.2.2", EntryError::Address),
        ("ipv4     2 udp 17 9 src=1.1.1.1x dst=2.2.2.2", EntryError::Address),
        ("ipv4     2 udp 17 9 src=2001:db8::1 dst=2001:db8::2", EntryError::Address),
        ("ipv6     10 udp 17 9 src=1.1.1.1 dst=2.2.2.2", EntryError::Address),
        ("ipv6     10 udp 17 9 src=2001:db8:::1 dst=2.2.2.2", EntryError::Address),
        ("ipv4     2 udp 17 9 src=1.1.1.1 dst=2.2.2.2 sport=65536", EntryError::Number),
        ("ipv4     2 udp 17 9 src=1.1.1.1 dst=2.2.2.2 sport=", EntryError::Number),
        ("ipv4     2 udp 17 9 src=1.1.1.1 dst=2.2.2.2 packets=99999999999999999999", EntryError::Number),
        ("ipv4     2 gre 47 9 src=1.1.1.1 dst=2.2.2.2 srckey=0x12345", EntryError::Number),
        ("ipv4     2 udp 17 9s src=1.1.1.1 dst=2.2.2.2", EntryError::Number),
    ];
    for (line, why) in cases {
        assert_eq!(parse(line.as_bytes()), Err(why), "{line}");
    }
}

#[test]
fn fields_that_only_some_kernels_print_change_nothing_else() {
    let bare = TCP.replace("mark=7 zone=2 ", "");
    assert_eq!(good(&bare), Flow { mark: 0, zone: 0, ..good(TCP) });
    let later = TCP
        .replace("mark=7", "mark=7 secctx=system_u:object_r:unlabeled_t:s0")
        .replace("use=2", "delta-time=9 use=2");
    assert_eq!(good(&later), good(TCP));
}

proptest! {
    #[test]
    fn a_printed_flow_is_read_again(flow in any_flow()) {
        prop_assert_eq!(good(&Line(&flow).to_string()), flow);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_mutilation_makes_it_panic(flow in any_flow(), place: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut line = Line(&flow).to_string().into_bytes();
        let place = place.index(line.len());
        line[place] = byte;
        let _ = parse(&line);
        line.truncate(cut.index(line.len()));
        let _ = parse(&line);
    }
}
