//! Whatever tables come one after the other, the whole of the pipeline gives the sums that a plain map gives which keeps
//! everything.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's failure is a panic"
)]

#[path = "support/place.rs"]
mod place;
#[path = "support/told.rs"]
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use conntrack_exporter::census::flow_tracker::ProtocolGroup;
use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::root::Root;
use place::Place;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use told::{ByDevice, bandwidth, connection_rate, device_traffic};

/// How many different connections there are.
const CONNECTIONS: usize = 60;
/// Devices with a lease, at 192.168.8.2 and so on.
const DEVICES: [&str; 3] = ["tv", "pc", "phone"];

/// What becomes of a connection from one look to the next.
#[derive(Clone, Debug)]
struct Step {
    state: State,
    flags: Flags,
    /// By how much its counters grow, in both directions; `None`: the kernel shows none.
    grows: [Option<(u64, u64)>; 2],
    /// Whether they begin anew.
    begins_anew: bool,
}

/// A look at the table, so many seconds after the one before.
#[derive(Clone, Debug)]
struct Look {
    after: u64,
    /// Another program has set all counters to zero.
    zeroed: bool,
    /// By the number of the connection. What isn't there has left the table.
    connections: BTreeMap<u8, Step>,
}

fn any_step() -> impl Strategy<Value = Step> {
    let states =
        prop::sample::select(vec![State::SynSent, State::Established, State::TimeWait, State::Close]);
    let flags = prop::sample::select(vec![Flags::UNREPLIED, Flags::ASSURED, Flags::OFFLOAD]);
    let grows = || option::weighted(0.95, (0..9_u64, 0..9_000_u64));
    let begins_anew = prop::bool::weighted(0.05);
    (states, flags, [grows(), grows()], begins_anew).prop_map(|(state, flags, grows, begins_anew)| Step {
        state,
        flags,
        grows,
        begins_anew,
    })
}

fn any_look() -> impl Strategy<Value = Look> {
    let after = prop_oneof![6 => Just(10_u64), 2 => Just(30), 1 => Just(90), 1 => Just(100)];
    let present = prop_oneof![Just(0.2), Just(0.9)];
    let connections =
        present.prop_flat_map(|present| vec(option::weighted(present, any_step()), CONNECTIONS));
    let connections = connections
        .prop_map(|steps| (0..).zip(steps).filter_map(|(number, step)| Some((number, step?))).collect());
    (after, prop::bool::weighted(0.15), connections).prop_map(|(after, zeroed, connections)| Look {
        after,
        zeroed,
        connections,
    })
}

/// Whose the connection of this number is, and whether the other side began it; `None`: nobody's.
fn owner(number: u8) -> Option<(&'static str, bool)> {
    match number % 7 {
        device @ 0..3 => Some((DEVICES[usize::from(device)], false)),
        3 => Some((DEVICES[0], true)),
        4 => Some(("router", false)),
        5 => Some(("other", false)),
        _ => None,
    }
}

fn protocol(number: u8) -> Protocol {
    [Protocol::TCP, Protocol::TCP, Protocol::UDP, Protocol(1)][usize::from(number / 7 % 4)]
}

/// From and to where it goes, as its first packet and as its answers do.
fn ends(number: u8) -> [[Endpoint; 2]; 2] {
    let at = |address: [u8; 4], port| Endpoint { address: Ipv4Addr::from(address).into(), port };
    let port = 40_000 + u16::from(number);
    let (server, wan) = (at([198, 51, 100, 9], 443), [203, 0, 113, 10]);
    match number % 7 {
        device @ 0..3 => [[at([192, 168, 8, 2 + device], port), server], [server, at(wan, port)]],
        3 => [
            [at([198, 51, 100, 9], port), at(wan, 443)],
            [at([192, 168, 8, 2], 443), at([198, 51, 100, 9], port)],
        ],
        4 => [[at(wan, port), server], [server, at(wan, port)]],
        5 => [[at([192, 0, 2, 1], port), server], [server, at([192, 0, 2, 1], port)]],
        _ => [
            [at([127, 0, 0, 1], port), at([127, 0, 0, 1], 53)],
            [at([127, 0, 0, 1], 53), at([127, 0, 0, 1], port)],
        ],
    }
}

/// The tables that the looks find.
fn tables(looks: &[Look]) -> Vec<BTreeMap<u8, Flow>> {
    let mut table = BTreeMap::<u8, Flow>::new();
    let looks = looks.iter().map(|look| {
        let before = std::mem::take(&mut table);
        let flow =
            |(number, step): (&u8, &Step)| (*number, flow(*number, step, before.get(number), look.zeroed));
        table = look.connections.iter().map(flow).collect();
        table.clone()
    });
    looks.collect()
}

fn flow(number: u8, step: &Step, before: Option<&Flow>, zeroed: bool) -> Flow {
    let known = before.filter(|_| !step.begins_anew && !zeroed);
    let had = [known.and_then(|flow| flow.original.counters), known.and_then(|flow| flow.reply.counters)];
    let [original, reply] = [0, 1].map(|direction| {
        let [source, destination] = ends(number)[direction];
        let counters = step.grows[direction].map(|(packets, bytes)| {
            let mut counters = had[direction].unwrap_or_default();
            counters += Counters { packets, bytes };
            counters
        });
        Tuple { source, destination, counters }
    });
    let (protocol, flags) = (protocol(number), step.flags);
    let state = State::of(protocol, Some(step.state), flags);
    Flow { protocol, state, flags, timeout: Some(60), mark: 0, zone: 0, original, reply }
}

/// What is known of a connection.
#[derive(Clone, Copy)]
struct Kept {
    counters: [Option<Counters>; 2],
    is_closing: bool,
}

/// Keeps everything, plainly.
#[derive(Default)]
struct PlainMap {
    known: BTreeMap<u8, Kept>,
    has_looked: bool,
}

/// What a look tells.
#[derive(Debug, Default, PartialEq)]
struct Told {
    bandwidth: ByDevice<2>,
    traffic: ByDevice<4>,
    turnover: [ByDevice<2>; 4],
}

impl PlainMap {
    fn look(&mut self, after: u64, table: &BTreeMap<u8, Flow>) -> Told {
        let is_baseline = !std::mem::replace(&mut self.has_looked, true) || after > 90;
        let (mut told, mut known, mut fallen) = (Told::default(), 0_u64, 0_u64);
        let mut left = std::mem::take(&mut self.known);
        if is_baseline {
            left.clear();
        }
        for (number, flow) in table.iter().filter(|(number, _)| owner(**number).is_some()) {
            let now = [flow.original.counters, flow.reply.counters];
            let before = left.remove(number);
            let then = before.map(|kept| kept.counters).unwrap_or_default();
            let is_closing = matches!(flow.state, State::TimeWait | State::Close);
            let counters = [now[0].or(then[0]), now[1].or(then[1])];
            self.known.insert(*number, Kept { counters, is_closing });
            if is_baseline {
                continue;
            }
            let fell = [0, 1].map(|direction| has_fallen(then[direction], now[direction]));
            match before {
                Some(kept)
                    if !(kept.is_closing && is_opening(flow) && (fell[0] || fell[1] || now == [None; 2])) =>
                {
                    known += 1;
                    fallen += u64::from(fell[0] || fell[1]);
                    told.moved(*number, [0, 1].map(|direction| step(then[direction], now[direction])));
                }
                before => {
                    told.turned_over(*number, [1, u64::from(before.is_some())]);
                    told.moved(*number, now.map(Option::unwrap_or_default));
                }
            }
        }
        for number in left.keys() {
            told.turned_over(*number, [0, 1]);
        }
        if fallen >= 20 && fallen * 20 > known {
            (told.bandwidth, told.traffic) = Default::default();
        }
        told
    }
}

fn has_fallen(then: Option<Counters>, now: Option<Counters>) -> bool {
    let then = then.unwrap_or_default();
    now.is_some_and(|now| now.bytes < then.bytes || now.packets < then.packets)
}

fn step(then: Option<Counters>, now: Option<Counters>) -> Counters {
    let (fell, then, now) =
        (has_fallen(then, now), then.unwrap_or_default(), now.unwrap_or(then.unwrap_or_default()));
    if fell { now } else { Counters { packets: now.packets - then.packets, bytes: now.bytes - then.bytes } }
}

fn is_opening(flow: &Flow) -> bool {
    matches!(flow.state, State::SynSent | State::Established) && !flow.flags.offloaded()
}

impl Told {
    fn moved(&mut self, number: u8, [original, reply]: [Counters; 2]) {
        let (name, is_inbound) = owner(number).unwrap();
        let (rx, tx) = if is_inbound { (original, reply) } else { (reply, original) };
        add(&mut self.bandwidth, name, [rx.bytes, tx.bytes]);
        add(&mut self.traffic, name, [rx.bytes, tx.bytes, rx.packets, tx.packets]);
    }

    fn turned_over(&mut self, number: u8, opened_and_closed: [u64; 2]) {
        let group = ProtocolGroup::of(protocol(number)).index();
        add(&mut self.turnover[group], owner(number).unwrap().0, opened_and_closed);
    }
}

fn add<const N: usize>(sums: &mut ByDevice<N>, name: &str, figures: [u64; N]) {
    if figures != [0; N] {
        let sum = sums.entry(name.to_owned()).or_insert([0; N]);
        sum.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
    }
}

/// What the pipeline tells of the same looks.
fn pipeline(root: &Path, looks: &[Look], tables: &[BTreeMap<u8, Flow>]) -> Vec<Told> {
    let table = MemoryTable::default();
    let mut collector = Collector::new(Config::default(), &Root::replay(root), 0).with_table(table.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut seconds = 3600;
    let told = looks.iter().zip(tables).map(|(look, flows)| {
        seconds += look.after;
        table.replace(flows.values().copied().collect());
        let (boot, timestamp) = (Duration::from_secs(seconds), i64::try_from(seconds * 1_000_000_000).ok());
        let moment = Moment { boot, timestamp, wall: Some(boot), due: DueClocks::Both };
        let snapshot = runtime.block_on(collector.snapshot(&moment)).unwrap();
        let turnover = ProtocolGroup::ALL.map(|group| connection_rate(&snapshot, group));
        Told { bandwidth: bandwidth(&snapshot), traffic: device_traffic(&snapshot), turnover }
    });
    told.collect()
}

fn write_router(root: &Path) {
    let leases = DEVICES
        .iter()
        .zip(2..)
        .map(|(name, host)| format!("0 02:00:00:00:01:0{host} 192.168.8.{host} {name} *\n"));
    fs::create_dir(root.join("tmp")).unwrap();
    fs::write(root.join("tmp/dhcp.leases"), leases.collect::<String>()).unwrap();
    let interfaces = "1: br-lan: <UP>\n    inet 192.168.8.1/24\n2: eth0: <UP>\n    inet 203.0.113.10/24\n";
    fs::write(root.join("ip-address"), interfaces).unwrap();
}

#[test]
fn any_tables_give_the_sums_of_a_plain_map() {
    let place = Place::new("sums");
    write_router(place.path());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(looks in vec(any_look(), 1..8))| {
        let (tables, mut plain) = (tables(&looks), PlainMap::default());
        let expected = looks.iter().zip(&tables).map(|(look, table)| plain.look(look.after, table));
        let expected: Vec<Told> = expected.collect();
        prop_assert_eq!(pipeline(place.path(), &looks, &tables), expected);
    });
}
