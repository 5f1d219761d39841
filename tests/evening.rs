//! Evenings and weeks that are made up from causes are what they say: the same from the same seed, within the line, each kind
//! moving what its cause gives, entries leaving as the kernel's do, and the truth known at every second.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's failure is a panic")]

#[path = "support/evening/mod.rs"]
mod evening;
#[expect(dead_code, reason = "other tests look at more of it")]
#[path = "support/habits/mod.rs"]
mod habits;
#[expect(dead_code, reason = "its router and its chance are used here, not what its own devices do")]
#[path = "support/household/mod.rs"]
mod household;
#[path = "support/place.rs"]
mod place;

use std::collections::HashMap;
use std::ops::RangeInclusive;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::flow::{Counters, Endpoint, Flow, Protocol, State};
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::conntrack::procfs::print::Line as Text;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::root::Root;
use evening::kind::{Class, Kind};
use evening::line::{Both, KILOBIT, Line};
use evening::player::{FILMS, Service};
use evening::{Evening, UPDATE_NETWORK};
use habits::device::Profile;
use habits::habit::{Excess, Habit};
use habits::leak::Leak;
use habits::table::ESTABLISHED;
use habits::{DAY, START};
use place::Place;

/// From one look to the next, in seconds.
const EVERY: u64 = 10;

/// All tables of an evening's first quarter of an hour, in one number: Fowler, Noll and Vo's sum.
fn sum_of_tables(kind: Kind, seed: u64) -> u64 {
    let mut evening = Evening::new(kind, seed, Line::Vdsl);
    let mut sum = 0xcbf2_9ce4_8422_2325;
    for second in (0..900).step_by(30) {
        evening.live_until(second);
        for byte in evening.table().iter().flat_map(|flow| Text(flow).to_string().into_bytes()) {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    sum
}

#[test]
fn the_same_seed_gives_the_same_tables() {
    for kind in [Kind::Film, Kind::TorrentDownload, Kind::VideoCallDirect, Kind::Browsing] {
        assert_eq!(sum_of_tables(kind, 3), sum_of_tables(kind, 3), "{kind:?}");
        assert_ne!(sum_of_tables(kind, 3), sum_of_tables(kind, 4), "{kind:?}");
    }
    // On every machine. Whatever is changed in how evenings are made changes it.
    assert_eq!(sum_of_tables(Kind::TorrentSeed, 3), 0x2d02_aa27_6d37_77b6);
}

#[test]
fn nothing_exceeds_the_line_in_any_second_and_the_truth_is_always_known() {
    for (number, kind) in Kind::ALL.into_iter().enumerate() {
        // The narrowest, which most is limited by, and one of the others.
        for line in [Line::Adsl, Line::ALL[1 + number % 3]] {
            let mut evening = Evening::new(kind, 7, line);
            let (Both { down, up }, length) = (line.capacity(), evening.length());
            assert!((1_800..=3_000).contains(&length), "{kind:?}: {length} s");
            let changes = evening.changes();
            let mut before = evening.wan();
            let mut is_active = false;
            for second in 0..=length {
                evening.live_until(second);
                let now = evening.wan();
                let moved = [now.rx.bytes - before.rx.bytes, now.tx.bytes - before.tx.bytes];
                // What passed before the first instant was ten minutes'.
                assert!(
                    second == 0 || moved[0] <= down && moved[1] <= up,
                    "{kind:?} {line:?} {second}: {moved:?}"
                );
                before = now;
                is_active ^= changes.contains(&second);
                let truth = if is_active { kind.class() } else { Class::Idle };
                assert_eq!(evening.truth(second), truth, "{kind:?} {second}: {}", truth.name());
            }
            assert_eq!(changes.is_empty(), kind.class() == Class::Idle);
        }
    }
}

/// Mean kbit/s of the device in question while it does what it does, down and up, as the table counts.
fn means(kind: Kind, seed: u64, line: Line) -> [u64; 2] {
    let mut evening = Evening::new(kind, seed, line);
    let (mut moved, mut seconds, mut before) = ([0, 0], 0, [0, 0]);
    for second in (0..=evening.length()).step_by(10) {
        evening.live_until(second);
        let now = evening.moved()[0];
        let now = [now.rx.bytes, now.tx.bytes];
        if second > 0 && [second - EVERY, second].map(|at| evening.truth(at)) == [kind.class(); 2] {
            (0..2).for_each(|way| moved[way] += now[way] - before[way]);
            seconds += EVERY;
        }
        before = now;
    }
    moved.map(|bytes| bytes / seconds.max(1) / KILOBIT)
}

#[test]
fn every_kind_moves_what_its_cause_gives() {
    // kbit/s down and up, on a line of 50 and 10 Mbit/s.
    let kinds: [(Kind, RangeInclusive<u64>, RangeInclusive<u64>); 22] = [
        (Kind::IdlePhone, 0..=20, 0..=5),
        (Kind::IdleSensor, 0..=2, 0..=2),
        (Kind::IdleComputer, 0..=40, 0..=10),
        (Kind::Film, 1_000..=18_500, 10..=500),
        (Kind::LiveStream, 1_000..=15_500, 10..=500),
        (Kind::ShortVideos, 500..=4_000, 5..=150),
        (Kind::TorrentDownload, 10_000..=50_000, 1_000..=10_000),
        (Kind::TorrentSeed, 30..=1_500, 2_000..=10_000),
        (Kind::CloudGaming, 5_000..=42_000, 60..=500),
        (Kind::VideoCall, 600..=4_000, 500..=3_000),
        (Kind::VideoCallDirect, 600..=3_000, 600..=3_000),
        (Kind::VoiceCall, 15..=100, 15..=100),
        (Kind::OnlineGame, 20..=500, 8..=120),
        (Kind::Music, 40..=1_100, 1..=30),
        (Kind::Radio, 60..=300, 1..=20),
        (Kind::Download, 10_000..=50_000, 200..=1_500),
        (Kind::ParallelDownload, 10_000..=50_000, 200..=1_500),
        (Kind::SystemUpdate, 10_000..=50_000, 200..=1_500),
        (Kind::ConsoleUpdate, 10_000..=50_000, 200..=1_500),
        (Kind::Backup, 50..=500, 4_000..=10_000),
        (Kind::VideoUpload, 50..=500, 4_000..=10_000),
        (Kind::Browsing, 150..=3_000, 3..=100),
    ];
    assert_eq!(kinds.clone().map(|(kind, ..)| kind), Kind::ALL);
    for (kind, down, up) in kinds {
        for seed in 20..23 {
            let [received, sent] = means(kind, seed, Line::Vdsl);
            assert!(down.contains(&received) && up.contains(&sent), "{kind:?} {seed}: {received} {sent}");
        }
    }
}

#[test]
fn somebody_else_uses_the_line_in_half_of_the_evenings() {
    let evenings: Vec<Evening> = (0..40).map(|seed| Evening::new(Kind::Radio, seed, Line::Vdsl)).collect();
    let others: Vec<_> = evenings.iter().filter_map(Evening::meanwhile).collect();
    assert!((10..30).contains(&others.len()), "{others:?}");
    assert!(others.iter().all(|(_, kind, from, to)| kind.class() != Class::Idle && from < to), "{others:?}");
}

#[test]
fn a_film_takes_a_rung_that_the_line_carries() {
    let mean = |line| (0..8).map(|seed| means(Kind::Film, seed, line)[0]).sum::<u64>() / 8;
    let best = FILMS.iter().flat_map(|Service { ladder, .. }| ladder.iter()).max().unwrap();
    let (slow, fast) = (mean(Line::Adsl), mean(Line::Fibre));
    assert!(slow < fast && fast < *best, "{slow} {fast} {best}");
    assert!(slow < Line::Adsl.megabits().down * 1_000 * 3 / 4, "{slow}");
}

#[test]
fn updates_come_from_their_network_and_nothing_else_does() {
    let of_updates = |flow: &&Flow| match flow.original.destination.address {
        std::net::IpAddr::V4(address) => {
            let bits = 32 - u32::from(UPDATE_NETWORK.1);
            u32::from(address) >> bits == u32::from(UPDATE_NETWORK.0) >> bits
        }
        std::net::IpAddr::V6(_) => false,
    };
    for kind in Kind::ALL {
        let mut evening = Evening::new(kind, 5, Line::Cable);
        evening.live_until(evening.length() / 2);
        let known = evening.table().iter().filter(of_updates).count() > 0;
        assert_eq!(known, kind.class() == Class::Update, "{kind:?}");
    }
}

#[test]
fn entries_stay_as_long_as_the_kernel_keeps_them() {
    type Key = (Protocol, Endpoint, Endpoint);
    let mut evening = Evening::new(Kind::TorrentDownload, 2, Line::Vdsl);
    let mut known = HashMap::<Key, ([Option<Counters>; 2], u32)>::new();
    let begins = evening.changes()[0];
    let mut left = 0;
    for second in begins - 60..begins + 500 {
        evening.live_until(second);
        let mut now = HashMap::new();
        for Flow { protocol, original, reply, state, timeout, .. } in evening.table() {
            let (key, timeout) = ((protocol, original.source, original.destination), timeout.unwrap());
            let counters = [original.counters, reply.counters];
            let longest = match state {
                State::Established => 7_440,
                State::Active => 180,
                State::Unreplied => 60,
                State::Close => 10,
                _ => 120,
            };
            assert!((1..=longest).contains(&timeout), "{state:?} {timeout}");
            if let Some((_, kept)) = known.remove(&key).filter(|(before, _)| *before == counters) {
                assert_eq!(timeout, kept - 1, "{state:?}");
            }
            assert!(now.insert(key, (counters, timeout)).is_none(), "twice: {key:?}");
        }
        left += known.len();
        assert!(known.values().all(|(_, timeout)| *timeout == 1), "{second}: {known:?}");
        known = now;
    }
    assert!(left > 100, "{left}");
}

#[test]
fn the_program_takes_an_evening_as_a_house() {
    let place = Place::new("an-evening");
    let mut evening = Evening::new(Kind::Download, 1, Line::Cable);
    evening.live_until(evening.changes()[0] + 60);
    evening.write_standing(place.path()).unwrap();
    evening.write_counters(place.path()).unwrap();
    let table = MemoryTable::default();
    table.replace(evening.table());
    let collector = Collector::new(Config::default(), &Root::replay(place.path()), 0);
    let mut collector = collector.with_table(table);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let boot = std::time::Duration::from_secs(3_600);
    let moment = Moment { boot, timestamp: Some(0), wall: Some(boot), due: DueClocks::Both };
    let snapshot = format!("{:?}", runtime.block_on(collector.snapshot(&moment)).unwrap());
    assert_eq!(evening.device(), evening.names()[0]);
    for name in evening.names() {
        assert!(snapshot.contains(&format!("\"{name}\"")), "{name}");
    }
    // Headers of segments that the router has merged are on the wire, and not in the table.
    let moved: u64 = evening.moved().iter().map(|moved| moved.rx.bytes).sum();
    let percent = moved * 100 / evening.wan().rx.bytes;
    assert!((94..=100).contains(&percent), "{percent}");
}

#[test]
fn what_leaks_stays_and_what_is_silent_leaves() {
    let after = |per_hour, kept_alive, restarts| {
        let mut device = Leak { per_hour, kept_alive, restarts, seed: 6 }.begin(0, Profile::Computer);
        device.live_until(Leak::LENGTH);
        assert!(device.table().len() >= device.count());
        device.count()
    };
    let without = after(0, false, None);
    for per_hour in [1, 5, 20] {
        let leaked = usize::try_from(per_hour * 24).unwrap();
        let kept = after(per_hour, true, None) - without;
        assert!((leaked * 7 / 10..=leaked * 13 / 10).contains(&kept), "{per_hour}: {kept}");
        let silent = after(per_hour, false, None) - without;
        let at_most = usize::try_from(per_hour * 2 * ESTABLISHED / 3_600).unwrap();
        assert!((1..=at_most).contains(&silent), "{per_hour}: {silent}");
    }
    // After a restart at noon, half a day's are there.
    let (whole, half) = (after(20, true, None), after(20, true, Some(DAY / 2)));
    assert!(half * 10 < whole * 7, "{half} {whole}");
}

/// Ten times the mean number of connections in two hours of a day.
fn mean(habit: &mut Habit, day: u64, hour: u64) -> usize {
    let begins = day * DAY + hour * 3_600;
    let counts = (begins..begins + 7_200).step_by(60).map(|second| {
        habit.live_until(second);
        habit.counts().0
    });
    counts.sum::<usize>() * 10 / 120
}

#[test]
fn a_week_has_a_rhythm() {
    // 1970 began on a Thursday.
    assert_eq!((START / DAY + 3) % 7, 0);
    assert_eq!(START % DAY, 0);
    for profile in Profile::ALL {
        let (mut nights, mut evenings, mut fridays) = (0, 0, 0);
        for seed in 0..24 {
            let mut habit = Habit::new(usize::try_from(seed).unwrap(), profile, seed, None);
            for day in 0..5 {
                nights += mean(&mut habit, day, 2);
                let evening = mean(&mut habit, day, 20);
                if day == 4 { fridays += 4 * evening } else { evenings += evening }
            }
        }
        let is_used = profile != Profile::Sensor;
        assert_eq!(evenings > nights * 5 / 4, is_used, "{profile:?}: {nights} {evenings}");
        assert_eq!(fridays > evenings * 23 / 20, is_used, "{profile:?}: {evenings} {fridays}");
    }
}

#[test]
fn an_excess_is_as_large_as_it_says_and_moves_nothing_else() {
    for percent in [50, 100] {
        let (mut with, mut without) = (0, 0);
        for seed in 0..10 {
            let excess = Excess { day: Habit::DAYS - 1, hour: 20, hours: 1, percent };
            let mut usual = Habit::new(1, Profile::Phone, seed, None);
            let mut more = Habit::new(1, Profile::Phone, seed, Some(excess));
            for second in (0..Habit::DAYS * DAY).step_by(300) {
                usual.live_until(second);
                more.live_until(second);
                let counts = more.counts();
                assert_eq!(usual.counts(), (counts.1, counts.1));
                if excess.is_at(second) {
                    assert_eq!(counts.0, counts.1 + more.more(), "{second}");
                } else if (0..=ESTABLISHED + 600)
                    .step_by(300)
                    .all(|ago| !excess.is_at(second.saturating_sub(ago)))
                {
                    assert_eq!(more.table(), usual.table());
                }
                // It is held beside the same hours of the two weeks before.
                if (second + 7 * DAY..)
                    .step_by(usize::try_from(7 * DAY).unwrap())
                    .take(2)
                    .any(|at| excess.is_at(at))
                {
                    without += counts.0;
                }
                with += if excess.is_at(second) { 2 * counts.0 } else { 0 };
            }
        }
        let risen = with * 100 / without;
        assert!((75..=125).contains(&(risen * 100 / (100 + percent))), "{percent}: {risen}");
    }
}
