use super::fixture::{flow, inbound};
use super::*;
use crate::measurements::fixture::Fixture;

#[test]
fn ends_and_bytes_are_those_of_the_device() {
    let [out, forwarded] = [flow, inbound].map(|make| make("nas", "192.168.8.5:22", "198.51.100.7:5000"));
    for (listed, received, sent) in [(out, 2_000, 1_000), (forwarded, 1_000, 2_000)] {
        assert_eq!((listed.local().port, listed.remote.port), (22, 5000));
        assert_eq!(listed.local().address.to_string(), "192.168.8.5");
        assert_eq!(listed.received().map(|counters| counters.bytes), Some(received));
        assert_eq!(listed.sent().map(|counters| counters.bytes), Some(sent));
        assert_eq!(listed.bytes(), Some(3_000));
    }
    let mut uncounted = flow("nas", "192.168.8.5:22", "198.51.100.7:5000");
    uncounted.flow.original.counters = None;
    assert_eq!(uncounted.bytes(), None);
}

#[test]
fn every_flow_is_listed_with_its_device_and_how_long_it_was_silent() {
    let mut lister = FlowLister::new(2);
    let mut fixture = Fixture::new();
    fixture.established_timeout = Some(7_440);
    let nas = fixture.device("nas");
    let open = flow("nas", "192.168.8.5:40000", "198.51.100.7:443").flow;
    let mut offloaded = flow("nas", "192.168.8.5:40001", "198.51.100.7:443").flow;
    offloaded.flags = crate::conntrack::flow::Flags::OFFLOAD;
    offloaded.timeout = None;
    let nobodys = flow("?", "100.64.0.1:1", "198.51.100.7:19").flow;
    let pass = [(nas, open), (nas, offloaded), (OwnerId::UNATTRIBUTED, nobodys)];
    fixture.pass(&mut lister, &pass.map(|(owner, flow)| (owner, Direction::Outbound, flow)));
    let report = fixture.report(&mut lister);
    assert!(report.points.is_empty());
    let found = report.findings.flows.unwrap();
    let seen: Vec<_> = found.flows.iter().map(|flow| (&*flow.device, &*flow.service, flow.idle)).collect();
    assert_eq!(seen, [("nas", "HTTPS", Some(5)), ("nas", "HTTPS", None)]);
    assert_eq!(found.left_out, 1);
    let mut lister = FlowLister::new(LISTED_AT_MOST);
    fixture.pass(&mut lister, &pass.map(|(owner, flow)| (owner, Direction::Outbound, flow)));
    let found = fixture.report(&mut lister).findings.flows.unwrap();
    let last = found.flows.last().map(|flow| (&*flow.device, &*flow.service));
    assert_eq!((last, found.left_out), (Some(("other", "unlisted")), 0));
}
