//! When people use their devices: by hour of the day and by day of the week. Figures: README.md.

use super::DAY;

/// How full the hours of a day are, in a hundredth of an ordinary evening.
const WORKDAY: [u64; 24] =
    [20, 8, 3, 2, 2, 5, 25, 50, 40, 30, 30, 35, 45, 40, 35, 40, 55, 75, 90, 100, 105, 100, 75, 45];
const FRIDAY: [u64; 24] =
    [20, 8, 3, 2, 2, 5, 25, 50, 40, 30, 30, 35, 45, 45, 45, 55, 70, 95, 130, 150, 165, 165, 140, 100];
const WEEKEND: [u64; 24] =
    [60, 35, 15, 6, 3, 3, 8, 20, 45, 65, 75, 80, 80, 75, 75, 80, 85, 90, 100, 110, 115, 110, 85, 60];

/// How full this hour is; the first day is a Monday.
pub(crate) fn fullness(second: u64) -> u64 {
    let hour = usize::try_from(second % DAY / 3600).unwrap();
    match second / DAY % 7 {
        4 => FRIDAY[hour],
        5 | 6 => WEEKEND[hour],
        _ => WORKDAY[hour],
    }
}
