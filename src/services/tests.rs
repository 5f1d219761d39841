use std::collections::{BTreeMap, BTreeSet};

use super::format::LineError;
use super::*;
use crate::conntrack::procfs::line::parse as parse_flow;
use crate::devices::formats::owners_lines::PROBLEMS_AT_MOST;

fn label(table: &ServiceTable, protocol: Protocol, port: u16) -> &str {
    table.label(table.service(protocol, port))
}

#[test]
fn every_built_in_line_is_understood_and_none_is_said_twice() {
    let mut taken = BTreeMap::new();
    for (line, found) in parse(BUILT_IN.as_bytes()) {
        let entry = found.unwrap_or_else(|kind| panic!("{}", LineError { line, kind }));
        for protocol in entry.protocols() {
            for port in entry.ports.clone() {
                let before = taken.insert((protocol, port), line);
                assert_eq!(before, None, "line {line} has port {port} of {} again", protocol.name());
            }
        }
    }
    let labels: BTreeSet<_> = built_in().map(|entry| entry.label.folded()).collect();
    let spellings: BTreeSet<_> = built_in().map(|entry| entry.label.shared()).collect();
    assert_eq!(labels.len(), spellings.len(), "one spelling for each");
    assert!(built_in().count() >= 100);
}

#[test]
fn what_homes_have_is_there() {
    let table = ServiceTable::built_in();
    for (protocol, port, expected) in [
        (Protocol::TCP, 443, "HTTPS"),
        (Protocol::UDP, 443, "QUIC"),
        (Protocol(132), 443, "unlisted"),
        (Protocol::TCP, 53, "DNS"),
        (Protocol::UDP, 53, "DNS"),
        (Protocol::TCP, 853, "DNS over TLS"),
        (Protocol::UDP, 6885, "BitTorrent"),
        (Protocol::UDP, 51820, "WireGuard"),
        (Protocol::TCP, 5229, "Google Push"),
        (Protocol::UDP, 27100, "Steam"),
        (Protocol::UDP, 27101, "unlisted"),
        (Protocol::TCP, 0, "unlisted"),
        // An echo request has type 8, code 0 in the place of a port.
        (Protocol(1), 2048, "unlisted"),
        (Protocol(47), 443, "unlisted"),
    ] {
        assert_eq!(label(&table, protocol, port), expected, "{} {port}", protocol.name());
    }
    assert_eq!(table.service(Protocol::TCP, 80), table.service(Protocol::TCP, 8080), "one label, one number");
}

#[test]
fn the_owners_lines_go_before_the_built_in_ones_for_the_ports_that_they_name() {
    let text = b"27015-27030 Our Server\n443 Web\n80/udp Strange\n27020 late\n9000/sctp Signalling\n";
    let (table, lines) = ServiceTable::with_owners(text);
    assert_eq!(lines, OwnersLines { heard: 5, bad: 0, problems: vec![] });
    for (protocol, port, expected) in [
        (Protocol::TCP, 27014, "Steam"),
        (Protocol::TCP, 27015, "Our Server"),
        (Protocol::UDP, 27020, "Our Server"),
        (Protocol::UDP, 27031, "Steam"),
        (Protocol::UDP, 443, "Web"),
        (Protocol::TCP, 80, "HTTP"),
        (Protocol::UDP, 80, "Strange"),
        (Protocol(132), 9000, "Signalling"),
        (Protocol::TCP, 9000, "unlisted"),
    ] {
        assert_eq!(label(&table, protocol, port), expected, "{} {port}", protocol.name());
    }
}

#[test]
fn a_number_means_the_same_label_whatever_becomes_of_the_file() {
    let (mut table, _) = ServiceTable::with_owners(b"1 One\n2 Two\n");
    let [one, two] = [1, 2].map(|port| table.service(Protocol::TCP, port));
    let https = table.service(Protocol::TCP, 443);
    table.set_owners(b"3 Three\n2 One\n443 Two\n");
    assert_eq!([2, 443].map(|port| table.service(Protocol::TCP, port)), [one, two]);
    assert_eq!(label(&table, Protocol::TCP, 1), "unlisted");
    assert_eq!([one, two, https].map(|id| &**table.label(id)), ["One", "Two", "HTTPS"]);
    table.set_owners(b"");
    assert_eq!(table.service(Protocol::TCP, 443), https);
    assert_eq!([one, two, https].map(|id| &**table.label(id)), ["One", "Two", "HTTPS"]);
    assert!(table.has_label("Three") && !ServiceTable::built_in().has_label("Three"));
}

#[test]
fn bad_lines_are_counted_and_the_first_are_kept() {
    let text = format!("443 Web\n{}8443 Web\n", "nonsense\n".repeat(100));
    let (table, lines) = ServiceTable::with_owners(text.as_bytes());
    assert_eq!((lines.heard, lines.bad, lines.problems.len()), (2, 100, PROBLEMS_AT_MOST));
    assert_eq!(lines.problems[63].line, 65);
    assert_eq!(label(&table, Protocol::UDP, 8443), "Web", "a line beyond them counts");
}

#[test]
fn lines_and_labels_are_bounded() {
    let each_port = |line: &dyn Fn(u16) -> String| (1..=2000).map(line).collect::<String>();
    let lines_of = |label: &str| each_port(&|port| format!("{port}/udplite {label}{port}\n"));
    let (mut table, lines) = ServiceTable::with_owners(lines_of("a").as_bytes());
    let built_in: BTreeSet<_> = built_in().map(|entry| entry.label.shared()).collect();
    let own = LABELS_AT_MOST - built_in.len();
    assert_eq!(lines.heard, own, "as many as there is room for");
    let udplite = Protocol(136);
    assert_eq!(label(&table, udplite, 1), "a1");
    assert_eq!(label(&table, udplite, 2000), "unlisted");
    assert!(matches!(lines.problems[0].kind, LineErrorKind::TooManyLabels(_)));
    // Room is not given back, and what has a number keeps it.
    let lines = table.set_owners(lines_of("b").as_bytes());
    assert_eq!((lines.heard, lines.bad), (0, LINES_AT_MOST + 1));
    assert_eq!(label(&table, Protocol::TCP, 443), "HTTPS");
    let one_label = each_port(&|port| format!("{port} One\n"));
    let (table, lines) = ServiceTable::with_owners(one_label.as_bytes());
    assert_eq!((lines.heard, lines.bad), (LINES_AT_MOST, 1));
    let expected = LineError { line: LINES_AT_MOST + 1, kind: LineErrorKind::TooManyLines };
    assert_eq!(lines.problems, [expected]);
    assert_eq!([1024, 1025].map(|port| label(&table, Protocol::TCP, port)), ["One", "unlisted"]);
}

#[test]
fn the_installed_sample_says_nothing_and_its_examples_are_right() {
    let sample = include_str!("../../config/conntrack-exporter.services");
    assert_eq!(ServiceTable::with_owners(sample.as_bytes()).1, OwnersLines::default());
    let examples = sample.lines().filter_map(|line| line.strip_prefix("#   ")).skip(3);
    let (_, lines) = ServiceTable::with_owners(examples.collect::<Vec<_>>().join("\n").as_bytes());
    assert_eq!(lines, OwnersLines { heard: 4, bad: 0, problems: vec![] });
}

#[test]
fn the_port_that_was_called_tells_the_service() {
    let forwarded = b"ipv4 2 tcp 6 9 ESTABLISHED src=198.51.100.7 dst=203.0.113.10 sport=40000 dport=80 \
        src=192.168.8.2 dst=198.51.100.7 sport=8080 dport=40000 [ASSURED] use=2";
    let flow = parse_flow(forwarded).unwrap();
    assert_eq!(service_port(&flow, Direction::Inbound), 8080, "the device's own, behind the forward");
    let masqueraded = b"ipv4 2 udp 17 9 src=192.168.8.2 dst=198.51.100.7 sport=40000 dport=443 \
        src=198.51.100.7 dst=203.0.113.10 sport=443 dport=50000 use=2";
    let flow = parse_flow(masqueraded).unwrap();
    assert_eq!(service_port(&flow, Direction::Outbound), 443);
}
