//! Which flows are shown: `port=443 state=established rx>1M`.
//!
//! Terms stand side by side, and all of them must hold. A term is a key, an operator and a value, or a word that has to be
//! part of the device's name, of one of the addresses or of the service. What is in quotes may have blanks in it.

mod term;
mod words;

use std::str::FromStr;

use super::ListedFlow;
use term::Term;

/// Terms that all hold. Without any, every flow is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<Term>);

/// Why a filter can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// There is no such key.
    #[error("{0:?} is not something that flows have: {KEYS} are")]
    UnknownKey(String),
    /// Its operator is for numbers.
    #[error("{key} is not a number of something: {key}=… or {key}!=… would be right")]
    NotAFigure {
        /// The key.
        key: &'static str,
    },
    /// Its value is something else.
    #[error("{given:?} is not {expected}")]
    Value {
        /// What stands there.
        given: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A quote has no end.
    #[error("a quote is opened and not closed")]
    OpenQuote,
}

/// What terms can ask for.
pub const KEYS: &str = "device, address, local, remote, port, protocol, state, service, direction, offloaded, rx, tx, bytes, idle";

impl Filter {
    /// Whether it asks for nothing, so that every flow is shown.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this flow is shown.
    pub fn shows(&self, flow: &ListedFlow) -> bool {
        self.0.iter().all(|term| term.holds(flow))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        words::split(text)?.iter().map(|word| Term::parse(word)).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests;
