use super::*;
use crate::conntrack::flow::{Flags, Protocol, State};
use crate::flow_list::fixture::{flow, inbound};
use proptest::prelude::*;

fn shows(filter: &str, flow: &ListedFlow) -> bool {
    filter.parse::<Filter>().unwrap_or_else(|error| panic!("{filter}: {error}")).shows(flow)
}

#[test]
fn all_terms_must_hold() {
    let tv = flow("Living Room TV", "192.168.8.3:40000", "198.51.100.7:443");
    for (filter, expected) in [
        ("", true),
        ("device=\"living room tv\"", true),
        ("device=TV", false),
        ("device!=TV", true),
        ("tv", true),
        ("https 198.51", true),
        ("laptop", false),
        ("address=192.168.8.3", true),
        ("address=198.51.100.0/24", true),
        ("address=192.0.2.1", false),
        ("local=192.168.8.0/24 remote=198.51.100.7", true),
        ("local=198.51.100.7", false),
        ("remote=192.168.8.3", false),
        ("port=443", true),
        ("port=40000", true),
        ("port=80", false),
        ("protocol=TCP", true),
        ("protocol=6", true),
        ("protocol=udp", false),
        ("state=established", true),
        ("state!=TIME_WAIT", true),
        ("service=https", true),
        ("direction=outbound", true),
        ("direction=inbound", false),
        ("offloaded=no", true),
        ("rx=2k tx=1k bytes=3000", true),
        ("rx>1999 rx<2001 rx>=2000 rx<=2000 rx!=1", true),
        ("rx>2k", false),
        ("bytes>1G", false),
        ("idle>=5", true),
        ("idle>5", false),
        ("port=443 state=established rx>1M", false),
    ] {
        assert_eq!(shows(filter, &tv), expected, "{filter}");
    }
}

#[test]
fn what_is_not_known_is_neither_more_nor_less() {
    let mut unknown = inbound("nas", "192.168.8.5:22", "198.51.100.7:5000");
    (unknown.flow.reply.counters, unknown.idle) = (None, None);
    (unknown.flow.protocol, unknown.flow.state) = (Protocol(99), State::Unreplied);
    unknown.flow.flags = Flags::OFFLOAD;
    for filter in ["tx>0", "tx<1", "tx!=5", "bytes>0", "bytes<=0", "idle>0", "idle<9"] {
        assert!(!shows(filter, &unknown), "{filter}");
    }
    assert!(shows("rx>0 direction=inbound protocol=99 state=unreplied offloaded=yes port=22", &unknown));
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_can() {
    for (filter, expected) in [
        ("dev=TV", "\"dev\" is not something that flows have: device, address, local"),
        ("=5", "\"\" is not something"),
        ("port=http", "\"http\" is not a port, from 0 to 65535"),
        ("port=65536", "is not a port"),
        ("port>5", "port is not a number of something: port=… or port!=… would be right"),
        ("address=192.168.8", "is not an address or a prefix"),
        ("address=192.168.8.0/33", "is not an address or a prefix"),
        ("protocol=other", "is not a protocol"),
        ("protocol=256", "is not a protocol"),
        ("state=OPEN", "is not a state"),
        ("direction=in", "outbound or inbound"),
        ("offloaded=maybe", "yes or no"),
        ("rx>", "\"\" is not a whole number"),
        ("rx>-1", "is not a whole number"),
        ("rx>1.5M", "is not a whole number"),
        ("rx>99999999999G", "is not a whole number"),
        ("rx>1T", "is not a whole number"),
        ("device=\"TV", "a quote is opened and not closed"),
    ] {
        let error = filter.parse::<Filter>().unwrap_err().to_string();
        assert!(error.contains(expected), "{filter}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_understood_or_refused(text in "[a-z0-9=!<>\" .:/kMG]{0,40}") {
        let shown = flow("nas", "192.168.8.5:22", "198.51.100.7:443");
        if let Ok(filter) = text.parse::<Filter>() {
            // Shown or not, it says so twice.
            prop_assert_eq!(filter.shows(&shown), filter.shows(&shown));
        }
    }
}
