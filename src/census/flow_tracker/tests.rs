use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::attribution::owners::OwnerTable;
use crate::conntrack::flow::{Endpoint, Flags, Protocol, Tuple};
use crate::devices::Identity;

mod properties;
mod room;

fn tracker() -> FlowTracker {
    FlowTracker { secret: SeedableRandomState::fixed(), ..FlowTracker::default() }
}

fn owners<const N: usize>() -> [OwnerId; N] {
    let mut table = OwnerTable::default();
    std::array::from_fn(|last| {
        let address = IpAddr::from([10, 0, 0, u8::try_from(last).unwrap()]);
        table.enter(address, Some(Identity::Address(address)), false)
    })
}

fn counters(packets: u64, bytes: u64) -> Counters {
    Counters { packets, bytes }
}

fn both(original: (u64, u64), reply: (u64, u64)) -> Traffic {
    Traffic { original: counters(original.0, original.1), reply: counters(reply.0, reply.1) }
}

/// A TCP connection from a port, established, with counters of both directions.
fn tcp(port: u16, original: (u64, u64), reply: (u64, u64)) -> Flow {
    let client = Endpoint { address: Ipv4Addr::new(192, 168, 8, 2).into(), port };
    let server = Endpoint { address: Ipv4Addr::new(203, 0, 113, 9).into(), port: 443 };
    let traffic = both(original, reply);
    Flow {
        protocol: Protocol::TCP,
        state: State::Established,
        flags: Flags::default(),
        timeout: Some(60),
        mark: 0,
        zone: 0,
        original: Tuple { source: client, destination: server, counters: Some(traffic.original) },
        reply: Tuple { source: server, destination: client, counters: Some(traffic.reply) },
    }
}

fn uncounted(mut flow: Flow) -> Flow {
    (flow.original.counters, flow.reply.counters) = (None, None);
    flow
}

fn in_state(state: State, flow: Flow) -> Flow {
    Flow { state, ..flow }
}

fn expected(baseline: bool) -> Expected {
    Expected { flows: 10, at_most: 1000, baseline }
}

/// Reads a table; gives the changes and what `observe` told as ended.
fn read(tracker: &mut FlowTracker, flows: &[Flow]) -> (Vec<(Change, TrackedFlow)>, Vec<TrackedFlow>) {
    let mut ended = Vec::new();
    let seen = flows
        .iter()
        .map(|flow| tracker.observe(flow, OwnerId::ROUTER, &mut |flow| ended.push(*flow)))
        .collect();
    (seen, ended)
}

/// A whole pass without grace and without a report; gives all that ended.
fn pass(tracker: &mut FlowTracker, flows: &[Flow]) -> (Vec<Change>, Vec<TrackedFlow>, Tracked) {
    tracker.begin(expected(false));
    let (seen, mut ended) = read(tracker, flows);
    let outcome = tracker.complete(Grace::None, false, |flow| ended.push(*flow));
    (seen.into_iter().map(|(change, _)| change).collect(), ended, outcome)
}

fn known(flows: &[Flow]) -> FlowTracker {
    let mut tracker = tracker();
    tracker.begin(expected(true));
    read(&mut tracker, flows);
    tracker.complete(Grace::None, true, |_| panic!("nothing ends in a baseline"));
    tracker
}

#[test]
fn the_first_pass_is_the_baseline_and_what_comes_later_is_new() {
    let mut tracker = known(&[tcp(1, (5, 500), (6, 600))]);
    let flows = [tcp(1, (7, 800), (6, 600)), tcp(2, (1, 60), (2, 90))];
    let (changes, ended, outcome) = pass(&mut tracker, &flows);
    assert_eq!(changes, [Change::Delta(both((2, 300), (0, 0))), Change::New(both((1, 60), (2, 90)))]);
    assert_eq!(ended, []);
    assert_eq!(outcome, Tracked { tracked: 2, untracked: 0, fallen: 0, known: 1 });
}

#[test]
fn a_later_baseline_takes_over_and_tells_nothing() {
    let mut tracker = known(&[tcp(1, (5, 500), (6, 600)), tcp(2, (1, 1), (1, 1))]);
    pass(&mut tracker, &[tcp(1, (6, 600), (6, 600)), tcp(2, (1, 1), (1, 1)), tcp(3, (1, 1), (1, 1))]);
    tracker.begin(expected(true));
    let (seen, ended) =
        read(&mut tracker, &[tcp(1, (1, 100), (1, 100)), tcp(3, (2, 2), (2, 2)), tcp(4, (1, 1), (1, 1))]);
    for (change, flow) in seen {
        assert_eq!((change, flow.recent, flow.moved), (Change::Baseline, false, false));
    }
    assert_eq!(ended, []);
    let outcome = tracker.complete(Grace::None, false, |_| panic!("it is forgotten untold"));
    assert_eq!(outcome, Tracked { tracked: 3, ..Tracked::default() });
    let (changes, ..) = pass(&mut tracker, &[tcp(1, (2, 150), (1, 100)), tcp(2, (3, 3), (3, 3))]);
    assert_eq!(changes, [Change::Delta(both((1, 50), (0, 0))), Change::New(both((3, 3), (3, 3)))]);
}

#[test]
fn a_baseline_spares_what_it_may_have_overlooked() {
    let mut tracker = known(&[tcp(1, (5, 500), (6, 600))]);
    tracker.begin(expected(true));
    read(&mut tracker, &[]);
    tracker.complete(Grace::OnePass, false, |_| panic!("nothing ends in a baseline"));
    let (changes, ..) = pass(&mut tracker, &[tcp(1, (6, 510), (6, 600))]);
    assert_eq!(changes, [Change::Delta(both((1, 10), (0, 0)))]);
}

#[test]
fn of_several_readings_the_one_that_left_out_the_most_counts() {
    let mut tracker = known(&[]);
    let full = Expected { flows: 2, at_most: 1, baseline: false };
    for flows in [&[tcp(1, (1, 1), (1, 1)), tcp(2, (1, 1), (1, 1)), tcp(3, (1, 1), (1, 1))][..], &[]] {
        tracker.begin(full);
        read(&mut tracker, flows);
    }
    assert_eq!(tracker.complete(Grace::None, true, |_| ()).untracked, 2);
    tracker.begin(full);
    assert_eq!(tracker.complete(Grace::None, true, |_| ()).untracked, 0);
}

#[test]
fn a_counter_that_fell_counts_with_what_it_has() {
    for (name, now, delta, fallen) in [
        ("one direction", tcp(1, (1, 40), (60, 700)), both((1, 40), (10, 100)), 1),
        ("both, told once", tcp(1, (1, 40), (2, 80)), both((1, 40), (2, 80)), 1),
        ("its bytes caught up, its packets didn't", tcp(1, (3, 9000), (50, 600)), both((3, 9000), (0, 0)), 1),
        ("neither", tcp(1, (40, 500), (50, 600)), both((0, 0), (0, 0)), 0),
        ("to 0", tcp(1, (0, 0), (50, 600)), both((0, 0), (0, 0)), 1),
    ] {
        let mut tracker = known(&[tcp(1, (40, 500), (50, 600))]);
        let (changes, ended, outcome) = pass(&mut tracker, &[now]);
        assert_eq!((changes, ended), (vec![Change::Delta(delta)], vec![]), "{name}");
        assert_eq!((outcome.fallen, outcome.known), (fallen, 1), "{name}");
        let (changes, _, outcome) = pass(&mut tracker, &[now]);
        assert_eq!((changes, outcome.fallen), (vec![Change::Delta(Traffic::default())], 0), "{name}");
    }
}

#[test]
fn counters_pass_through_the_ends_of_their_words() {
    let (bytes, packets) = (1 << 38, 1 << 26);
    for (name, then, now, delta, fallen) in [
        ("bytes", (9, bytes - 10), (9, bytes + 5), (0, 15), 0),
        ("packets", (packets - 1, 10), (packets + 2, 20), (3, 10), 0),
        ("both, far up", (7 * packets - 1, 9 * bytes - 1), (7 * packets, 9 * bytes), (1, 1), 0),
        ("the longest step", (0, 0), (1, bytes / 2 - 1), (1, bytes / 2 - 1), 0),
        ("no step is that long", (5, 1), (6, bytes / 2 + 1), (6, bytes / 2 + 1), 1),
        ("from above half to little", (5, 200 << 30), (6, 1000), (6, 1000), 1),
        ("to a bit less, far up", (5, 9 * bytes + 7), (6, 9 * bytes + 6), (6, 9 * bytes + 6), 1),
    ] {
        let mut tracker = known(&[tcp(1, then, then)]);
        let (changes, _, outcome) = pass(&mut tracker, &[tcp(1, now, now)]);
        assert_eq!(changes, [Change::Delta(both(delta, delta))], "{name}");
        assert_eq!(outcome.fallen, fallen, "{name}");
    }
}

#[test]
fn counters_may_come_and_go() {
    let nothing = Change::Delta(Traffic::default());
    let mut tracker = known(&[uncounted(tcp(1, (0, 0), (0, 0)))]);
    let bare = tracker.bytes();
    assert_eq!(pass(&mut tracker, &[uncounted(tcp(1, (0, 0), (0, 0)))]).0, [nothing]);
    assert_eq!(tracker.bytes(), bare, "no memory for counters that are not there");
    assert_eq!(pass(&mut tracker, &[tcp(1, (2, 80), (3, 90))]).0, [Change::Delta(both((2, 80), (3, 90)))]);
    assert!(tracker.bytes() > 2 * bare);
    assert_eq!(pass(&mut tracker, &[uncounted(tcp(1, (0, 0), (0, 0)))]).0, [nothing]);
    let (changes, _, outcome) = pass(&mut tracker, &[tcp(1, (3, 100), (3, 90))]);
    assert_eq!(changes, [Change::Delta(both((1, 20), (0, 0)))], "what was told before is not told again");
    assert_eq!(outcome.fallen, 0);
    let mut one_way = tcp(1, (4, 150), (0, 0));
    one_way.reply.counters = None;
    assert_eq!(pass(&mut tracker, &[one_way]).0, [Change::Delta(both((1, 50), (0, 0)))]);
}

#[test]
fn a_tuple_that_is_used_again_is_one_ended_and_one_new() {
    let old = tcp(1, (10, 1000), (10, 1000));
    let fallen = tcp(1, (1, 60), (0, 0));
    let offloaded = Flow { flags: Flags::OFFLOAD, ..fallen };
    for (name, before, now, reopened) in [
        ("TIME_WAIT to SYN_SENT", in_state(State::TimeWait, old), in_state(State::SynSent, fallen), true),
        ("CLOSE to SYN_RECV", in_state(State::Close, old), in_state(State::SynRecv, fallen), true),
        ("TIME_WAIT to ESTABLISHED", in_state(State::TimeWait, old), fallen, true),
        ("without counters", in_state(State::Close, uncounted(old)), uncounted(fallen), true),
        ("to an offloaded one", in_state(State::TimeWait, old), offloaded, false),
        ("to FIN_WAIT", in_state(State::TimeWait, old), in_state(State::FinWait, fallen), false),
        ("with counters that rose", in_state(State::Close, old), tcp(1, (11, 1100), (10, 1000)), false),
        ("from LAST_ACK", in_state(State::LastAck, old), fallen, false),
        ("from ESTABLISHED", old, in_state(State::SynSent, fallen), false),
    ] {
        let mut tracker = known(&[before]);
        let (changes, ended, outcome) = pass(&mut tracker, &[now]);
        let [original, reply] = carried(&now).map(Option::unwrap_or_default);
        if reopened {
            assert_eq!(changes, [Change::New(Traffic { original, reply })], "{name}");
            let was = TrackedFlow {
                owner: OwnerId::ROUTER,
                protocol: ProtocolGroup::Tcp,
                unreplied: false,
                recent: false,
                moved: false,
            };
            assert_eq!(ended, [was], "{name}");
            assert_eq!((outcome.fallen, outcome.known, outcome.tracked), (0, 0, 1), "{name}");
        } else {
            assert!(matches!(changes.as_slice(), [Change::Delta(_)]), "{name}");
            assert_eq!((ended, outcome.known), (vec![], 1), "{name}");
        }
    }
}

#[test]
fn what_is_gone_is_told_with_what_was_known_of_it() {
    let [phone, laptop] = owners();
    let mut tracker = known(&[]);
    tracker.begin(expected(false));
    let syn = Flow { flags: Flags::UNREPLIED, ..in_state(State::SynSent, tcp(1, (1, 60), (0, 0))) };
    tracker.observe(&syn, phone, &mut |_| ());
    tracker.complete(Grace::None, false, |_| panic!("it is there"));
    assert!(tracker.remembers(phone) && !tracker.remembers(laptop));
    tracker.begin(expected(false));
    let (_, now) = tracker.observe(&tcp(1, (1, 60), (0, 0)), laptop, &mut |_| ());
    let told = TrackedFlow {
        owner: laptop,
        protocol: ProtocolGroup::Tcp,
        unreplied: false,
        recent: true,
        moved: true,
    };
    assert_eq!(now, told, "it belongs to whom it belongs now");
    tracker.complete(Grace::None, false, |_| panic!("it is there"));
    assert!(tracker.remembers(laptop) && !tracker.remembers(phone));
    let (_, ended, outcome) = pass(&mut tracker, &[]);
    assert_eq!((ended, outcome.tracked), (vec![told], 0));
    assert!(!tracker.remembers(laptop));
}

#[test]
fn recent_and_moved_hold_until_the_report() {
    let flags = |tracker: &mut FlowTracker, flow: Flow, reported| {
        tracker.begin(expected(false));
        let (_, now) = tracker.observe(&flow, OwnerId::ROUTER, &mut |_| ());
        tracker.complete(Grace::None, reported, |_| ());
        (now.recent, now.moved)
    };
    let mut tracker = known(&[]);
    assert_eq!(flags(&mut tracker, tcp(1, (0, 0), (0, 0)), false), (true, false));
    assert_eq!(flags(&mut tracker, tcp(1, (1, 60), (0, 0)), false), (true, true));
    assert_eq!(flags(&mut tracker, tcp(1, (1, 60), (0, 0)), true), (true, true));
    assert_eq!(flags(&mut tracker, tcp(1, (1, 60), (0, 0)), false), (false, false));
    assert_eq!(flags(&mut tracker, tcp(1, (1, 60), (1, 60)), true), (false, true));
    let (_, ended, _) = pass(&mut tracker, &[]);
    assert_eq!((ended[0].recent, ended[0].moved), (false, false));
}

#[test]
fn a_flow_that_the_text_left_out_once_is_not_gone() {
    let flow = tcp(1, (1, 60), (0, 0));
    let mut tracker = known(&[flow]);
    let mut graced = |flows: &[Flow]| {
        tracker.begin(expected(false));
        let (seen, mut ended) = read(&mut tracker, flows);
        tracker.complete(Grace::OnePass, false, |flow| ended.push(*flow));
        (seen.first().map(|(change, _)| *change), ended.len())
    };
    let later = tcp(1, (2, 100), (0, 0));
    assert_eq!(graced(&[]), (None, 0));
    assert_eq!(graced(&[later]), (Some(Change::Delta(both((1, 40), (0, 0)))), 0));
    assert_eq!(graced(&[]), (None, 0));
    assert_eq!(graced(&[]), (None, 1));
    assert_eq!(graced(&[later]), (Some(Change::New(both((2, 100), (0, 0)))), 0));
    assert_eq!(graced(&[]), (None, 0));
    let (_, ended, _) = pass(&mut tracker, &[]);
    assert_eq!(ended.len(), 1, "where the grace ends, so does what it has spared");
}

#[test]
fn what_was_told_in_a_reading_that_broke_off_is_told_once() {
    let mut tracker = known(&[tcp(1, (1, 60), (0, 0)), tcp(2, (1, 60), (0, 0)), tcp(3, (1, 60), (0, 0))]);
    tracker.begin(expected(false));
    let (seen, _) =
        read(&mut tracker, &[tcp(1, (2, 100), (0, 0)), tcp(4, (1, 50), (0, 0)), tcp(3, (1, 10), (0, 0))]);
    assert_eq!(seen[1].0, Change::New(both((1, 50), (0, 0))));
    // Now from the beginning, to the end.
    let (changes, ended, outcome) = pass(&mut tracker, &[tcp(1, (3, 150), (0, 0)), tcp(4, (1, 50), (0, 0))]);
    assert_eq!(changes, [Change::Delta(both((1, 50), (0, 0))), Change::Delta(Traffic::default())]);
    assert_eq!(ended.len(), 1, "the second alone was seen in neither");
    assert_eq!(outcome, Tracked { tracked: 3, untracked: 0, fallen: 1, known: 2 });
    let (_, ended, _) = pass(&mut tracker, &[tcp(1, (3, 150), (0, 0)), tcp(4, (1, 50), (0, 0))]);
    assert_eq!(ended.len(), 1, "and the third is told now");
}

#[test]
fn an_entry_that_is_sent_twice_counts_once() {
    let mut tracker = known(&[tcp(1, (1, 60), (0, 0))]);
    let (one, two) = (tcp(1, (2, 100), (0, 0)), tcp(2, (1, 50), (0, 0)));
    let (changes, _, outcome) = pass(&mut tracker, &[one, one, two, two]);
    let nothing = Change::Delta(Traffic::default());
    let expected =
        [Change::Delta(both((1, 40), (0, 0))), nothing, Change::New(both((1, 50), (0, 0))), nothing];
    assert_eq!(changes, expected);
    assert_eq!(outcome, Tracked { tracked: 2, untracked: 0, fallen: 0, known: 1 });
}

#[test]
fn beyond_the_bound_flows_are_counted_and_not_tracked() {
    let mut tracker = known(&[tcp(1, (1, 60), (0, 0))]);
    let flows: Vec<Flow> = (1..=4).map(|port| tcp(port, (1, 60), (0, 0))).collect();
    tracker.begin(Expected { flows: usize::MAX, at_most: 2, baseline: false });
    let (seen, _) = read(&mut tracker, &flows);
    assert_eq!((seen[2].0, seen[3].0), (Change::Untracked, Change::Untracked));
    assert!(!seen[2].1.recent);
    let outcome = tracker.complete(Grace::None, false, |_| ());
    assert_eq!(outcome, Tracked { tracked: 2, untracked: 2, fallen: 0, known: 1 });
    tracker.begin(Expected { flows: 4, at_most: 1, baseline: true });
    let (seen, _) = read(&mut tracker, &flows);
    assert_eq!(seen.iter().filter(|(change, _)| *change == Change::Baseline).count(), 2);
    let outcome = tracker.complete(Grace::None, false, |_| ());
    assert_eq!((outcome.tracked, outcome.untracked), (2, 2), "what is known stays known");
}

#[test]
fn whatever_makes_a_tuple_makes_another_flow() {
    let flow = tcp(1, (1, 60), (0, 0));
    let v6 = |last| Endpoint { address: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into(), port: 1 };
    let with = |source, destination| {
        let mut other = flow;
        (other.original.source, other.original.destination) = (source, destination);
        other
    };
    let (source, destination) = (flow.original.source, flow.original.destination);
    let others = [
        Flow { zone: 1, ..flow },
        Flow { protocol: Protocol(132), ..flow },
        with(Endpoint { port: 2, ..source }, destination),
        with(source, Endpoint { port: 444, ..destination }),
        with(Endpoint { address: Ipv4Addr::new(192, 168, 8, 3).into(), ..source }, destination),
        with(source, Endpoint { address: Ipv4Addr::new(203, 0, 113, 8).into(), ..destination }),
        with(destination, source),
        with(v6(1), v6(2)),
        with(v6(2), v6(1)),
        with(v6(1), v6(3)),
        Flow { zone: 1, ..with(v6(1), v6(2)) },
    ];
    let mut tracker = known(&[flow]);
    let (changes, _, outcome) = pass(&mut tracker, &others);
    assert!(changes.iter().all(|change| matches!(change, Change::New(_))), "{changes:?}");
    assert_eq!((outcome.tracked, outcome.known), (others.len(), 0));
    let same = Flow { mark: 7, timeout: None, reply: others[8].reply, ..others[8] };
    assert!(matches!(pass(&mut tracker, &[same]).0[0], Change::Delta(_)));
}

#[test]
fn nothing_is_known_of_a_tracker_that_is_cleared_or_was_never_begun() {
    let mut tracker = known(&[tcp(1, (1, 60), (0, 0))]);
    assert!(tracker.remembers(OwnerId::ROUTER) && tracker.bytes() > 0);
    tracker.clear();
    assert!(!tracker.remembers(OwnerId::ROUTER));
    assert_eq!(tracker.bytes(), 0);
    assert_eq!(read(&mut tracker, &[tcp(1, (1, 60), (0, 0))]).0[0].0, Change::Untracked);
    assert_eq!(tracker.complete(Grace::None, true, |_| ()).untracked, 1);
    assert!(matches!(pass(&mut tracker, &[tcp(1, (1, 60), (0, 0))]).0[0], Change::New(_)));
}

#[test]
fn who_zeroes_counters_shows() {
    for (fallen, known, zeroed) in
        [(19, 19, false), (20, 399, true), (20, 400, false), (0, 0, false), (u64::MAX, 1, true)]
    {
        assert_eq!(Tracked { fallen, known, ..Tracked::default() }.zeroed(), zeroed, "{fallen} of {known}");
    }
}

#[test]
fn protocols_have_their_groups() {
    for (number, name) in [(6, "tcp"), (17, "udp"), (1, "icmp"), (58, "icmp"), (2, "other"), (132, "other")] {
        let group = ProtocolGroup::of(Protocol(number));
        assert_eq!((group.name(), ProtocolGroup::ALL[group.index()]), (name, group));
        let flow = Flow { protocol: Protocol(number), ..tcp(1, (0, 0), (0, 0)) };
        assert_eq!(read(&mut known(&[flow]), &[flow]).0[0].1.protocol, group);
    }
}

#[test]
fn unreplied_is_half_open_or_without_an_answer() {
    let flow = tcp(1, (0, 0), (0, 0));
    let udp = Flow { protocol: Protocol::UDP, ..flow };
    for (flow, unreplied) in [
        (in_state(State::SynSent, flow), true),
        (in_state(State::SynRecv, flow), false),
        (Flow { flags: Flags::UNREPLIED, ..flow }, true),
        (flow, false),
        (Flow { flags: Flags::UNREPLIED, ..in_state(State::Unreplied, udp) }, true),
        (in_state(State::Active, udp), false),
        (Flow { flags: Flags::of_status(0x4000), ..in_state(State::Active, udp) }, false),
    ] {
        assert_eq!(read(&mut known(&[]), &[flow]).0[0].1.unreplied, unreplied, "{flow:?}");
    }
}

#[test]
fn traffic_is_both_ways() {
    assert_eq!(both((1, 2), (3, 4)).bytes(), 6);
    assert_eq!(both((1, u64::MAX), (3, 4)).bytes(), u64::MAX);
}
