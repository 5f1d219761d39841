//! An alert in sentences.

use std::rc::Rc;
use std::time::Duration;

use crate::local_time::LocalTime;
use crate::wording::counted;

/// The longest message in bytes.
pub const MESSAGE_AT_MOST: usize = 400;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// For how long it has been so, and when that is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Age {
    /// `None` if it isn't known.
    pub(super) since: Option<Duration>,
    /// The time now; `None` while the clock is not set.
    pub(super) now: Option<LocalTime>,
}

/// What is wrong, since when, and what to do.
pub(super) fn firing(what: &str, age: Age, advice: &str) -> Rc<str> {
    let since = match age {
        Age { since: Some(since), .. } if since >= DAY => format!(". For {}.", in_words(since)),
        Age { since: Some(since), now: Some(now) } => format!(". Since {}.", now.ago(since)),
        Age { .. } => ".".to_owned(),
    };
    let space = if advice.is_empty() { "" } else { " " };
    fit(what, &format!("{since}{space}{advice}"))
}

/// It is over, and how it is now.
pub(super) fn over(what: &str, age: Age) -> Rc<str> {
    let lasted = age.since.map_or_else(String::new, |since| format!(" after {}", in_words(since)));
    let begin = format!("It is over{lasted}: ");
    fit(&format!("{begin}{what}"), ".")
}

fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match time {
        time if time >= 2 * DAY => counted(seconds / DAY.as_secs(), "day", "days"),
        time if time >= 2 * HOUR => counted(seconds / HOUR.as_secs(), "hour", "hours"),
        time if time >= Duration::from_mins(1) => counted(seconds / 60, "minute", "minutes"),
        _ => counted(seconds, "second", "seconds"),
    }
}

/// The two together, the first cut where they would be too long (the second is of ours and short), and nothing in it that has to be escaped anywhere.
fn fit(what: &str, rest: &str) -> Rc<str> {
    let safe = |char: char| match char {
        '"' => '\'',
        '\\' => '/',
        char if char.is_control() => '_',
        char => char,
    };
    let (what, rest): (String, String) = (what.chars().map(safe).collect(), rest.chars().map(safe).collect());
    let room = MESSAGE_AT_MOST.saturating_sub(rest.len());
    if what.len() <= room {
        return format!("{what}{rest}").into();
    }
    let cut = what.floor_char_boundary(room.saturating_sub('…'.len_utf8()));
    format!("{}…{rest}", what.get(..cut).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_time::TimeZone;
    use proptest::prelude::*;

    fn age(since: u64) -> Age {
        let now = TimeZone::default().at(Duration::from_secs(1_796_081_580));
        Age { since: Some(Duration::from_secs(since)), now: Some(now) }
    }

    #[test]
    fn it_says_what_since_when_and_what_to_do() {
        let what = "TV has 143 connections";
        let cases = [
            (firing(what, age(600), "Restart it."), "TV has 143 connections. Since 23:23. Restart it."),
            (firing(what, age(2 * 86_400), "Now."), "TV has 143 connections. For 2 days. Now."),
            (firing(what, age(86_400), ""), "TV has 143 connections. For 24 hours."),
            (firing(what, Age { now: None, ..age(600) }, "Now."), "TV has 143 connections. Now."),
            (firing(what, Age { since: None, ..age(0) }, "Now."), "TV has 143 connections. Now."),
            (over(what, age(90)), "It is over after 1 minute: TV has 143 connections."),
            (over(what, age(30)), "It is over after 30 seconds: TV has 143 connections."),
            (over(what, Age { since: None, now: None }), "It is over: TV has 143 connections."),
            (firing("a\"b\\c\u{7f}", age(0), ""), "a'b/c_. Since 23:33."),
        ];
        for (message, expected) in cases {
            assert_eq!(&*message, expected);
        }
    }

    proptest! {
        #[test]
        fn it_is_never_too_long_and_ends_with_what_to_do(what in "\\PC{0,500}", advice in "[a-z]{0,200}") {
            let message = firing(&what, age(60), &advice);
            prop_assert!(message.len() <= MESSAGE_AT_MOST && message.ends_with(&*advice), "{}", message);
            prop_assert!(!message.contains(['"', '\\', '\n']));
        }
    }
}
