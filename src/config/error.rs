//! What is wrong with a configuration, and where.

use std::io;
use std::path::PathBuf;

/// What is wrong in a configuration's text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ParseError {
    /// From 1 on.
    pub line: usize,
    /// In characters, from 1 on.
    pub column: usize,
    /// What is wrong and what would be right, without newlines and other control characters.
    pub message: String,
}

impl ParseError {
    /// What is wrong at a byte of the text. What would break the line or steer a terminal is escaped: a message may hold
    /// some of the text.
    pub(super) fn at(text: &str, offset: usize, message: &str) -> Self {
        let before = text.get(..text.floor_char_boundary(offset)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
        let escaped =
            |char: char| if char.is_control() { char.escape_default().to_string() } else { char.into() };
        Self { line, column, message: message.chars().map(escaped).collect() }
    }
}

/// A configuration file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something that can't be.
    #[error("{}:{error}", path.display())]
    Invalid {
        /// Which.
        path: PathBuf,
        /// What, and where.
        error: ParseError,
    },
}
