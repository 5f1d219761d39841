mod properties;

use std::net::IpAddr;

use super::*;
use crate::attribution::owners::OwnerTable;
use crate::attribution::{Attribution, Direction};
use crate::census::flow_tracker::{ProtocolGroup, Traffic};
use crate::conntrack::flow::{Counters, Protocol, State};
use crate::destinations::networks::Networks;
use crate::devices::Identity;
use crate::measurements::fixture::flow;
use crate::services::ServiceTable;
use statistics::Sums;

const ALL_KNOWN: CompletedPass =
    CompletedPass { kept: Attempt::First, flows: true, bytes: true, since_last: Duration::from_secs(10) };
const HOUR: Duration = Duration::from_hours(1);

thread_local! {
    /// Nobody asks for a service here, and it takes long to make them.
    static SERVICES: ServiceTable = ServiceTable::built_in();
}

/// So many owners.
fn owners(number: u32) -> Vec<OwnerId> {
    let mut table = OwnerTable::default();
    let mut enter = |number: u32| {
        let address = IpAddr::V4((0x0a00_0000 + number).into());
        table.enter(address, Some(Identity::Address(address)), true)
    };
    (0..number).map(&mut enter).collect()
}

fn at(second: u64) -> Duration {
    HOUR + Duration::from_secs(second)
}

/// An entry: its state, what it did, and whether the kernel counts its bytes.
#[derive(Clone, Copy, Debug)]
struct Seen(OwnerId, State, Change, bool);

fn delta(bytes: [u64; 2]) -> Change {
    Change::Delta(traffic(bytes))
}

/// What was received and sent by a connection that its owner began.
fn traffic([rx, tx]: [u64; 2]) -> Traffic {
    let counters = |bytes| Counters { packets: 1, bytes };
    Traffic { original: counters(tx), reply: counters(rx) }
}

fn open(owner: OwnerId, bytes: [u64; 2]) -> Seen {
    Seen(owner, State::Established, delta(bytes), true)
}

fn tracked(owner: OwnerId) -> TrackedFlow {
    TrackedFlow { owner, protocol: ProtocolGroup::Tcp, unreplied: false, recent: false, moved: false }
}

fn reading(history: &mut History, attempt: Attempt, seen: &[Seen]) {
    history.begin(attempt, seen.len());
    SERVICES.with(|services| see(history, seen, services));
}

fn see(history: &mut History, seen: &[Seen], services: &ServiceTable) {
    let networks = Networks::default();
    for Seen(owner, state, change, is_accounted) in seen.iter().copied() {
        let mut flow = flow(Protocol::TCP, state);
        flow.original.counters = is_accounted.then(Counters::default);
        let attribution = Attribution::new(&flow, owner, Direction::Outbound);
        let tracked = tracked(owner);
        history.observe(&Observation {
            flow: &flow,
            attribution,
            change,
            tracked,
            services,
            networks: &networks,
        });
    }
}

fn pass(history: &mut History, second: u64, seen: &[Seen]) {
    reading(history, Attempt::First, seen);
    history.complete(&ALL_KNOWN, at(second));
}

/// Each interval: the second at which it ended, its seconds, bytes, connections, entries, opened and closed.
fn shown(history: &History, owners: &[OwnerId], seconds: u64) -> Vec<String> {
    let show = |interval: Interval| {
        let bytes = interval.bytes.map_or("?".to_owned(), |bytes| format!("{}/{}", bytes.rx, bytes.tx));
        let known = |turnover: Turnover| format!("+{} -{}", turnover.opened, turnover.closed);
        let turnover = interval.turnover.map_or("?".to_owned(), known);
        let (second, covered) = (interval.boot.saturating_sub(HOUR).as_secs(), interval.covered.as_secs());
        let Interval { connections, entries, .. } = interval;
        format!("@{second} {covered} s: {bytes} B, {connections} of {entries}, {turnover}")
    };
    history.recent(owners, Duration::from_secs(seconds)).map(show).collect()
}

#[test]
fn each_pass_has_what_was_seen_in_it_and_what_was_done_since_the_one_before() {
    let (tv, mut history) = (owners(1)[0], History::default());
    pass(&mut history, 0, &[open(tv, [9, 9])]);
    let new = Seen(tv, State::SynSent, Change::New(traffic([0, 60])), true);
    pass(&mut history, 10, &[open(tv, [500, 40]), new, Seen(tv, State::Active, delta([0, 0]), true)]);
    reading(&mut history, Attempt::First, &[open(tv, [7, 0])]);
    history.ended(&tracked(tv));
    history.complete(&ALL_KNOWN, at(22));
    let expected =
        ["@0 0 s: ? B, 1 of 1, ?", "@10 10 s: 500/100 B, 2 of 3, +1 -0", "@22 12 s: 7/0 B, 1 of 1, +0 -1"];
    assert_eq!(shown(&history, &[tv], 60), expected);
}

#[test]
fn what_a_reading_that_breaks_off_was_told_counts_in_the_next_pass_what_it_saw_does_not() {
    let (tv, mut history) = (owners(1)[0], History::default());
    pass(&mut history, 0, &[open(tv, [0, 0])]);
    reading(&mut history, Attempt::First, &[open(tv, [100, 0]), open(tv, [20, 0])]);
    assert_eq!(shown(&history, &[tv], 60).len(), 1);
    pass(&mut history, 20, &[open(tv, [3, 0])]);
    // A text that came out short is read once more. The second tells only what has been since the first.
    for (second, kept, expected) in [(30, Attempt::First, "1 of 1"), (40, Attempt::Second, "2 of 2")] {
        reading(&mut history, Attempt::First, &[open(tv, [9, 0])]);
        reading(&mut history, Attempt::Second, &[open(tv, [1, 0]), open(tv, [0, 0])]);
        history.complete(&CompletedPass { kept, ..ALL_KNOWN }, at(second));
        let last = shown(&history, &[tv], 1).pop().unwrap();
        assert_eq!(last, format!("@{second} 10 s: 10/0 B, {expected}, +0 -0"));
    }
    assert_eq!(shown(&history, &[tv], 40)[0], "@20 20 s: 123/0 B, 1 of 1, +0 -0");
}

#[test]
fn what_is_not_known_of_a_pass_is_absent_and_not_carried_on() {
    let (tv, mut history) = (owners(1)[0], History::default());
    pass(&mut history, 0, &[]);
    for (second, flows, bytes) in [(10, false, false), (20, true, false), (30, true, true)] {
        reading(&mut history, Attempt::First, &[open(tv, [5, 5])]);
        history.ended(&tracked(tv));
        history.complete(&CompletedPass { flows, bytes, ..ALL_KNOWN }, at(second));
    }
    let expected =
        ["@10 10 s: ? B, 1 of 1, ?", "@20 10 s: ? B, 1 of 1, +0 -1", "@30 10 s: 5/5 B, 1 of 1, +0 -1"];
    assert_eq!(shown(&history, &[tv], 30), expected);
}

#[test]
fn bytes_are_known_if_the_kernel_counts_any_flow_of_the_device_or_it_has_none() {
    let (devices, mut history) = (owners(2), History::default());
    let uncounted = |owner| Seen(owner, State::Established, delta([0, 0]), false);
    pass(&mut history, 0, &[]);
    pass(&mut history, 10, &[uncounted(devices[0]), open(devices[1], [1, 0])]);
    pass(&mut history, 20, &[uncounted(devices[0])]);
    pass(&mut history, 30, &[uncounted(devices[0]), open(devices[0], [1, 0])]);
    pass(&mut history, 40, &[]);
    let known = |owners: &[OwnerId]| -> Vec<bool> {
        history.recent(owners, Duration::from_secs(40)).map(|interval| interval.bytes.is_some()).collect()
    };
    assert_eq!(known(&devices[..1]), [false, false, true, true]);
    assert_eq!(known(&devices), [true, false, true, true]);
    assert_eq!(known(&devices[1..]), [true; 4]);
}

#[test]
fn owners_of_one_device_are_added_up_and_who_turned_up_late_had_nothing_before() {
    let (devices, mut history) = (owners(3), History::default());
    pass(&mut history, 0, &[open(devices[0], [1, 2])]);
    pass(&mut history, 10, &[open(devices[0], [10, 20]), open(devices[1], [100, 200])]);
    let expected = ["@0 0 s: ? B, 1 of 1, ?", "@10 10 s: 110/220 B, 2 of 2, +0 -0"];
    assert_eq!(shown(&history, &devices, 60), expected);
    let late = ["@0 0 s: ? B, 0 of 0, ?", "@10 10 s: 100/200 B, 1 of 1, +0 -0"];
    assert_eq!(shown(&history, &devices[1..2], 60), late);
    assert!(shown(&history, &devices[2..], 60).is_empty(), "never seen");
}

#[test]
fn a_window_has_the_intervals_of_which_half_lies_within_and_always_the_last() {
    let (tv, mut history) = (owners(1)[0], History::default());
    let millis = [0, 10_003, 19_990, 30_001, 40_000, 49_998, 60_004];
    for millis in millis {
        reading(&mut history, Attempt::First, &[open(tv, [1, 0])]);
        history.complete(&ALL_KNOWN, HOUR + Duration::from_millis(millis));
    }
    for (window, intervals) in [(0, 1), (1, 1), (10, 1), (20, 2), (30, 3), (54, 5), (56, 6), (60, 6), (61, 7)]
    {
        let found = history.recent(&[tv], Duration::from_secs(window)).count();
        assert_eq!(found, intervals, "{window} s");
    }
    let sums = Sums::of(history.recent(&[tv], Duration::from_secs(60)));
    assert_eq!(sums.covered, Duration::from_millis(60_004), "of the first it isn't known since when");
    pass(&mut history, 660, &[open(tv, [1, 0])]);
    assert_eq!(history.recent(&[tv], Duration::from_secs(60)).count(), 1, "a gap");
}

#[test]
fn passes_faster_than_every_ten_seconds_share_places() {
    for (pace, covered) in [(1, 10), (3, 12), (5, 10), (6, 12), (9, 18), (10, 10), (30, 30)] {
        let (tv, mut history) = (owners(1)[0], History::default());
        for second in (0..=4000).step_by(pace) {
            pass(&mut history, second, &[open(tv, [1, 0])]);
        }
        let intervals: Vec<Interval> = history.recent(&[tv], HOUR).collect();
        assert!(intervals.len() <= 360, "{pace}: {}", intervals.len());
        let sums = Sums::of(intervals.iter().copied());
        assert!(sums.covered + Duration::from_secs(covered) > HOUR, "{pace}: {:?}", sums.covered);
        let passes = sums.covered.as_secs() / u64::try_from(pace).unwrap();
        assert_eq!(sums.bytes.sum.rx.to_bits(), f64::from(u32::try_from(passes).unwrap()).to_bits());
        let whole = &intervals[..intervals.len() - 1];
        assert!(whole.iter().all(|interval| interval.covered.as_secs() == covered), "{pace}");
    }
}

#[test]
fn what_differs_in_what_is_known_shares_no_place() {
    let (tv, mut history) = (owners(1)[0], History::default());
    for (second, bytes) in [(0, false), (2, false), (4, true), (6, true), (8, false)] {
        reading(&mut history, Attempt::First, &[open(tv, [second, 0])]);
        history.ended(&tracked(tv));
        history.complete(&CompletedPass { bytes, ..ALL_KNOWN }, at(second));
    }
    let expected = [
        "@0 0 s: ? B, 1 of 1, ?",
        "@2 2 s: ? B, 1 of 1, +0 -1",
        "@6 4 s: 10/0 B, 1 of 1, +0 -2",
        "@8 2 s: ? B, 1 of 1, +0 -1",
    ];
    assert_eq!(shown(&history, &[tv], 60), expected);
}

#[test]
fn an_owner_is_forgotten_an_hour_after_it_was_last_seen() {
    let (devices, mut history) = (owners(2), History::default());
    pass(&mut history, 0, &[open(devices[0], [5, 0])]);
    for second in (10..=3590).step_by(10) {
        pass(&mut history, second, &[open(devices[1], [1, 0])]);
    }
    assert_eq!(shown(&history, &devices[..1], 3600)[0], "@0 0 s: ? B, 1 of 1, ?");
    assert_eq!(history.rings.len(), 2);
    pass(&mut history, 3600, &[]);
    assert_eq!(shown(&history, &devices[..1], 3600), [""; 0]);
    assert_eq!(history.rings.len(), 1);
    pass(&mut history, 9000, &[]);
    assert_eq!((history.rings.len(), history.passes.len()), (0, 1));
}

#[test]
fn who_is_given_the_place_of_another_has_nothing_of_it() {
    let mut table = OwnerTable::default();
    let mut enter = |number: u32| {
        table.begin((0, 0), |_| false);
        let address = IpAddr::V4((0x0a00_0000 + number).into());
        table.enter(address, Some(Identity::Address(address)), false)
    };
    let before: Vec<OwnerId> = (0..1025).map(&mut enter).collect();
    let after = before[1024];
    let same_place = before.iter().find(|owner| owner.place() == after.place() && **owner != after).unwrap();
    let mut history = History::default();
    pass(&mut history, 0, &[open(*same_place, [7, 0])]);
    pass(&mut history, 10, &[open(after, [1, 0])]);
    let expected = ["@0 0 s: ? B, 0 of 0, ?", "@10 10 s: 1/0 B, 1 of 1, +0 -0"];
    assert_eq!(shown(&history, &[after], 60), expected);
    let expected = ["@0 0 s: ? B, 1 of 1, ?", "@10 10 s: 0/0 B, 0 of 0, +0 -0"];
    assert_eq!(shown(&history, &[*same_place], 60), expected);
}

#[test]
fn where_there_are_too_many_who_has_had_nothing_for_the_longest_gives_way() {
    let (all, mut history) = (owners(1030), History::default());
    let seen = |owners: &[OwnerId]| owners.iter().map(|owner| open(*owner, [1, 0])).collect::<Vec<_>>();
    pass(&mut history, 0, &seen(&all[..1024]));
    pass(&mut history, 10, &seen(&all[1..1024]));
    pass(&mut history, 20, &seen(&all[2..1025]));
    let is_known = |history: &History, owner: usize| history.recent(&all[owner..=owner], HOUR).count() > 0;
    assert!(!is_known(&history, 0) && is_known(&history, 1) && is_known(&history, 1024));
    pass(&mut history, 30, &seen(&all[2..]));
    let known: Vec<usize> = (1..1030).filter(|owner| is_known(&history, *owner)).collect();
    assert_eq!(known, (2..1026).collect::<Vec<_>>(), "one gave way, and nobody else could");
    assert_eq!(history.rings.len(), 1024);
}

#[test]
fn a_ring_takes_memory_as_it_fills_and_never_more_than_nine_kilobytes() {
    let (all, mut history) = (owners(1024), History::default());
    let seen: Vec<Seen> = all.iter().map(|owner| open(*owner, [1, 1])).collect();
    let after = |history: &mut History, seconds: std::ops::Range<u64>| {
        seconds.step_by(10).for_each(|second| pass(history, second, &seen));
        history.bytes() / all.len()
    };
    let each = [0..10, 10..100, 100..3600, 3600..8000].map(|range| after(&mut history, range));
    assert!(each[0] < 400 && each[1] < 600, "{each:?}");
    assert!((8640..9216).contains(&each[2]) && each[2] == each[3], "{each:?}");
}
