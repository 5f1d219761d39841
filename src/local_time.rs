//! The time of day and of the week where the router stands.
//!
//! Habits and messages go by local time. Points don't: they are stamped in time since 1970.

use std::fmt;
use std::io;
use std::time::Duration;

use tz::timezone::TimeZoneSettings;

use crate::files::FIGURE_AT_MOST;
use crate::root::Root;

/// Where the time zone is told as text, as POSIX writes it: `OpenWrt`'s two, of which the first is what the other links to.
const AS_TEXT: [&str; 2] = ["/tmp/TZ", "/etc/TZ"];
/// Where all others have it compiled (tzfile(5)).
const COMPILED: &str = "/etc/localtime";
/// The largest compiled one that is read; those of today have less than 4 KiB.
const COMPILED_AT_MOST: u64 = 64 * 1024;
/// Seconds of an hour, and hours of a week.
const HOUR: i64 = 3600;
/// How many hours a week has.
pub const HOURS_OF_WEEK: usize = 168;
/// 1 January 1970 was a Thursday; weeks begin on Monday.
const EPOCH_IN_WEEK: i64 = 3 * 24 * HOUR;

/// How far local time is from universal time, and when that changes.
#[derive(Clone, Debug, Default)]
pub struct TimeZone(Option<tz::TimeZone>);

/// An instant, and what the clock on the wall says then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// Seconds since 1970.
    pub unix: u64,
    /// How many seconds local time is ahead of universal time.
    offset: i32,
}

impl TimeZone {
    /// That of the router below `root`; universal time where it has none, or none that can be understood.
    pub fn read(root: &Root) -> Self {
        let text = AS_TEXT.iter().find_map(|path| root.read(path, FIGURE_AT_MOST).ok());
        let as_text = text.and_then(|text| parse_posix(str::from_utf8(&text).ok()?.trim()));
        let compiled = || tz::TimeZone::from_tz_data(&root.read(COMPILED, COMPILED_AT_MOST).ok()?).ok();
        Self(as_text.or_else(compiled))
    }

    /// One that is told as POSIX writes it, such as `CET-1CEST,M3.5.0,M10.5.0/3`; universal time if it can't be understood.
    pub fn posix(text: &str) -> Self {
        Self(parse_posix(text))
    }

    /// The local time at an instant, given in time since 1970.
    pub fn at(&self, wall: Duration) -> LocalTime {
        let unix = wall.as_secs();
        let offset = self.0.as_ref().and_then(|zone| {
            let found = zone.find_local_time_type(i64::try_from(unix).ok()?).ok()?;
            Some(found.ut_offset())
        });
        LocalTime { unix, offset: offset.unwrap_or_default() }
    }
}

/// No file is looked for, whatever the text says.
fn parse_posix(text: &str) -> Option<tz::TimeZone> {
    let settings = TimeZoneSettings::new(&[], |_| Err(Box::new(io::Error::from(io::ErrorKind::NotFound))));
    settings.parse_posix_tz(text).ok()
}

impl LocalTime {
    /// The hour of the week, from 0 (Monday from midnight to one) to 167.
    pub fn hour_of_week(self) -> usize {
        let hours = (self.seconds() + EPOCH_IN_WEEK).div_euclid(HOUR);
        usize::try_from(hours.rem_euclid(168)).unwrap_or_default()
    }

    /// The number of the week since 1970 in which it lies, by Mondays.
    pub fn week(self) -> i64 {
        (self.seconds() + EPOCH_IN_WEEK).div_euclid(168 * HOUR)
    }

    /// What the clock on the wall said so long ago. Where clocks have been changed meanwhile, it is what they would have
    /// said.
    #[must_use]
    pub const fn ago(self, time: Duration) -> Self {
        Self { unix: self.unix.saturating_sub(time.as_secs()), ..self }
    }

    fn seconds(self) -> i64 {
        i64::try_from(self.unix).unwrap_or(i64::MAX / 2).saturating_add(self.offset.into())
    }
}

/// Hours and minutes, as in 21:40.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.seconds().div_euclid(60);
        write!(f, "{:02}:{:02}", minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_directory::TestDirectory;
    use std::fs;

    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn at(zone: &TimeZone, unix: u64) -> (usize, String) {
        let time = zone.at(Duration::from_secs(unix));
        (time.hour_of_week(), time.to_string())
    }

    #[test]
    fn the_hour_of_the_week_is_that_of_the_clock_on_the_wall() {
        // Thursday 1 January 1970; Monday 30 November 2026, 09:33 and 23:33; Friday 3 July 2026, 22:10, all universal time.
        let cases = [
            (0, (72, "00:00"), (73, "01:00")),
            (1_796_031_180, (9, "09:33"), (10, "10:33")),
            (1_796_081_580, (23, "23:33"), (24, "00:33")),
            (1_783_116_600, (118, "22:10"), (120, "00:10")),
        ];
        for (unix, universal, berlin) in cases {
            assert_eq!(at(&TimeZone::default(), unix), (universal.0, universal.1.to_owned()), "{unix}");
            assert_eq!(at(&TimeZone::posix(BERLIN), unix), (berlin.0, berlin.1.to_owned()), "{unix}");
        }
        assert_eq!(at(&TimeZone::posix("<-03>3"), 0), (69, "21:00".to_owned()));
    }

    #[test]
    fn weeks_begin_on_monday() {
        let zone = TimeZone::default();
        let week = |unix| zone.at(Duration::from_secs(unix)).week();
        let monday = 1_795_996_800;
        assert_eq!((week(monday - 1) + 1, week(monday + 7 * 86400 - 1)), (week(monday), week(monday)));
        let ago = zone.at(Duration::from_secs(monday)).ago(Duration::from_hours(1));
        assert_eq!((ago.hour_of_week(), ago.to_string()), (167, "23:00".to_owned()));
    }

    #[test]
    fn it_is_read_where_routers_and_others_have_it() {
        let place = TestDirectory::new("time-zone");
        let root = Root::replay(&*place);
        assert_eq!(at(&TimeZone::read(&root), 0).1, "00:00");
        fs::create_dir_all(place.join("tmp")).unwrap();
        for (text, expected) in [
            ("CET-1CEST,M3.5.0,M10.5.0/3\n", "01:00"),
            ("UTC\n", "00:00"),
            ("GMT0", "00:00"),
            ("\u{fffd}", "00:00"),
        ] {
            fs::write(place.join("tmp/TZ"), text).unwrap();
            assert_eq!(at(&TimeZone::read(&root), 0).1, expected, "{text}");
        }
        fs::remove_file(place.join("tmp/TZ")).unwrap();
        // Version 1, without a change: one hour ahead.
        let mut compiled =
            b"TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04"
                .to_vec();
        compiled.extend([0, 0, 0x0e, 0x10, 0, 0]);
        compiled.extend(b"CET\0");
        fs::create_dir_all(place.join("etc")).unwrap();
        fs::write(place.join("etc/localtime"), compiled).unwrap();
        assert_eq!(at(&TimeZone::read(&root), 0).1, "01:00");
        fs::write(place.join("etc/localtime"), "TZif").unwrap();
        assert_eq!(at(&TimeZone::read(&root), 0).1, "00:00");
    }
}
