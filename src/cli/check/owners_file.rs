//! A file that the owner writes, line by line, and may do without: what was read, and which lines can't be understood.

use std::fmt::Display;
use std::path::Path;

use super::report::Report;
use crate::devices::watched_file::{Look, WatchedFile};

/// How many lines that can't be understood are named.
const NAMED_AT_MOST: usize = 10;

/// What is read of the file, `at_most` so many bytes; where that isn't all of it, tells why. `without` says what holds
/// without it.
pub(super) fn text(
    report: &mut Report,
    subject: &'static str,
    file: &mut WatchedFile,
    at_most: u64,
    without: &str,
) -> Option<Vec<u8>> {
    let look = file.look();
    let path = file.path();
    let path = path.display();
    let why = match look {
        Ok(Look::Taken(text)) => return Some(text),
        Ok(Look::Cut(text)) => {
            let kib = at_most >> 10;
            report.warning(subject, format!("{path} is too large: only its first {kib} KiB are read"));
            return Some(text);
        }
        Ok(Look::Unchanged | Look::Gone) => {
            report.ok(subject, format!("{path} does not exist: {without}"));
            return None;
        }
        Ok(Look::Unsettled) => "it changes while it is read".to_owned(),
        Err(error) => error.to_string(),
    };
    report.warning(subject, format!("{path} can't be read: {why}; {without}"));
    None
}

/// Names the first of the lines that don't count, of which there are `bad`.
pub(super) fn problems(
    report: &mut Report,
    subject: &'static str,
    path: &Path,
    problems: &[impl Display],
    bad: usize,
) {
    let path = path.display();
    for problem in problems.iter().take(NAMED_AT_MOST) {
        report.warning(subject, format!("{path}: {problem}"));
    }
    if bad > NAMED_AT_MOST {
        let all = format!("{path}: {bad} lines in all are passed over, of which these are the first");
        report.warning(subject, all);
    }
}
