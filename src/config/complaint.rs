//! What is wrong with a configuration, and where.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What is wrong in a configuration's text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// From 1 on.
    pub line: usize,
    /// In characters, from 1 on.
    pub column: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Complaint {
    /// Too many tags, or too long ones: told where they begin.
    pub(super) fn of_tags(text: &str, problem: String) -> Self {
        let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1));
        let is_tags = |start: &usize| {
            let line = text.get(*start..).unwrap_or_default().trim_start_matches([' ', '\t', '[']);
            line.strip_prefix("tags").is_some_and(|rest| rest.starts_with([' ', '\t', ']', '.', '=']))
        };
        Self::at_offset(text, starts.find(is_tags).unwrap_or(0), problem)
    }

    pub(super) fn at_offset(text: &str, offset: usize, problem: String) -> Self {
        let before = text.get(..text.floor_char_boundary(offset)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
        Self { line, column, problem }
    }
}

/// A configuration file that can't be used.
#[derive(Debug)]
pub enum ConfigError {
    /// It can't be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something that can't be.
    Invalid {
        /// Which.
        path: PathBuf,
        /// What, and where.
        complaint: Complaint,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Invalid { path, complaint: Complaint { line, column, problem } } => {
                write!(f, "{}:{line}:{column}: {problem}", path.display())
            }
        }
    }
}

impl std::error::Error for ConfigError {}
