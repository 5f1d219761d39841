//! A file that tells of devices: watched, and its troubles reported when they begin and when they end.

use std::fmt::Display;
use std::io::{self, BufRead};
use std::path::Path;
use std::rc::Rc;

use super::file_log::FileLog;
use super::name_source::NameSource;
use super::watched_file::{Look, WatchedFile, Wholeness};
use crate::files::WRITTEN_AT_MOST;
use crate::root::Root;

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
    log: FileLog,
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
            log: FileLog::default(),
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
        self.log.news(&self.watched.path(), look)
    }

    /// Says which lines could not be understood, when there are some that were not there before.
    pub(super) fn report(&mut self, problems: &[String]) {
        self.log.report(&self.watched.path(), problems);
    }
}

/// Takes note of a line that can't be understood, unless there were many: nobody reads a thousand.
pub(super) fn note(problems: &mut Vec<String>, problem: &dyn Display) {
    if problems.len() < NOTED_AT_MOST {
        problems.push(problem.to_string());
    }
}
