//! What is wrong: rules over what measurements have found, and what becomes of what they say.
//!
//! A [`Rule`] says of every device that it can judge how a figure stands against its limits. It knows nothing of time in
//! state, of repetition or of what is muted: that is the same for all.

mod alert;
mod board;
pub mod command;
pub mod config;
mod event;
#[cfg(test)]
pub(crate) mod fixture;
mod message;
mod rule;
pub mod rules;
mod switch;

pub use board::ALERTS_AT_MOST;
pub(crate) use board::Board;
pub use event::AlertEvent;
pub use message::MESSAGE_AT_MOST;
pub use rule::{Circumstances, Limits, Reading, Rule, Severity};
