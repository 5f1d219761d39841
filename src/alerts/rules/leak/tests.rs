use super::*;
use crate::alerts::fixture::Judged;
use crate::measurements::fixture::Fixture;

/// What is said of a device with these minima of which all are idle: the value and the limit.
fn judged(minima: Vec<u32>, fires: bool) -> Option<(f64, Option<f64>)> {
    judged_with(minima.clone(), Some(minima), fires)
}

/// The same of a device of which these are idle, if that is known.
fn judged_with(minima: Vec<u32>, idle: Option<Vec<u32>>, fires: bool) -> Option<(f64, Option<f64>)> {
    let (mut fixture, mut judged) = (Fixture::new(), Judged::new(Leak::new(&config::Leak::default())));
    let trend = Trend { connections: 99, quarter_minima: minima, quarter_idle: idle, ..Trend::default() };
    fixture.found.trends.insert("NAS".into(), trend);
    if fires {
        judged.firing.insert("NAS".into(), vec!["leak"]);
    }
    fixture.report(&mut judged);
    judged.figures("NAS").map(|(value, limit, _)| (value, limit))
}

fn line(start: f64, each: f64) -> Vec<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    (0..24).map(|place| (start + each * f64::from(place)) as u32).collect()
}

fn fires(minima: Vec<u32>) -> bool {
    judged(minima, false).is_some_and(|(value, limit)| limit.is_some_and(|limit| value > limit))
}

#[test]
fn what_rises_for_six_hours_fires() {
    // 20 in 23 quarters of an hour, from nothing and from many.
    for (minima, expected) in [
        (line(0.0, 1.0), true),
        (line(10.0, 1.0), true),
        (line(0.0, 0.8), false),
        (line(100.0, 1.0), false),
        (line(100.0, 1.25), true),
        (line(40.0, 0.9), true),
        (line(50.0, 0.9), false),
        (line(99.0, -1.0), false),
        (vec![50; 24], false),
        (vec![0; 24], false),
        // It was used for an hour and given back.
        ((0..24).map(|place| if place / 4 == 4 { 90 } else { 10 }).collect(), false),
        // What is never closed leaves the table after two hours: as many as come.
        ((0..24).map(|place| if place < 8 { 5 * place } else { 41 }).collect(), true),
        // A leak on top of something that comes and goes.
        ((0..24).map(|place| 10 + 2 * place + [0, 6, 3][place as usize % 3]).collect(), true),
    ] {
        assert_eq!(fires(minima.clone()), expected, "{minima:?}");
    }
}

#[test]
fn what_is_used_is_no_leak() {
    let fires = |minima: &[u32], idle: Option<Vec<u32>>| {
        let judged = judged_with(minima.to_vec(), idle, false);
        judged.is_some_and(|(value, limit)| limit.is_some_and(|limit| value > limit))
    };
    // An evening, and a step in the last hour.
    for minima in [line(10.0, 2.0), (0..24).map(|place| if place >= 20 { 90 } else { 10 }).collect()] {
        let idle = |percent: u32| Some(minima.iter().map(|count| count * percent / 100).collect());
        assert!(!fires(&minima, Some(vec![9; 24])) && !fires(&minima, idle(0)) && !fires(&minima, idle(20)));
        assert!(fires(&minima, idle(50)) && judged_with(minima.clone(), None, false).is_none());
    }
}

#[test]
fn fewer_than_six_hours_are_not_judged() {
    assert_eq!(judged((0..23).collect(), false), None);
    assert_eq!(judged(Vec::new(), false), None);
    assert!(judged((0..30).collect(), false).is_some());
}

/// Values from the worked example of the test: Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), and
/// of small samples by hand.
#[test]
fn the_statistic_is_that_of_mann_and_kendall() {
    // All 276 pairs rise: (276 − 1) ÷ √(24 · 23 · 53 ÷ 18).
    let rise = Line::of(&(0..24).collect::<Vec<_>>()).unwrap();
    assert!((rise.certainty - 275.0 / (24.0_f64 * 23.0 * 53.0 / 18.0).sqrt()).abs() < 1e-12);
    assert!(rise.start.abs() < 1e-12 && (rise.rise - 23.0).abs() < 1e-12);
    // 1 1 2: two pairs rise, one is equal. (2 − 1) ÷ √((3 · 2 · 11 − 2 · 1 · 9) ÷ 18).
    let rise = Line::of(&[1, 1, 2]).unwrap();
    assert!((rise.certainty - 1.0 / (48.0_f64 / 18.0).sqrt()).abs() < 1e-12);
    // The mean is 4/3, and the slope ½.
    assert!((rise.start - 5.0 / 6.0).abs() < 1e-12 && (rise.rise - 1.0).abs() < 1e-12);
    assert!(Line::of(&[3, 2, 1]).unwrap().certainty < 0.0);
    assert_eq!(Line::of(&[4, 4, 4]).map(|rise| (rise.certainty, rise.rise)), Some((0.0, 0.0)));
    assert_eq!((Line::of(&[1]), Line::of(&[])), (None, None));
}

#[test]
fn one_that_fires_needs_a_little_less_to_go_on() {
    // Which of the certainties lie between 90 % of what it takes and that is found out here.
    let mixed = |swaps: u32| -> Vec<u32> {
        (0..24).map(|place| if place < swaps { 60 + place } else { 20 + 2 * place }).collect()
    };
    let certainty = |minima: &[u32]| Line::of(minima).unwrap().certainty;
    let between = (0..24).map(mixed).find(|minima| (2.07..2.3).contains(&certainty(minima)));
    let minima = between.unwrap();
    let judged = |fires| judged_with(minima.clone(), Some(line(0.0, 2.0)), fires).unwrap().1;
    assert!(judged(false).is_none() && judged(true).is_some());
}

#[test]
fn it_says_from_where_to_where() {
    let (mut fixture, mut judged) = (Fixture::new(), Judged::new(Leak::new(&config::Leak::default())));
    let (quarter_minima, quarter_idle) = (line(12.0, 2.0), Some(line(0.0, 2.0)));
    let trend = Trend { connections: 58, normal_peak: None, quarter_minima, quarter_idle };
    fixture.found.trends.insert("NAS".into(), trend);
    fixture.report(&mut judged);
    let what = &judged.reading("NAS").unwrap().what;
    assert_eq!(what, "NAS has 58 connections; those that it keeps went from 12 to 58 in six hours");
}
