//! What is remembered, and how much memory it takes.

use std::net::{IpAddr, Ipv4Addr};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::config::Config;
use crate::conntrack::any_flow::any_flow;
use crate::conntrack::flow::{Counters, Endpoint, Flags, Protocol, State, Tuple};
use crate::conntrack::procfs::print::Line;

fn recorder(settings: &str) -> FlightRecorder {
    FlightRecorder::new(Config::parse(&format!("[recorder]\n{settings}")).unwrap().recorder)
}

fn time(second: u64) -> PassTime {
    PassTime { boot: Duration::from_secs(3600 + second), wall: None, count: Some(second) }
}

fn pass(recorder: &mut FlightRecorder, second: u64, flows: &[Flow]) {
    recorder.expect(time(second));
    recorder.begin(Attempt::First);
    for flow in flows {
        recorder.see(Attempt::First, flow);
        assert!(recorder.bytes() <= recorder.config.memory.as_usize());
    }
    recorder.complete(Attempt::First);
    assert!(recorder.bytes() <= recorder.config.memory.as_usize());
}

fn text(flows: &[Flow]) -> Vec<String> {
    flows.iter().map(|flow| Line(flow).to_string()).collect()
}

/// What is remembered, the oldest first: when each pass was, and the text of its flows.
fn remembered(recorder: &FlightRecorder) -> Vec<(PassTime, Vec<String>)> {
    let Some(mut rewind) = recorder.rewind() else { return Vec::new() };
    let mut passes = Vec::new();
    loop {
        let flows: Vec<Flow> = std::iter::from_fn(|| rewind.next_flow()).collect();
        passes.push((rewind.time(), text(&flows)));
        if !rewind.back() {
            passes.reverse();
            return passes;
        }
    }
}

/// The connection number `number` of a made-up household, behind one public address.
fn connection(number: u32) -> Flow {
    let at = |address: u32, port| Endpoint { address: IpAddr::V4(Ipv4Addr::from(address)), port };
    let port = u16::try_from(1024 + number % 60_000).unwrap();
    let (device, server) = (0xc0a8_0802 + number % 50, 0xcb00_7100 + number * 7);
    let counters = Some(Counters { packets: 40, bytes: 21_000 });
    Flow {
        protocol: Protocol::TCP,
        state: State::Established,
        flags: Flags::ASSURED,
        timeout: Some(7440 - number % 7000),
        mark: 0,
        zone: 0,
        original: Tuple { source: at(device, port), destination: at(server, 443), counters },
        reply: Tuple { source: at(server, 443), destination: at(0xcb00_710a, port), counters },
    }
}

/// A busy household of so many connections: within ten seconds, every fourth has moved something, and of sixteen one goes
/// and another comes in its place.
struct Busy {
    flows: Vec<Flow>,
    looks: u32,
    next: u32,
}

impl Busy {
    fn new(connections: u32) -> Self {
        Self { flows: (0..connections).map(connection).collect(), looks: 0, next: connections }
    }

    fn live(&mut self) {
        self.looks += 1;
        for (place, flow) in (0..).zip(&mut self.flows) {
            let turn = self.looks.wrapping_mul(7).wrapping_add(place);
            if turn.is_multiple_of(16) {
                *flow = connection(self.next);
                self.next += 1;
            } else if turn.is_multiple_of(4) {
                flow.timeout = Some(7440);
                for tuple in [&mut flow.original, &mut flow.reply] {
                    let Counters { packets, bytes } = tuple.counters.unwrap();
                    let (packets, bytes) = (packets + 30, bytes + 40_000);
                    tuple.counters = Some(Counters { packets, bytes });
                }
            } else {
                flow.timeout = flow.timeout.map(|timeout| timeout.saturating_sub(10));
            }
        }
    }
}

/// How many passes are remembered of a busy household after so many.
fn passes_of(connections: u32, passes: u64) -> usize {
    let (mut recorder, mut busy) = (recorder("keep = \"24h\""), Busy::new(connections));
    for number in 0..passes {
        pass(&mut recorder, number * 10, &busy.flows);
        busy.live();
    }
    println!("{connections} connections: {} passes in {} bytes", recorder.passes(), recorder.bytes());
    recorder.passes()
}

#[test]
fn two_mebibytes_hold_ten_minutes_of_a_thousand_connections_and_some_of_sixteen_thousand() {
    let held = passes_of(1_000, 500);
    assert!(held > 60, "{held}");
    let held = passes_of(16_384, 20);
    assert!(held >= 5, "{held}");
    // Where there is no room for two while one is read, there is the last one, or none.
    assert_eq!((passes_of(65_536, 2), passes_of(80_000, 2)), (1, 0));
}

#[test]
fn check_doesnt_promise_more_than_there_is() {
    let mut estimate = Estimate::default();
    Busy::new(1_000).flows.iter().for_each(|flow| estimate.see(flow));
    let (held, promised) = (passes_of(1_000, 500), estimate.passes(2 << 20));
    assert!(promised <= held + held / 10 && promised >= held / 2, "{promised} of {held}");
    assert_eq!(
        estimate.lasts(2 << 20, Duration::from_secs(10)),
        Duration::from_secs(10 * (promised as u64 - 1))
    );
    assert_eq!((estimate.passes(1000), estimate.passes(40_000)), (0, 1));
}

#[test]
fn a_quiet_table_takes_next_to_nothing() {
    let (mut recorder, mut flows) = (recorder(""), Busy::new(1_000).flows);
    pass(&mut recorder, 0, &flows);
    let before = recorder.bytes();
    for flow in &mut flows {
        flow.timeout = flow.timeout.map(|timeout| timeout - 10);
    }
    pass(&mut recorder, 10, &flows);
    assert!(recorder.bytes() < before + 200, "{} after {before}", recorder.bytes());
}

#[test]
fn what_is_older_than_wanted_goes() {
    let mut recorder = recorder("keep = \"1m\"");
    for second in (0..=200).step_by(10) {
        pass(&mut recorder, second, &[connection(1)]);
    }
    let seconds = remembered(&recorder).into_iter().map(|(time, _)| time.count.unwrap());
    assert_eq!(seconds.collect::<Vec<_>>(), [140, 150, 160, 170, 180, 190, 200]);
}

#[test]
fn a_reading_that_broke_off_is_void_and_of_two_one_is_kept() {
    let mut recorder = recorder("");
    let flows: Vec<Flow> = (0..5).map(connection).collect();
    pass(&mut recorder, 0, &flows);
    recorder.expect(time(10));
    recorder.begin(Attempt::First);
    flows.iter().take(2).for_each(|flow| recorder.see(Attempt::First, flow));
    // The next pass begins.
    recorder.expect(time(20));
    recorder.begin(Attempt::First);
    flows.iter().take(3).for_each(|flow| recorder.see(Attempt::First, flow));
    recorder.begin(Attempt::Second);
    flows.iter().skip(1).for_each(|flow| recorder.see(Attempt::Second, flow));
    let mut other = FlightRecorder {
        config: recorder.config.clone(),
        newest: recorder.newest.clone(),
        older: VecDeque::new(),
        older_bytes: 0,
        readings: Default::default(),
        now: recorder.now,
        no_room: EdgeLog::default(),
    };
    other.begin(Attempt::First);
    flows.iter().take(3).for_each(|flow| other.see(Attempt::First, flow));
    other.begin(Attempt::Second);
    recorder.complete(Attempt::Second);
    other.complete(Attempt::First);
    let all = text(&flows);
    assert_eq!(remembered(&recorder), [(time(0), all.clone()), (time(20), all[1..].to_vec())]);
    assert_eq!(remembered(&other), [(time(0), all.clone()), (time(20), all[..3].to_vec())]);
}

#[test]
fn many_that_go_at_once_are_told_within_the_bound() {
    let mut recorder = recorder("memory = \"128KiB\"");
    let flows = Busy::new(2_000).flows;
    pass(&mut recorder, 0, &flows);
    pass(&mut recorder, 10, &flows[1_990..]);
    let found = remembered(&recorder);
    assert_eq!(found.last().unwrap().1, text(&flows[1_990..]));
    assert!(found.len() == 1 || found[0].1 == text(&flows));
    // What doesn't fit at all leaves nothing, and what comes after it begins anew.
    pass(&mut recorder, 20, &Busy::new(9_000).flows);
    assert_eq!(recorder.passes(), 0);
    pass(&mut recorder, 30, &flows);
    assert_eq!(remembered(&recorder), [(time(30), text(&flows))]);
}

/// What becomes of a table: which flows go, which change, and which come.
fn any_tables() -> impl Strategy<Value = Vec<Vec<Flow>>> {
    let changes = vec((any::<u8>(), any::<[u64; 4]>(), any_flow()), 0..40);
    vec(changes, 1..8).prop_map(|passes| {
        let mut table: Vec<Flow> = Vec::new();
        let one = |changes: Vec<(u8, [u64; 4], Flow)>| {
            for (place, (what, numbers, flow)) in changes.into_iter().enumerate() {
                let place = if table.is_empty() { 0 } else { (place * 7 + usize::from(what)) % table.len() };
                match what % 4 {
                    0 | 1 => table.insert(place, flow),
                    2 if !table.is_empty() => drop(table.remove(place)),
                    _ => table.iter_mut().skip(place).take(3).for_each(|old| alter(old, numbers, &flow)),
                }
            }
            table.clone()
        };
        passes.into_iter().map(one).collect()
    })
}

/// The same connection a while later; now and then other parts are known of it.
fn alter(old: &mut Flow, [packets, bytes, kind, _]: [u64; 4], other: &Flow) {
    let counters = Some(Counters { packets, bytes });
    match kind % 6 {
        0 => (old.state, old.flags, old.timeout) = (other.state, other.flags, other.timeout),
        1 => old.mark = other.mark,
        2 => old.original.counters = counters.filter(|_| kind % 12 < 6),
        3 => old.reply.counters = counters,
        4 => old.timeout = old.timeout.map(|timeout| timeout.wrapping_sub(10)),
        _ => old.zone = other.zone,
    }
}

proptest! {
    #[test]
    fn passes_come_out_as_they_went_in(tables in any_tables()) {
        let mut recorder = recorder("");
        for (table, second) in tables.iter().zip((0..).step_by(10)) {
            pass(&mut recorder, second, table);
        }
        let expected: Vec<_> =
            tables.iter().zip((0..).step_by(10)).map(|(table, second)| (time(second), text(table))).collect();
        prop_assert_eq!(remembered(&recorder), expected);
    }

}

proptest! {
    // The tables are large.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn with_little_memory_the_newest_come_out(tables in vec(vec(any_flow(), 0..800), 1..6)) {
        let mut recorder = recorder("memory = \"64KiB\"");
        for (table, second) in tables.iter().zip((0..).step_by(10)) {
            pass(&mut recorder, second, table);
        }
        let expected: Vec<_> =
            tables.iter().zip((0..).step_by(10)).map(|(table, second)| (time(second), text(table))).collect();
        let found = remembered(&recorder);
        prop_assert!(expected.ends_with(&found), "{} of {}", found.len(), expected.len());
    }
}
