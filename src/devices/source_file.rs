//! A file that tells of devices: watched, and its troubles reported when they begin and when they end.

use std::fmt::Display;
use std::io::{self, BufRead};
use std::path::Path;
use std::rc::Rc;

use tracing::{info, warn};

use super::name_source::NameSource;
use super::watched_file::{Look, WatchedFile, Wholeness};
use crate::edge_log::EdgeLog;
use crate::files::WRITTEN_AT_MOST;
use crate::root::Root;

/// How many lines that can't be understood are named in the log.
const NAMED_AT_MOST: usize = 10;

/// How many lines that can't be understood are kept, for `check` to show.
pub(super) const NOTED_AT_MOST: usize = 64;

/// A file, and what is known of its state.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// What its names are good for.
    pub(super) source: NameSource,
    /// Where it is, as the router has it.
    pub(super) path: Rc<Path>,
    pub(super) watched: WatchedFile,
    unreadable: EdgeLog,
    too_large: EdgeLog,
    problems: usize,
}

impl SourceFile {
    pub(super) fn new(root: &Root, source: NameSource, path: &Path, wholeness: Wholeness) -> Self {
        let watched = WatchedFile::new(root, path, wholeness);
        Self {
            source,
            path: path.into(),
            watched: match source {
                NameSource::Registry => watched.reading_at_most(WRITTEN_AT_MOST),
                _ => watched,
            },
            unreadable: EdgeLog::default(),
            too_large: EdgeLog::default(),
            problems: 0,
        }
    }

    /// The file's content, if it is new. Says when it begins and ceases to be out of reach.
    pub(super) fn new_content(&mut self) -> Option<Look<Vec<u8>>> {
        let look = self.watched.look();
        self.news(look)
    }

    /// What `read` gives of the file, if that is new, as [`WatchedFile::look_through`] has it read. Says when it begins and
    /// ceases to be out of reach.
    pub(super) fn read_through<T>(
        &mut self,
        read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
    ) -> Option<Look<T>> {
        let look = self.watched.look_through(read);
        self.news(look)
    }

    fn news<T>(&mut self, look: io::Result<Look<T>>) -> Option<Look<T>> {
        let path = self.watched.path();
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

    /// Says which lines could not be understood, when there are some that were not there before.
    pub(super) fn report(&mut self, problems: &[String]) {
        let path = self.watched.path();
        let path = path.display();
        if problems.len() > self.problems {
            let named =
                problems.iter().take(NAMED_AT_MOST).map(String::as_str).collect::<Vec<_>>().join("; ");
            warn!(
                "{path}: lines that can't be understood are passed over ({} or more): {named}",
                problems.len()
            );
        } else if problems.is_empty() && self.problems > 0 {
            info!("{path}: all lines are understood again");
        }
        self.problems = problems.len();
    }
}

/// Takes note of a line that can't be understood, unless there were many: nobody reads a thousand.
pub(super) fn note(problems: &mut Vec<String>, problem: &dyn Display) {
    if problems.len() < NOTED_AT_MOST {
        problems.push(problem.to_string());
    }
}
