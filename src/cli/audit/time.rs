//! Times are nanoseconds since 1970, days are those of UTC: the same wherever the question is asked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds of a second.
pub(super) const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of a day.
pub(super) const DAY: i64 = 86_400 * SECOND;

/// Understands a time as InfluxDB writes it.
pub(super) fn parse(text: &str) -> Option<i64> {
    let time = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(time.as_nanos()).ok()
}

/// A time as Flux understands it, in whole seconds.
pub(super) fn rfc3339(at: i64) -> String {
    humantime::format_rfc3339_seconds(system_time(at)).to_string()
}

/// The number of the day since 1970.
pub(super) const fn day_of(at: i64) -> i64 {
    at.div_euclid(DAY)
}

/// The date of a day.
pub(super) fn date(day: i64) -> String {
    let mut text = rfc3339(day.saturating_mul(DAY));
    text.truncate("2026-12-01".len());
    text
}

/// Whether the router has given this time: it stamps snapshots in whole seconds, and whoever gives points the time at which
/// they arrive doesn't.
pub(super) const fn is_stamped(at: i64) -> bool {
    at % SECOND == 0
}

fn system_time(at: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(at.max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days() {
        let at = parse("2026-11-30T23:59:59.999999999Z").unwrap();
        assert_eq!((rfc3339(at).as_str(), date(day_of(at)).as_str()), ("2026-11-30T23:59:59Z", "2026-11-30"));
        assert_eq!(date(day_of(at + 1)), "2026-12-01");
        assert!(is_stamped(at + 1) && !is_stamped(at));
        for text in ["", "now", "1969-12-31T23:59:59Z", "2026-11-30", "9999-01-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(date(i64::MAX), "2262-04-11");
    }
}
