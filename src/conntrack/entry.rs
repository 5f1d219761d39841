//! What a reading hands out, whichever way the table is read.

use std::fmt;

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
        why: Unreadable,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It does not say which protocols of layer 3 and layer 4 it is of.
    Protocols,
    /// Layer 3 is neither IPv4 nor IPv6.
    Family,
    /// An address is none of its family.
    Address,
    /// A number is none, or too large for what it stands for.
    Number,
    /// TCP in an unknown state.
    State,
    /// There are not two tuples of source and destination.
    Tuples,
    /// A line longer than the buffer, or an attribute that is longer than what it lies in.
    Length,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Protocols => "no layer 3 and layer 4 protocol",
            Self::Family => "neither IPv4 nor IPv6",
            Self::Address => "a bad address",
            Self::Number => "a bad number",
            Self::State => "an unknown TCP state",
            Self::Tuples => "not two tuples of source and destination",
            Self::Length => "a bad length",
        })
    }
}
