//! What is wrong: rules over what measurements have found, and what becomes of what they say.
//!
//! A [`Rule`] says of every device that it can judge how a figure stands against its limits. It knows nothing of time in
//! state, of repetition or of what is muted: that is the same for all.

pub mod config;
#[cfg(test)]
pub(crate) mod fixture;
mod rule;
pub mod rules;

pub use rule::{Circumstances, Limits, Reading, Rule, Severity};
