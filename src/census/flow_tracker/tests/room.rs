//! Where flows lie, and how much memory they take.

use super::*;

/// Flow number so-and-so of many.
fn numbered(number: u32) -> Flow {
    let mut flow = tcp(u16::try_from(number & 0xffff).unwrap(), (1, 60), (1, 60));
    flow.original.source.address = IpAddr::from([10, 0, 0, u8::try_from(number >> 16).unwrap()]);
    flow
}

/// Passes over windows of the numbers: each begins `step` later.
fn windows(tracker: &mut FlowTracker, flows: u32, step: u32, passes: u32) {
    for first in (0..passes).map(|pass| pass * step) {
        tracker.begin(Expected { flows: flows as usize, at_most: 1 << 20, baseline: first == 0 });
        for number in first..first + flows {
            tracker.observe(&numbered(number), OwnerId::ROUTER, &mut |_| ());
        }
        let mut ended = 0;
        let outcome = tracker.complete(Grace::None, true, |_| ended += 1);
        let known = if first == 0 { 0 } else { flows - step };
        assert_eq!((outcome.tracked, outcome.known), (flows as usize, u64::from(known)));
        assert_eq!(ended, if first == 0 { 0 } else { step });
    }
}

#[test]
fn memory_stays_within_its_bounds() {
    for (turnover, at_most) in [(1, 45), (20, 45), (80, 75)] {
        let mut tracker = tracker();
        windows(&mut tracker, 20_000, 200 * turnover, 6);
        let per_flow = tracker.bytes() / 20_000;
        assert!((24..=at_most).contains(&per_flow), "{turnover} %: {per_flow} bytes");
    }
}

#[test]
fn room_grows_within_a_pass_and_shrinks_with_the_next() {
    let mut tracker = tracker();
    tracker.begin(Expected { flows: 0, at_most: 1 << 20, baseline: true });
    for number in 0..20_000 {
        assert_eq!(tracker.observe(&numbered(number), OwnerId::ROUTER, &mut |_| ()).0, Change::Baseline);
    }
    assert_eq!(tracker.complete(Grace::None, true, |_| ()).tracked, 20_000);
    let large = tracker.bytes();
    assert!(large / 20_000 <= 45, "{large}");
    // Little less is no reason to shrink.
    for (flows, expected) in [(19_000, large), (12_000, large), (100, large), (100, 24 * 200)] {
        windows(&mut tracker, flows, 0, 2);
        assert!(tracker.bytes() <= expected, "{flows}: {}", tracker.bytes());
        assert!(flows == 100 || tracker.bytes() == large, "{flows}");
    }
    let (changes, ..) = pass(&mut tracker, &[numbered(99), numbered(100)]);
    assert_eq!(changes, [Change::Delta(Traffic::default()), Change::New(both((1, 60), (1, 60)))]);
}

/// Flows whose search begins at the slot `home` of so much room.
fn at_home(tracker: &FlowTracker, home: usize, room: usize) -> impl Iterator<Item = Flow> {
    (0..1 << 20).map(numbered).filter(move |flow| {
        Head::of(tracker.hash(flow), flow, OwnerId::ROUTER, tracker.generation).home(room) == home
    })
}

#[test]
fn flows_of_one_home_are_told_apart_even_around_the_end() {
    let mut tracker = tracker();
    tracker.begin(Expected { flows: 40, at_most: 1000, baseline: true });
    let room = tracker.table.room();
    for home in [0, 7, room - 2, room - 1] {
        let crowd: Vec<Flow> = at_home(&tracker, home, room).take(12).collect();
        let beside: Vec<Flow> = at_home(&tracker, (home + 1) % room, room).take(6).collect();
        let all = [crowd.clone(), beside.clone()].concat();
        // Whichever leaves, whoever stays is found.
        for leaving in 0..all.len() {
            tracker.clear();
            tracker.begin(Expected { flows: 40, at_most: 1000, baseline: true });
            assert_eq!(tracker.table.room(), room);
            read(&mut tracker, &all);
            tracker.complete(Grace::None, true, |_| ());
            let staying: Vec<Flow> = all
                .iter()
                .enumerate()
                .filter(|(at, _)| at % 3 != leaving % 3 && *at != leaving)
                .map(|(_, flow)| *flow)
                .collect();
            let (_, ended, outcome) = pass(&mut tracker, &staying);
            assert_eq!(ended.len(), all.len() - staying.len());
            assert_eq!(outcome.known, staying.len() as u64);
            let (changes, ended, outcome) = pass(&mut tracker, &staying);
            assert!(changes.iter().all(|change| matches!(change, Change::Delta(_))), "{changes:?}");
            assert_eq!((ended.len(), outcome.tracked), (0, staying.len()));
        }
    }
}

#[test]
fn ports_in_a_row_lie_evenly() {
    for seed in 0..20 {
        let secret = SeedableRandomState::with_seed(seed, foldhash::SharedSeed::global_fixed());
        let mut tracker = FlowTracker { secret, ..FlowTracker::default() };
        tracker.begin(Expected { flows: 20_000, at_most: 1 << 20, baseline: true });
        let mut away = 0;
        for flow in (0..20_000).map(numbered) {
            tracker.observe(&flow, OwnerId::ROUTER, &mut |_| ());
            let head = Head::of(tracker.hash(&flow), &flow, OwnerId::ROUTER, tracker.generation);
            let (at, _) = tracker.table.find(head).unwrap();
            let room = tracker.table.room();
            away += (at + room - head.home(room)) % room;
        }
        // Knuth: at a load of two thirds a flow lies one slot from its home on the average.
        assert!(away < 30_000, "seed {seed}: {away}");
    }
}
