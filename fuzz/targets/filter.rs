//! Filters of flows: none panics, terms side by side all hold, and `!=` shows what `=` doesn't.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use conntrack_exporter::attribution::Direction;
use conntrack_exporter::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};
use conntrack_exporter::flow_list::ListedFlow;
use conntrack_exporter::flow_list::filter::Filter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(filter) = text.parse::<Filter>() else { return };
    // Behind a blank a further term begins: what was understood has closed its quotes.
    let Ok(both) = format!("{text} port=443").parse::<Filter>() else { panic!("{text:?} and one term more") };
    let Ok(port) = "port=443".parse::<Filter>() else { panic!("a filter") };
    let flows = [flow(443, true), flow(80, false)];
    for flow in &flows {
        assert_eq!(both.shows(flow), filter.shows(flow) && port.shows(flow), "{text:?}");
    }
    let is_one_term =
        !text.contains(|character: char| character.is_whitespace() || "\"'".contains(character));
    if let Some((key, value)) = text.split_once('=').filter(|(key, _)| is_one_term && is_word(key)) {
        let Ok(others) = format!("{key}!={value}").parse::<Filter>() else { panic!("{text:?} turned round") };
        for flow in &flows {
            // What isn't known is neither equal nor unequal.
            assert!(!(filter.shows(flow) && others.shows(flow)), "{text:?}");
        }
    }
});

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn flow(port: u16, counted: bool) -> ListedFlow {
    let (near, far) = (IpAddr::V4(Ipv4Addr::new(192, 168, 8, 2)), IpAddr::V6(Ipv6Addr::LOCALHOST));
    let counters = counted.then_some(Counters { packets: 1, bytes: 1_000 });
    let tuple = |source, destination| Tuple { source, destination, counters };
    let [local, remote] = [Endpoint { address: near, port: 40_000 }, Endpoint { address: far, port }];
    ListedFlow {
        flow: Flow {
            protocol: Protocol::TCP,
            state: State::Established,
            flags: Flags::ASSURED,
            timeout: Some(7_435),
            mark: 0,
            zone: 0,
            original: tuple(local, remote),
            reply: tuple(remote, local),
        },
        device: "Living Room TV".into(),
        direction: Direction::Outbound,
        remote,
        service: "HTTPS".into(),
        idle: counted.then_some(5),
    }
}
