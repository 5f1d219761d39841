use super::*;
use crate::local_time::TimeZone;

const MONDAY: u64 = 1_793_577_600;
const USUAL: Found = Found { connections: 8, least: 6, most: 9, idle: Some(2), is_usual: true };

/// So many seconds after a Monday's midnight, and as many and an hour after boot.
fn at(seconds: u64) -> Now {
    let local = TimeZone::default().at(Duration::from_secs(MONDAY + seconds));
    Now { boot: Duration::from_secs(3600 + seconds), local: Some(local) }
}

#[test]
fn who_has_nothing_now_still_stands_while_it_had_something_lately() {
    let mut memory = TrendMemory::default();
    let (tv, phone) = ("TV".into(), "Phone".into());
    memory.note("tv", &tv, at(0), &USUAL);
    let noted = memory.note("phone", &phone, at(0), &USUAL).unwrap();
    assert_eq!(noted.trend(None), Trend { connections: 8, ..Trend::default() });
    assert!(memory.others(at(0)).is_empty());
    memory.note("tv", &tv, at(30), &USUAL);
    let others = memory.others(at(30));
    assert_eq!(others, [(Rc::clone(&phone), Trend::default())]);
    for seconds in (60..1800).step_by(30) {
        memory.note("tv", &tv, at(seconds), &USUAL);
        memory.others(at(seconds));
    }
    assert!(memory.others(at(1800)).iter().all(|(name, _)| **name != *phone), "it was away for a quarter");
    assert_eq!(memory.len(), 2, "and is remembered");
}

#[test]
fn who_was_not_seen_for_four_weeks_is_forgotten() {
    let mut memory = TrendMemory::default();
    let unset = |seconds| Now { local: None, ..at(seconds) };
    memory.note("tv", &"TV".into(), at(0), &USUAL);
    memory.note("clockless", &"Clockless".into(), unset(1), &USUAL);
    memory.others(at(FORGOTTEN_AFTER - 1));
    memory.others(unset(FORGOTTEN_AFTER));
    assert_eq!(memory.len(), 2);
    memory.others(at(FORGOTTEN_AFTER));
    assert_eq!(memory.devices.keys().map(|key| &**key).collect::<Vec<_>>(), ["clockless"]);
    assert!(memory.keep().is_empty(), "nothing was learned of it");
}

#[test]
fn there_is_room_for_so_many_and_who_was_away_the_longest_leaves_first() {
    let mut memory = TrendMemory::default();
    for number in 0..REMEMBERED_AT_MOST as u64 {
        let name: Rc<str> = format!("{number:0>64}").into();
        assert!(memory.note(&name, &name, at(number), &USUAL).is_some());
    }
    assert!(memory.bytes() <= REMEMBERED_AT_MOST * BYTES_AT_MOST, "{}", memory.bytes());
    let last = at(REMEMBERED_AT_MOST as u64);
    let keys: Vec<Rc<str>> = memory.devices.keys().cloned().collect();
    let (gone, here): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.ends_with("00017"));
    for key in &here {
        memory.note(key, key, last, &USUAL);
    }
    assert!(memory.note("newcomer", &"newcomer".into(), last, &USUAL).is_some());
    assert!(!memory.devices.contains_key(&gone[0]));
    assert!(memory.note("another", &"another".into(), last, &USUAL).is_none(), "all are here");
    assert_eq!(memory.len(), REMEMBERED_AT_MOST);
}

#[test]
fn what_is_normal_outlives_a_restart() {
    let mut memory = TrendMemory::default();
    let week = 7 * 24 * 3600;
    for seconds in (0..week).step_by(600) {
        memory.note("tv", &"TV".into(), at(seconds), &USUAL);
    }
    let kept = memory.keep();
    let mut restarted = TrendMemory::default();
    restarted.restore(&kept);
    assert_eq!(restarted.keep(), kept);
    let boot = Duration::from_secs(60);
    let now = Now { boot, ..at(week) };
    assert!(restarted.others(now).is_empty(), "what it is called isn't known yet");
    let noted = restarted.note("tv", &"Television".into(), now, &USUAL).unwrap();
    assert_eq!(noted.trend(now.local).normal_peak, Some(9.0));
    assert_eq!(noted.trend(None).normal_peak, None);
}

#[test]
fn what_can_not_have_been_kept_is_left_out() {
    let habit = |key: &str, length: usize| KnownHabit {
        key: key.into(),
        seen: MONDAY,
        hour: 500_000,
        now: 1,
        peaks: vec![3; length],
    };
    let mut memory = TrendMemory::default();
    memory.restore(&[
        habit("short", 671),
        habit(&"long".repeat(100), 672),
        habit("tv", 672),
        habit("tv", 672),
    ]);
    assert_eq!(memory.devices.keys().map(|key| &**key).collect::<Vec<_>>(), ["tv"]);
    let many: Vec<_> = (0..2000).map(|number| habit(&number.to_string(), 672)).collect();
    memory.restore(&many);
    assert_eq!(memory.len(), REMEMBERED_AT_MOST);
}
