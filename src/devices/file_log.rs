//! What is told of a file that is looked at again and again: its troubles when they begin and when they end.

use std::fmt::Display;
use std::io;
use std::path::Path;

use tracing::{info, warn};

use super::watched_file::Look;
use crate::edge_log::EdgeLog;

/// How many lines that can't be understood are named in the log.
const NAMED_AT_MOST: usize = 10;

/// What was wrong with a file when it was last looked at.
#[derive(Debug, Default)]
pub(crate) struct FileLog {
    unreadable: EdgeLog,
    too_large: EdgeLog,
    problems: usize,
}

impl FileLog {
    /// What a look at the file at `path` gave, if that is new. Says when the file begins and ceases to be out of reach, or
    /// too large.
    pub(crate) fn news<T>(&mut self, path: &Path, look: io::Result<Look<T>>) -> Option<Look<T>> {
        let path = path.display();
        let look = match look {
            Ok(look) => look,
            Err(error) => {
                if self.unreadable.begins() {
                    warn!("{path} can't be read: {error}");
                }
                return None;
            }
        };
        let taken = matches!(look, Look::Taken(_) | Look::Cut(_));
        if self.unreadable.ends() && taken {
            info!("{path} can be read again");
        }
        match look {
            Look::Unchanged | Look::Unsettled => return None,
            Look::Cut(_) if self.too_large.begins() => {
                warn!("{path} is too large: only its beginning is read");
            }
            Look::Taken(_) if self.too_large.ends() => info!("{path} is no longer too large"),
            Look::Cut(_) | Look::Taken(_) | Look::Gone => {}
        }
        Some(look)
    }

    /// What a look at a file gave that its owner writes and may do without, if that is new: its text, or as much as is read
    /// of it, and an empty one when it is gone.
    pub(crate) fn text(&mut self, path: &Path, look: io::Result<Look<Vec<u8>>>) -> Option<Vec<u8>> {
        Some(match self.news(path, look)? {
            Look::Taken(text) | Look::Cut(text) => text,
            Look::Gone | Look::Unchanged | Look::Unsettled => Vec::new(),
        })
    }

    /// Says which lines could not be understood, when there are some that were not there before.
    pub(crate) fn report(&mut self, path: &Path, problems: &[impl Display]) {
        let path = path.display();
        if problems.len() > self.problems {
            let named: Vec<String> = problems.iter().take(NAMED_AT_MOST).map(ToString::to_string).collect();
            warn!(
                "{path}: lines that can't be understood are passed over ({} or more): {}",
                problems.len(),
                named.join("; ")
            );
        } else if problems.is_empty() && self.problems > 0 {
            info!("{path}: all lines are understood again");
        }
        self.problems = problems.len();
    }
}
