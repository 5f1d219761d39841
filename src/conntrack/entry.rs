//! What a reading hands out, whichever way the table is read.

use super::flow::Flow;

/// What one step of a reading hands out, entry by entry.
#[derive(Debug)]
pub enum Entry<'a> {
    /// An entry that was understood.
    Flow(Flow),
    /// One that was not, as the kernel gave it (or its beginning).
    Unreadable {
        /// The bytes; hostile, show them escaped.
        bytes: &'a [u8],
        /// What is wrong with them.
        why: EntryError,
    },
}

/// Whether a reading has more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There may be more.
    More,
    /// The table was read to its end.
    Done,
}

/// Why an entry could not be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It does not say which protocols of layer 3 and layer 4 it is of.
    #[error("no layer 3 and layer 4 protocol")]
    Protocols,
    /// Layer 3 is neither IPv4 nor IPv6.
    #[error("neither IPv4 nor IPv6")]
    Family,
    /// An address is none of its family.
    #[error("a bad address")]
    Address,
    /// A number is none, or too large for what it stands for.
    #[error("a bad number")]
    Number,
    /// TCP in an unknown state.
    #[error("an unknown TCP state")]
    State,
    /// There are not two tuples of source and destination.
    #[error("not two tuples of source and destination")]
    Tuples,
    /// A line longer than the buffer, or an attribute that is longer than what it lies in.
    #[error("a bad length")]
    Length,
}
