//! Everything that the program reads of a router, written to a directory that `--root` replays: by `capture`, by `record`
//! and by the flight recorder.
//!
//! To anonymise files, they are written anew from what the program understands of them; otherwise they are copied as
//! they are. A table that netlink alone gives is written as the text that it stands for. What can't be had is told and
//! the rest goes on.

mod anonymise;
mod copier;
mod file_kind;
mod last_written;
mod messages;
mod new_file;
mod omission;
mod rewrite;
mod settings;
mod table;
#[expect(
    clippy::disallowed_methods,
    reason = "new files below a descriptor: nothing there can be waited for"
)]
mod target;

pub(crate) use anonymise::Anonymiser;
pub(crate) use copier::{Copied, Copier, Source};
pub(crate) use omission::{Omission, OmissionError};
pub(crate) use rewrite::table_line;
pub(crate) use target::{Target, TargetError};

/// How often a file is read that changes meanwhile.
const TRIES: usize = 3;
