//! Paths among the arguments.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

/// Understands a path. An empty one is what a script hands on whose variable is empty, and would be the directory that
/// the program was started in, or no file at all.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|given| {
        if given.is_empty() { Err("an empty path leads nowhere") } else { Ok(PathBuf::from(given)) }
    })
}
