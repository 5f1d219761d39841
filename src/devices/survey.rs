//! What is there: every file of leases and of the owner's, for people to see.

use std::io;
use std::path::PathBuf;

use super::name_source::NameSource;
use super::settings::Settings;
use super::source_file::SourceFile;
use super::watched_file::Look;
use super::{assignments, leases};
use crate::root::Root;

/// What one of the files is found to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Survey {
    /// Where it is.
    pub path: PathBuf,
    /// What its names are good for.
    pub source: NameSource,
    /// What was found.
    pub found: Found,
}

/// What was found of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// It isn't there.
    Nothing,
    /// It isn't whole.
    Unsettled,
    /// It can't be read.
    Unreadable(String),
    /// Its content.
    Content {
        /// Leases, or what the owner says.
        entries: usize,
        /// Those of them that give a name.
        named: usize,
        /// What could not be understood, each by its line.
        problems: Vec<String>,
    },
}

/// Looks at every file.
pub fn survey(root: &Root, settings: &Settings) -> Vec<Survey> {
    let leases = leases::files(root, settings).into_iter().map(|mut file| {
        let source = file.source;
        let look = file.watched.look_through(|text| {
            let (mut entries, mut named) = (0, 0);
            let problems = leases::each_lease(source, text, |_, _, name| {
                entries += 1;
                named += usize::from(name.is_some());
            })?;
            Ok(Found::Content { entries, named, problems })
        });
        found_of(&file, look, |content| content)
    });
    let assignments = assignments::files(root, settings).into_iter().map(|mut list| {
        let look = list.file.watched.look();
        found_of(&list.file, look, |text| {
            let list = (list.parse)(&text);
            Found::Content { entries: list.entries(), named: list.names().count(), problems: list.problems }
        })
    });
    leases.chain(assignments).collect()
}

fn found_of<T>(file: &SourceFile, look: io::Result<Look<T>>, content: impl FnOnce(T) -> Found) -> Survey {
    let found = match look {
        Err(error) => Found::Unreadable(error.to_string()),
        Ok(Look::Unchanged | Look::Gone) => Found::Nothing,
        Ok(Look::Unsettled) => Found::Unsettled,
        Ok(Look::Taken(read) | Look::Cut(read)) => content(read),
    };
    Survey { path: file.watched.path(), source: file.source, found }
}
