use super::super::time::DAY;
use super::*;

const NOON: i64 = 20_000 * DAY + DAY / 2;
const TODAY: i64 = 20_000;

/// What is missing after these: the seconds since noon, the start in seconds since noon, and the number.
fn missing(there: &[(i64, i64, u64)]) -> Vec<(i64, u64)> {
    let mut numbers = Numbers::new(NOON);
    for (seconds, started, number) in there {
        let started = u64::try_from(NOON / SECOND + started).unwrap();
        numbers.take(started, Reading { at: NOON + seconds * SECOND, number: *number });
    }
    let missing = numbers.missing().iter().filter(|(_, numbers)| **numbers > 0);
    missing.map(|(day, numbers)| (day - TODAY, *numbers)).collect()
}

#[test]
fn a_gap_is_missing_and_what_was_before_the_first_is_not_known() {
    assert!(missing(&[]).is_empty());
    assert!(missing(&[(0, -999, 40), (30, -999, 41)]).is_empty());
    assert_eq!(missing(&[(0, -999, 40), (90, -999, 43)]), [(0, 2)]);
    // The first numbers of a start that is looked at.
    assert_eq!(missing(&[(90, 0, 3)]), [(0, 2)]);
}

#[test]
fn a_restart_is_no_loss_but_its_first_numbers_are_there_or_lost() {
    assert!(missing(&[(0, -999, 40), (60, 31, 1), (90, 31, 2)]).is_empty());
    assert_eq!(missing(&[(0, -999, 40), (90, 1, 3)]), [(0, 2)]);
    // By a clock that wasn't set, but not so many that they don't fit in.
    assert_eq!(missing(&[(0, -999, 40), (90, -99_999, 3)]), [(0, 2)]);
    assert!(missing(&[(0, -999, 40), (90, -99_999, 500)]).is_empty());
}

#[test]
fn a_fall_is_a_new_start() {
    // Without a battery the clock is the same at every start.
    let told = missing(&[(0, -999, 1), (30, -999, 2), (60, -999, 1), (90, -999, 2), (180, -999, 5)]);
    assert_eq!(told, [(0, 2)]);
}

#[test]
fn a_number_that_comes_late_is_not_missing() {
    assert!(missing(&[(0, -999, 4), (7, -999, 6), (8, -999, 5), (37, -999, 7)]).is_empty());
    assert_eq!(missing(&[(0, -999, 4), (150, -999, 9), (151, -999, 7), (180, -999, 10)]), [(0, 3)]);
}

#[test]
fn what_was_written_twice_is_not_missing() {
    assert!(
        missing(&[(0, -999, 40), (0, -999, 40), (30, -999, 41), (37, -999, 40), (60, -999, 42)]).is_empty()
    );
    assert_eq!(missing(&[(0, -999, 40), (90, -999, 43), (91, -999, 43), (120, -999, 44)]), [(0, 2)]);
    let mut numbers = Numbers::new(NOON);
    let mut take = |number| numbers.take(5, Reading { at: NOON, number });
    assert_eq!([take(7), take(7), take(8), take(7)], [Some(1), None, Some(1), None]);
}

#[test]
fn a_clock_that_was_set_back_loses_nothing() {
    // An hour ahead up to 203, then right: both kinds are in turns.
    let there: Vec<_> = (0..60_i64).map(|index| (30 * index, -9999, 204 + index.unsigned_abs())).collect();
    let ahead = (0..4_i64).map(|index| (1000 + 30 * index, -9999, 200 + index.unsigned_abs()));
    let mut there: Vec<_> = there.into_iter().chain(ahead).collect();
    there.sort_unstable();
    assert!(missing(&there).is_empty());
}

#[test]
fn each_is_missing_on_the_day_on_which_it_would_have_been_taken() {
    let midnight = 43_200;
    assert_eq!(missing(&[(midnight - 60, -999, 8), (midnight + 60, -999, 12)]), [(0, 1), (1, 2)]);
    let days = missing(&[(0, -999, 1), (3 * 86_400, -999, 3 * 1440 + 1)]);
    assert_eq!(days, [(0, 719), (1, 1440), (2, 1440), (3, 720)]);
}

#[test]
fn numbers_of_somebody_elses_are_not_believed() {
    let there = [(0, -999, 4), (30, -999, u64::MAX), (60, -999, 5), (90, -999, 0), (120, -999, u64::MAX - 1)];
    assert!(missing(&there).is_empty());
    let mut numbers = Numbers::new(i64::MIN);
    for index in 0..100_000_u64 {
        let at = i64::try_from(index).unwrap() * 10 * SECOND;
        numbers.take(index % 1000, Reading { at, number: 2 * index });
        assert!(numbers.runs.len() <= RUNS && numbers.runs.iter().all(|run| run.gaps.len() <= GAPS));
    }
}

#[test]
fn a_run_is_told_from_another() {
    let mut numbers = Numbers::new(0);
    let mut run = |started, number| numbers.take(started, Reading { at: NOON, number });
    assert_eq!([run(5, 1), run(5, 2), run(6, 1), run(5, 3), run(6, 2)], [1, 1, 2, 1, 2].map(Some));
}
