use super::*;
use crate::alerts::fixture::Judged;
use crate::attribution::Direction;
use crate::attribution::owners::OwnerId;
use crate::conntrack::flow::{Counters, Flow, Protocol, State};
use crate::history::{Bytes, Turnover};
use crate::measurements::fixture::{Fixture, flow};

const START: Duration = Duration::from_hours(1);

/// So many passes of 10 s in a row: megabits a second, and connections.
type Row = (usize, f64, u32);

/// Passes from 3 minutes before the spell on.
fn intervals(rows: &[Row]) -> Vec<Interval> {
    let passes = rows.iter().flat_map(|(count, mbit, connections)| vec![(*mbit, *connections); *count]);
    let interval = |(place, (mbit, connections)): (usize, (f64, u32))| Interval {
        boot: START + Duration::from_secs(10) * u32::try_from(place).unwrap(),
        covered: Duration::from_secs(10),
        bytes: Some(Bytes { rx: mbit * 1e7 / 8.0, tx: 0.0 }),
        turnover: Some(Turnover::default()),
        connections,
        entries: connections,
    };
    passes.enumerate().map(interval).collect()
}

/// For how many seconds it stalls at the end, where that is more than a pause.
fn stalled(rows: &[Row]) -> Option<u64> {
    let intervals = intervals(rows);
    let mut spell = Spell::new(START);
    // As the rule does: three passes at a time.
    let mut last = None;
    for upto in (1..=intervals.len()).filter(|upto| upto % 3 == 0 || *upto == intervals.len()) {
        last = spell.walk(&intervals[..upto], &config::Buffering::default());
    }
    last.filter(Standing::is_stall).map(|standing| standing.stalled.as_secs())
}

#[test]
fn next_to_nothing_for_two_passes_and_other_connections() {
    for (then, expected) in [
        (&[(2, 0.5, 4)][..], Some(20)),
        (&[(3, 0.5, 4)], Some(30)),
        (&[(1, 0.5, 4)], None),
        // Not under a fifth.
        (&[(2, 1.1, 4)], None),
        // Of seven connections a third is more than two.
        (&[(2, 0.5, 5)], None),
        (&[(2, 0.5, 7)], None),
        (&[(2, 0.5, 13)], None),
        (&[(2, 0.5, 14)], Some(20)),
        // It fires though it has ended by the time it is judged.
        (&[(2, 0.5, 4), (1, 8.0, 7)], Some(20)),
        (&[(2, 0.5, 4), (4, 8.0, 7)], None),
        // They fall later than the bytes.
        (&[(2, 0.5, 7), (1, 0.5, 4)], Some(30)),
    ] {
        let mut rows = vec![(30, 5.0, 7)];
        rows.extend(then);
        assert_eq!(stalled(&rows), expected, "{then:?}");
    }
}

#[test]
fn a_film_has_pauses_of_its_own() {
    let pulse = [(2, 9.0, 6), (2, 0.1, 6)];
    for (pause, expected) in [(2, None), (4, None), (5, Some(50)), (6, Some(60))] {
        let mut rows = pulse.repeat(8);
        rows.extend([(2, 9.0, 6), (pause, 0.1, 3)]);
        assert_eq!(stalled(&rows), expected, "{pause}");
    }
    // A stall is none of them.
    let mut rows = vec![(30, 5.0, 7), (6, 0.0, 3), (18, 5.0, 7)];
    rows.push((3, 0.0, 3));
    assert_eq!(stalled(&rows), Some(30));
}

#[test]
fn a_film_must_have_played_for_three_minutes() {
    assert_eq!(stalled(&[(16, 5.0, 7), (2, 0.0, 3)]), None);
    assert_eq!(stalled(&[(17, 5.0, 7), (2, 0.0, 3)]), Some(20));
}

#[test]
fn twice_the_connections_and_no_more_comes_in() {
    for (before, then, expected) in [
        ((24, 5.0, 10), (3, 5.0, 20), Some(30)),
        ((24, 5.0, 10), (3, 4.0, 40), Some(30)),
        ((24, 5.0, 10), (3, 5.1, 40), None),
        ((24, 5.0, 9), (3, 5.0, 19), None),
        ((24, 5.0, 11), (3, 5.0, 21), None),
        ((24, 5.0, 3), (3, 5.0, 8), None),
    ] {
        assert_eq!(stalled(&[before, then]), expected, "{before:?} {then:?}");
    }
}

#[test]
fn what_isnt_known_is_no_stall() {
    let mut intervals = intervals(&[(30, 5.0, 7), (3, 0.0, 3)]);
    intervals[31].bytes = None;
    let mut spell = Spell::new(START);
    let standing = spell.walk(&intervals, &config::Buffering::default()).unwrap();
    assert!(!standing.is_stall(), "{standing:?}");
    for interval in &mut intervals {
        interval.bytes = None;
    }
    assert_eq!(Spell::new(START).walk(&intervals, &config::Buffering::default()), None);
}

/// A television, and what it has received so far.
struct Television {
    fixture: Fixture,
    owner: OwnerId,
    judged: Judged<Buffering>,
    received: u64,
}

impl Television {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        let owner = fixture.device("TV");
        // A report is made at the instant of the last of three passes.
        fixture.sample.boot += Duration::from_secs(20);
        Self { fixture, owner, judged: Judged::new(Buffering::default()), received: 0 }
    }

    /// So many reports of three passes each, in which it receives so many bits a second.
    fn reports(&mut self, reports: u32, class: Option<Class>, mbit: u64, connections: u16) -> Option<f64> {
        let activities = class.map(|class| (Rc::from("TV"), class));
        self.fixture.found.activities = activities.into_iter().collect();
        for _ in 0..reports {
            for _ in 0..3 {
                self.received += mbit * 10_000_000 / 8 / u64::from(connections);
                let flow = |port| (self.owner, Direction::Outbound, self.flow(port));
                let flows: Vec<_> = (0..connections).map(flow).collect();
                self.fixture.pass(&mut self.judged, &flows);
            }
            self.fixture.report(&mut self.judged);
        }
        self.judged.reading("TV").map(|reading| reading.value)
    }

    fn flow(&self, port: u16) -> Flow {
        let mut flow = flow(Protocol::TCP, State::Established);
        flow.original.source.port = port;
        flow.original.counters = Some(Counters::default());
        flow.reply.counters = Some(Counters { packets: 1, bytes: self.received });
        flow
    }
}

#[test]
fn it_is_judged_of_who_is_known_to_play_a_film() {
    let mut television = Television::new();
    assert_eq!(television.reports(4, None, 6, 6), None);
    assert_eq!(television.reports(1, Some(Class::Browsing), 6, 6), Some(0.0));
    assert_eq!(television.judged.reading("TV").unwrap().what, "TV plays no film");
    assert_eq!(television.reports(10, Some(Class::Video), 6, 6), Some(0.0));
    assert_eq!(television.reports(1, Some(Class::Video), 0, 3), Some(30.0));
    let expected = "TV has been waiting for its film for 30 s: it receives 0.0 Mbit/s by 3 connections, and received 6.0 \
                    by 6 in the minutes before";
    assert_eq!(television.judged.reading("TV").unwrap().what, expected);
    assert_eq!(television.reports(1, Some(Class::Unknown), 0, 3), None);
    assert_eq!(television.reports(2, Some(Class::Video), 6, 6), Some(0.0), "another spell");
    television.fixture.exporter.pass_interval = Duration::from_secs(30);
    assert_eq!(television.reports(1, Some(Class::Video), 0, 3), None);
}
