use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::local_time::TimeZone;

const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
/// A Monday, 2 November 2026, at midnight of universal time, in seconds since 1970.
const MONDAY: u64 = 1_793_577_600;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const WEEK_LONG: u64 = 7 * DAY;

fn utc(unix: u64) -> LocalTime {
    TimeZone::default().at(Duration::from_secs(unix))
}

/// What is learned if the device has so many connections in each hour from `from` to `to`, told every 10 minutes.
fn learn(normal: &mut Normal, zone: &TimeZone, (from, to): (u64, u64), connections: impl Fn(u64) -> u32) {
    for unix in (from..to).step_by(600) {
        normal.learn(zone.at(Duration::from_secs(unix)), connections(unix));
    }
}

/// Always five connections, but so many on Mondays at 20:10, week by week.
fn evenings(peaks: &[u32]) -> Normal {
    let mut normal = Normal::new(utc(MONDAY));
    let end = MONDAY + peaks.len() as u64 * WEEK_LONG;
    learn(&mut normal, &TimeZone::default(), (MONDAY, end), |unix| {
        let week = usize::try_from((unix - MONDAY) / WEEK_LONG).unwrap();
        if (unix - MONDAY) % WEEK_LONG == 20 * HOUR + 600 { peaks[week] } else { 5 }
    });
    normal
}

#[test]
fn an_evening_is_compared_with_the_same_evening_of_other_weeks() {
    for (peaks, expected) in [
        (&[40][..], Some(40)),
        (&[40, 60], Some(60)),
        // From three weeks on one may have been an exception.
        (&[40, 60, 900], Some(60)),
        (&[40, 60, 900, 50], Some(60)),
        (&[60, 900, 950, 50], Some(900)),
        (&[900, 40, 41, 42, 43], Some(42)),
    ] {
        let mut normal = evenings(peaks);
        let evening = MONDAY + peaks.len() as u64 * WEEK_LONG + 20 * HOUR;
        for (minutes, found) in
            [(-61, Some(5)), (-60, expected), (0, expected), (119, expected), (120, Some(5))]
        {
            let now = utc(evening.saturating_add_signed(minutes * 60));
            normal.learn(now, 7);
            assert_eq!(normal.peak_at(now), found, "{peaks:?} {minutes}");
        }
    }
}

#[test]
fn nothing_is_normal_in_the_first_seven_days() {
    let mut normal = Normal::new(utc(MONDAY));
    for hours in 0..200 {
        let now = utc(MONDAY + hours * HOUR);
        normal.learn(now, 9);
        // An hour before they are over, that of a week ago has the first as its neighbour, and it is over after them.
        assert_eq!(normal.peak_at(now), (hours >= 7 * 24).then_some(9), "{hours}");
    }
}

#[test]
fn hours_without_connections_say_nothing() {
    let mut normal = Normal::new(utc(MONDAY));
    // At home in the evenings alone, for two weeks.
    let is_evening = |unix: u64| (18..23).contains(&((unix - MONDAY) % DAY / HOUR));
    learn(&mut normal, &TimeZone::default(), (MONDAY, MONDAY + 2 * WEEK_LONG), |unix| {
        if is_evening(unix) { 30 } else { 0 }
    });
    let mut at = |hours: u64| {
        let now = utc(MONDAY + 2 * WEEK_LONG + hours * HOUR);
        normal.learn(now, 0);
        normal.peak_at(now)
    };
    assert_eq!(
        [at(10), at(16), at(17), at(20), at(23), at(24)],
        [None, None, Some(30), Some(30), Some(30), None]
    );
}

#[test]
fn what_is_not_normal_is_not_learned() {
    let mut normal = Normal::new(utc(MONDAY));
    learn(&mut normal, &TimeZone::default(), (MONDAY, MONDAY + WEEK_LONG), |_| 10);
    let evening = MONDAY + WEEK_LONG;
    // It takes five minutes until an alert fires: these were learned, and are forgotten.
    normal.learn(utc(evening), 10);
    normal.learn(utc(evening + 300), 500);
    normal.unlearn(utc(evening + 600));
    normal.learn(utc(evening + 1800), 12);
    let next = utc(evening + WEEK_LONG);
    normal.advance(hour(next));
    assert_eq!(normal.peak_at(next), Some(12));
}

#[test]
fn what_is_older_than_four_weeks_is_forgotten() {
    let mut normal = Normal::new(utc(MONDAY));
    learn(&mut normal, &TimeZone::default(), (MONDAY, MONDAY + WEEK_LONG), |_| 10);
    for (weeks, hours, expected) in [(2, 0, Some(10)), (4, 24, Some(10)), (5, 0, None), (500, 0, None)] {
        let now = utc(MONDAY + weeks * WEEK_LONG + hours * HOUR);
        normal.learn(now, 0);
        assert_eq!(normal.peak_at(now), expected, "{weeks}");
    }
}

#[test]
fn an_evening_is_that_of_the_clock_on_the_wall_whatever_the_season() {
    let zone = TimeZone::posix(BERLIN);
    let at = |unix: u64| zone.at(Duration::from_secs(unix));
    // Clocks are put back on Sunday, 25 October 2026, at 1:00 of universal time, and forward on 28 March 2027.
    let changes = [MONDAY - 8 * DAY + HOUR, 1_806_195_600];
    for change in changes {
        // Three Fridays before, from 19:00 to 22:00 of the clock on the wall, and one after.
        let begin = change - 20 * DAY;
        let mut normal = Normal::new(at(begin));
        let is_film = |unix: u64| (115..118).contains(&at(unix).hour_of_week());
        learn(&mut normal, &zone, (begin, change + 6 * DAY), |unix| if is_film(unix) { 80 } else { 5 });
        let friday =
            (change..change + 6 * DAY).step_by(1800).find(|unix| at(*unix).hour_of_week() == 116).unwrap();
        let mut normal_before = Normal::new(at(begin));
        learn(&mut normal_before, &zone, (begin, friday), |unix| if is_film(unix) { 80 } else { 5 });
        assert_eq!(normal_before.peak_at(at(friday)), Some(80), "{change}");
        assert_eq!(normal_before.peak_at(at(friday - 4 * HOUR)), Some(5), "{change}");
        // The hour itself: left out or told twice, and its neighbours serve.
        normal.learn(at(change + 7 * DAY), 5);
        assert_eq!(normal.peak_at(at(change + 7 * DAY)), Some(5), "{change}");
    }
}

#[test]
fn more_connections_than_fit_are_the_most_that_fit() {
    let mut normal = Normal::new(utc(MONDAY));
    learn(&mut normal, &TimeZone::default(), (MONDAY, MONDAY + WEEK_LONG + 1), |_| 1_000_000);
    assert_eq!((normal.peak_at(utc(MONDAY + WEEK_LONG)), normal.bytes()), (Some(u16::MAX), 1344));
}

#[test]
fn what_was_kept_goes_on_and_what_can_not_be_is_refused() {
    let mut normal = evenings(&[40, 60, 900]);
    normal.learn(utc(MONDAY + 3 * WEEK_LONG + 600), 33);
    let (peaks, hour, now) = normal.keep();
    assert_eq!((peaks.len(), now), (HOURS, 33));
    assert_eq!(Normal::restore(&peaks, hour, now), Some(normal));
    assert_eq!(Normal::restore(&peaks[1..], hour, now), None);
    for absurd in [-1, i64::MIN, i64::MAX] {
        assert_eq!(Normal::restore(&peaks, absurd, now), None, "{absurd}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against the same told in sentences: a list of all that was ever learned.
    #[test]
    fn it_is_what_a_list_of_all_hours_gives(told in vec((0_u64..400, 0_u32..70_000), 1..100)) {
        let mut normal = Normal::new(utc(MONDAY));
        let mut list: Vec<(i64, u16)> = Vec::new();
        let mut hours = 0;
        for (passed, connections) in told {
            // Most steps are small.
            hours += if passed > 380 { passed } else { passed / 100 };
            let now = utc(MONDAY + hours * HOUR);
            normal.learn(now, connections);
            list.push((hour(now), u16::try_from(connections).unwrap_or(u16::MAX)));
            let at = hour(now);
            let peak_in = |hours: std::ops::RangeInclusive<i64>| {
                let learned = list.iter().filter(|(hour, _)| hours.contains(hour) && (at - 672..at).contains(hour));
                learned.map(|(_, peak)| *peak).max().filter(|peak| *peak > 0)
            };
            let mut weeks: Vec<u16> =
                (1..=4).filter_map(|week| peak_in(at - week * 168 - 1..=at - week * 168 + 1)).collect();
            weeks.sort_unstable();
            let expected = if weeks.len() > 2 { weeks.iter().rev().nth(1) } else { weeks.last() };
            let is_old = peak_in(at - 672..=at - 168).is_some();
            prop_assert_eq!(normal.peak_at(now), expected.copied().filter(|_| is_old));
            let (peaks, hour, peak) = normal.keep();
            prop_assert!(Normal::restore(&peaks, hour, peak).is_some_and(|restored| restored == normal));
        }
    }

    /// A clock may be set to anything.
    #[test]
    fn no_clock_makes_it_panic(told in vec((any::<u64>(), any::<u32>()), 1..50)) {
        let mut normal = Normal::new(utc(0));
        for (unix, connections) in told {
            normal.learn(utc(unix), connections);
            let _ = normal.peak_at(utc(unix));
            let (peaks, hour, now) = normal.keep();
            prop_assert!(Normal::restore(&peaks, hour, now).is_none_or(|restored| restored == normal));
        }
    }
}
