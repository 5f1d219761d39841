//! The tracker beside a map that keeps everything, plainly.

use std::collections::HashMap;

use proptest::option;
use proptest::prelude::*;

use super::*;

/// What the map keeps of a flow, by its number.
#[derive(Clone, Copy)]
struct Kept {
    told: TrackedFlow,
    carried: [Option<Counters>; 2],
    closing: bool,
    /// Complete passes since it was seen.
    missed: u32,
    seen: bool,
}

#[derive(Default)]
struct Reference {
    most_untracked: u64,
    flows: HashMap<u16, Kept>,
    at_most: usize,
    baseline: bool,
    tracked: Tracked,
}

impl Reference {
    fn observe(
        &mut self,
        number: u16,
        flow: &Flow,
        owner: OwnerId,
        ended: &mut Vec<TrackedFlow>,
    ) -> (Change, TrackedFlow) {
        let (room, baseline) = (self.flows.len() < self.at_most, self.baseline);
        let unreplied = match flow.protocol {
            Protocol::TCP => flow.state == State::SynSent || !flow.flags.seen_reply(),
            _ => flow.state == State::Unreplied,
        };
        let protocol = ProtocolGroup::of(flow.protocol);
        let mut told = TrackedFlow { owner, protocol, unreplied, recent: false, moved: false };
        let mut now = carried(flow);
        let [original, reply] = now.map(Option::unwrap_or_default);
        let whole = Traffic { original, reply };
        let fell = |(then, now): (&Option<Counters>, &Option<Counters>)| {
            let then = then.unwrap_or_default();
            now.is_some_and(|now| now.bytes < then.bytes || now.packets < then.packets)
        };
        let known = self.flows.get(&number).copied();
        let any_fell = known.is_some_and(|known| known.carried.iter().zip(&now).any(fell));
        let change = match known {
            None if !room => {
                self.tracked.untracked += 1;
                return (Change::Untracked, told);
            }
            _ if baseline => Change::Baseline,
            None => Change::New(whole),
            Some(known) if known.closing && is_open(flow) && (any_fell || now == [None; 2]) => {
                ended.push(known.told);
                Change::New(whole)
            }
            Some(known) => {
                self.tracked.known += u64::from(!known.seen);
                self.tracked.fallen += u64::from(any_fell);
                (told.recent, told.moved) = (known.told.recent, known.told.moved);
                let step = |at: usize| {
                    let (Some(now), then) = (now[at], known.carried[at].unwrap_or_default()) else {
                        return Counters::default();
                    };
                    if fell((&known.carried[at], &Some(now))) {
                        return now;
                    }
                    counters(now.packets - then.packets, now.bytes - then.bytes)
                };
                Change::Delta(Traffic { original: step(0), reply: step(1) })
            }
        };
        if let Change::New(traffic) | Change::Delta(traffic) = change {
            told.moved |= traffic != Traffic::default();
            told.recent |= matches!(change, Change::New(_));
        }
        if let Some(known) = known {
            now = [now[0].or(known.carried[0]), now[1].or(known.carried[1])];
        }
        let closing = matches!(flow.state, State::TimeWait | State::Close);
        self.flows.insert(number, Kept { told, carried: now, closing, missed: 0, seen: true });
        (change, told)
    }

    fn complete(&mut self, grace: Grace, reported: bool, ended: &mut Vec<TrackedFlow>) -> Tracked {
        let spared = u32::from(grace == Grace::OnePass);
        self.flows.retain(|_, flow| {
            flow.missed += u32::from(!flow.seen);
            if flow.missed > spared {
                if !self.baseline {
                    ended.push(flow.told);
                }
                return false;
            }
            flow.seen = false;
            if reported {
                (flow.told.recent, flow.told.moved) = (false, false);
            }
            true
        });
        let untracked = self.tracked.untracked.max(std::mem::take(&mut self.most_untracked));
        Tracked { tracked: self.flows.len(), untracked, ..std::mem::take(&mut self.tracked) }
    }
}

#[derive(Clone, Debug)]
struct Reading {
    expected: Expected,
    flows: Vec<(u16, Flow, usize)>,
    /// `None`: it breaks off, or is read once more.
    completed: Option<(Grace, bool)>,
}

fn any_counters() -> impl Strategy<Value = Option<Counters>> {
    option::weighted(0.8, (0..50_u64, 0..2000_u64).prop_map(|(packets, bytes)| counters(packets, bytes)))
}

/// One of 48 flows, so that they return, in any state.
fn any_entry() -> impl Strategy<Value = (u16, Flow, usize)> {
    let states = prop::sample::select(&State::ALL[..10]);
    let flags =
        prop::sample::select(vec![Flags::default(), Flags::UNREPLIED, Flags::ASSURED, Flags::OFFLOAD]);
    (0..48_u16, states, flags, any_counters(), any_counters(), 0..4_usize).prop_map(
        |(number, state, flags, original, reply, owner)| {
            let mut flow = tcp(number / 3, (0, 0), (0, 0));
            flow.protocol = [Protocol::TCP, Protocol::UDP, Protocol(58)][usize::from(number % 3)];
            flow.flags = flags;
            flow.state = State::of(flow.protocol, Some(state), flags);
            (flow.original.counters, flow.reply.counters) = (original, reply);
            (number, flow, owner)
        },
    )
}

fn any_reading() -> impl Strategy<Value = Reading> {
    let expected = (0..100_usize, prop_oneof![4 => Just(1000), 1 => 0..40_usize], prop::bool::weighted(0.1))
        .prop_map(|(flows, at_most, baseline)| Expected { flows, at_most, baseline });
    let grace = prop_oneof![Just(Grace::None), Just(Grace::OnePass)];
    let completed = option::weighted(0.8, (grace, any::<bool>()));
    (expected, prop::collection::vec(any_entry(), 0..60), completed)
        .prop_map(|(expected, flows, completed)| Reading { expected, flows, completed })
}

fn sorted(mut flows: Vec<TrackedFlow>) -> Vec<TrackedFlow> {
    flows.sort_by_key(|flow| (flow.owner, flow.protocol, flow.unreplied, flow.recent, flow.moved));
    flows
}

proptest! {
    #[test]
    fn it_tells_what_a_plain_map_tells(readings in prop::collection::vec(any_reading(), 1..12), seed in any::<u64>()) {
        let secret = SeedableRandomState::with_seed(seed, foldhash::SharedSeed::global_fixed());
        let mut tracker = FlowTracker { secret, ..FlowTracker::default() };
        let mut reference = Reference::default();
        let owners: [OwnerId; 4] = owners();
        for reading in readings {
            let Expected { at_most, baseline, .. } = reading.expected;
            tracker.begin(reading.expected);
            (reference.at_most, reference.baseline) = (at_most, baseline);
            reference.most_untracked = reference.most_untracked.max(reference.tracked.untracked);
            reference.tracked.untracked = 0;
            for (number, flow, owner) in &reading.flows {
                let (mut ended, mut plainly_ended) = (Vec::new(), Vec::new());
                let told = tracker.observe(flow, owners[*owner], &mut |flow| ended.push(*flow));
                let plain = reference.observe(*number, flow, owners[*owner], &mut plainly_ended);
                prop_assert_eq!((told, ended), (plain, plainly_ended));
            }
            if let Some((grace, reported)) = reading.completed {
                let (mut ended, mut plainly_ended) = (Vec::new(), Vec::new());
                let outcome = tracker.complete(grace, reported, |flow| ended.push(*flow));
                prop_assert_eq!(outcome, reference.complete(grace, reported, &mut plainly_ended));
                prop_assert_eq!(sorted(ended), sorted(plainly_ended));
            }
            for owner in owners {
                let remembered = reference.flows.values().any(|flow| flow.told.owner == owner);
                prop_assert_eq!(tracker.remembers(owner), remembered);
            }
        }
    }
}
