//! What the program says of days and weeks that are made up: leaks that are found, ordinary use that isn't told, and more
//! than is normal, over a restart as well.
//!
//! `make habits` plays all of them; in between there are a few.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's failure is a panic")]

#[path = "support/exporter.rs"]
mod exporter;
#[expect(dead_code, reason = "other tests look at more of it")]
#[path = "support/habits/mod.rs"]
mod habits;
#[expect(dead_code, reason = "its router and its chance are used here, not what its own devices do")]
#[path = "support/household/mod.rs"]
mod household;
#[path = "support/place.rs"]
mod place;
#[path = "support/verdicts.rs"]
mod verdicts;

use std::collections::HashMap;
use std::env;
use std::fs;
use std::ops::RangeFrom;

use conntrack_exporter::alerts::Severity;
use conntrack_exporter::conntrack::flow::Flow;
use habits::DAY;
use habits::device::Profile;
use habits::habit::{Excess, Habit};
use habits::leak::{Leak, LeakingDevice};
use habits::table::ESTABLISHED;
use household::files;
use place::Place;
use verdicts::Watch;

const HOUR: u64 = 3_600;
/// For how long devices are above the normal before that is told: the default.
const HOLD: u64 = 300;
/// Not those by which limits were chosen.
const LEAK_SEEDS: RangeFrom<u64> = 100..;
const ORDINARY_SEED: u64 = 502;
const EXCESS_SEED: u64 = 602;

/// How much is played.
struct Length {
    /// Seconds from one look to the next; the daemon's default is 30.
    every: usize,
    /// Days of each sort of leak.
    leaks: u64,
    /// How many devices have nothing but habits, and for how many days.
    ordinary: (usize, u64),
    /// How many devices have so much more than usual, and on which day.
    excess: (usize, u64),
}

fn length() -> Length {
    match env::var("HABITS").as_deref() {
        Ok("all") => Length { every: 30, leaks: 20, ordinary: (20, 30), excess: (20, Habit::DAYS - 1) },
        _ => Length { every: 60, leaks: 1, ordinary: (10, 2), excess: (2, 9) },
    }
}

/// The files of a router, and the names of its devices.
fn a_router(place: &Place, devices: usize) -> Vec<String> {
    let mut names: Vec<String> = (0..devices).map(|number| format!("Device {number}")).collect();
    let timeout = place.path().join("proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established");
    names.push("router".to_owned());
    files::write_standing_of(place.path(), &names).unwrap();
    fs::write(timeout, format!("{ESTABLISHED}\n")).unwrap();
    names.truncate(devices);
    names
}

/// What sort the device of this number is: one after the other.
fn profile(device: usize) -> Profile {
    Profile::ALL[device % Profile::ALL.len()]
}

/// Whether something leaks so that it must be found: 5 an hour if it is kept alive, 20 if it is silent.
const fn must_be_found(leak: &Leak) -> bool {
    leak.per_hour >= if leak.kept_alive { 5 } else { 20 }
}

/// A day of devices of which each leaks in its own way: how long after its beginning each was told first.
fn first_told(leaks: &[Leak], every: usize) -> Vec<Option<u64>> {
    let place = Place::new(&format!("leaks-{}", leaks[0].seed));
    let names = a_router(&place, leaks.len());
    let mut watch = Watch::new(place.path());
    let begin = |(number, leak): (usize, &Leak)| leak.begin(number, profile(number));
    let mut devices: Vec<LeakingDevice> = leaks.iter().enumerate().map(begin).collect();
    for second in (0..Leak::LENGTH).step_by(every) {
        for device in &mut devices {
            device.live_until(second);
        }
        watch.look(devices.iter().flat_map(LeakingDevice::table).collect(), second);
    }
    let told = |name: &String| watch.told("leak", name).first().map(|(second, _)| *second);
    let after = |device: &LeakingDevice, second: u64| second.saturating_sub(device.begins());
    names.iter().zip(&devices).map(|(name, device)| told(name).map(|second| after(device, second))).collect()
}

#[test]
fn leaks_are_found_within_seven_hours() {
    let Length { every, leaks: days, .. } = length();
    let sorts = |seed| {
        [0, 1, 5, 20].into_iter().flat_map(move |per_hour| {
            [(true, None), (true, Some(DAY / 2)), (false, None), (false, Some(DAY / 2))]
                .map(|(kept_alive, restarts)| Leak { per_hour, kept_alive, restarts, seed })
        })
    };
    let told: Vec<Vec<Option<u64>>> = LEAK_SEEDS
        .take(usize::try_from(days).unwrap())
        .map(|seed| first_told(&sorts(seed).collect::<Vec<_>>(), every))
        .collect();
    println!("\n| opened in an hour | | restarted | days | found within 7 h | found later |");
    println!("|--:|---|---|--:|--:|--:|");
    let (mut looked_for, mut found) = (0, 0);
    for (number, leak) in sorts(LEAK_SEEDS.start).enumerate() {
        let seconds = || told.iter().filter_map(|of_day| of_day[number]);
        let in_time = seconds().filter(|second| *second <= 7 * HOUR).count();
        let later = seconds().count() - in_time;
        let kept = if leak.kept_alive { "kept alive" } else { "silent" };
        let restarted = leak.restarts.map_or("", |_| "at noon");
        println!("| {} | {kept} | {restarted} | {days} | {in_time} | {later} |", leak.per_hour);
        if must_be_found(&leak) {
            looked_for += told.len();
            found += in_time;
        } else if leak.per_hour == 0 {
            assert_eq!(in_time + later, 0, "nothing leaks");
        }
    }
    println!("\n{found} of {looked_for} found that must be.");
    assert_eq!(found, looked_for);
}

#[test]
fn ordinary_use_is_not_told() {
    let Length { every, ordinary: (count, days), .. } = length();
    let place = Place::new("ordinary");
    let names = a_router(&place, count);
    let mut watch = Watch::new(place.path());
    let new = |number| Habit::new(number, profile(number), ORDINARY_SEED, None);
    let mut devices: Vec<Habit> = (0..count).map(new).collect();
    for second in (0..days * DAY).step_by(every) {
        watch.look(tables(&mut devices, second), second);
    }
    let told = |rule: &str, profile: Profile| -> Vec<u64> {
        let its = names.iter().enumerate().filter(|(number, _)| self::profile(*number) == profile);
        its.flat_map(|(_, name)| watch.told(rule, name)).map(|(second, _)| second).collect()
    };
    println!("\nTold of {count} devices in {days} days:\n");
    println!("| | leak | above_normal | of these on Friday evenings |");
    println!("|---|--:|--:|--:|");
    let (mut leaks, mut on_fridays) = (0, 0);
    for profile in Profile::ALL {
        let (leak, above_normal) = (told("leak", profile).len(), told("above_normal", profile));
        let fridays = above_normal.iter().filter(|second| is_friday_evening(**second)).count();
        println!("| {profile:?} | {leak} | {} | {fridays} |", above_normal.len());
        leaks += leak;
        on_fridays += fridays;
    }
    assert!(leaks <= 1, "{leaks} leaks");
    // What is normal is known after a week.
    let fridays = (7..days).filter(|day| is_friday_evening(day * DAY + 20 * HOUR)).count();
    assert!(
        on_fridays * 10 <= fridays * count,
        "told at {on_fridays} of {} Friday evenings",
        fridays * count
    );
}

const fn is_friday_evening(second: u64) -> bool {
    second / DAY % 7 == 4 && second % DAY >= 17 * HOUR
}

/// The flows of all of them at a second.
fn tables(devices: &mut [Habit], second: u64) -> Vec<Flow> {
    for device in devices.iter_mut() {
        device.live_until(second);
    }
    devices.iter().flat_map(Habit::table).collect()
}

/// How many connections there were: with what is more than usual, by the look, and without it, the most by the hour.
#[derive(Default)]
struct Counts {
    looks: Vec<(u64, usize)>,
    usual: HashMap<u64, usize>,
}

impl Counts {
    fn note(&mut self, second: u64, (with, without): (usize, usize)) {
        self.looks.push((second, with));
        let most = self.usual.entry(second / HOUR).or_default();
        *most = without.max(*most);
    }

    /// The most at this hour of the week and the two beside it, in the weeks before: never less than what the program may
    /// take for normal.
    fn normal(&self, second: u64) -> usize {
        let before = (1..).map_while(|week| (second / HOUR).checked_sub(week * 7 * 24));
        let hours = before.flat_map(|hour| hour.saturating_sub(1)..=hour + 1);
        hours.filter_map(|hour| self.usual.get(&hour)).max().copied().unwrap_or_default()
    }

    /// Whether there were so many per cent of that, and twenty more, for longer than it takes to tell.
    fn exceeds(&self, excess: &Excess, percent: usize) -> bool {
        let is_more = |(second, count): &&(u64, usize)| {
            let normal = self.normal(*second);
            *count * 100 > normal * percent && *count > normal + 20
        };
        let during: Vec<_> = self.looks.iter().filter(|(second, _)| excess.is_at(*second)).collect();
        let runs = during.chunk_by(|one, other| is_more(one) == is_more(other));
        runs.into_iter().any(|run| is_more(&run[0]) && run[run.len() - 1].0 - run[0].0 >= HOLD + 60)
    }
}

#[test]
fn more_than_normal_is_told_after_a_restart_as_well() {
    let Length { every, excess: (count, day), .. } = length();
    // By how many per cent of the mean; what is normal is a peak.
    let percents = [0, 100, 200, 400];
    let place = Place::new("excess");
    let names = a_router(&place, count * percents.len());
    let excess = |number: usize| Excess { day, hour: 20, hours: 1, percent: percents[number / count] };
    let new = |number| Habit::new(number, profile(number % count), EXCESS_SEED, Some(excess(number)));
    let mut devices: Vec<Habit> = (0..names.len()).map(new).collect();
    let mut counts: Vec<Counts> = names.iter().map(|_| Counts::default()).collect();
    let (begins, restarts) = (day * DAY + 20 * HOUR, day * DAY + 19 * HOUR);
    let mut watch = Watch::new(place.path());
    let mut others = None;
    for second in (0..begins + HOUR + 2 * HOLD).step_by(every) {
        let flows = tables(&mut devices, second);
        counts.iter_mut().zip(&devices).for_each(|(counts, device)| counts.note(second, device.counts()));
        if second == restarts {
            others = Some((watch.begun_anew(second), Watch::new(place.path())));
        }
        if let Some((anew, forgetful)) = &mut others {
            anew.look(flows.clone(), second);
            forgetful.look(flows.clone(), second);
        }
        watch.look(flows, second);
    }
    let (anew, forgetful) = others.unwrap();
    println!(
        "\n| more, of the mean | devices | truly above 150 % | told of these | truly above 200 % | told of these | told of others |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    let told = |watch: &Watch, number: usize| {
        let told = watch.told("above_normal", &names[number]);
        told.into_iter().rfind(|(second, _)| *second >= begins).map(|(_, severity)| severity)
    };
    let (counts, excess) = (&counts, &excess);
    for (place, percent) in percents.into_iter().enumerate() {
        let its = || place * count..(place + 1) * count;
        let those = |above| its().filter(move |number| counts[*number].exceeds(&excess(*number), above));
        let told_of = |number: &usize| told(&watch, *number).is_some();
        let critical = |number: &usize| told(&watch, *number) == Some(Severity::Critical);
        let (warned, graver) = (those(150).filter(told_of).count(), those(200).filter(critical).count());
        let others = its().filter(told_of).count() - warned;
        let (above, far_above) = (those(150).count(), those(200).count());
        println!("| {percent} % | {count} | {above} | {warned} | {far_above} | {graver} | {others} |");
        assert_eq!((warned, graver), (above, far_above), "{percent}");
        assert!(percent > 0 || others * 10 <= count, "{others} without anything unusual");
        assert!(percent < 400 || far_above > 0, "nothing was far above the normal");
    }
    let all = |watch: &Watch| -> Vec<_> { (0..names.len()).map(|number| told(watch, number)).collect() };
    assert_eq!(all(&watch), all(&anew), "after a restart");
    assert!(all(&forgetful).iter().all(Option::is_none), "nothing is known of the weeks before");
}
