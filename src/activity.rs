//! What a device is doing, told from how its connections behave.
//!
//! Nothing is learned and nothing weighed: [`judge`] goes through a list of rules in their order, and the first that holds
//! names the class. Each rule is a few conditions on [`Facts`], plain figures of the last minute, against thresholds of
//! `[activity]`. A [`Judgement`] says which figures decided. [`Verdict`] takes a class over when two of the last three
//! judgements agree.
//!
//! The room knows neither flows nor devices: whoever has measured them hands in [`Evidence`].

mod class;
pub mod config;
mod facts;
mod judgement;
mod rules;
mod verdict;

pub use class::Class;
pub use config::ActivityConfig;
pub use facts::{Evidence, Facts, LongFacts, Peaks, UdpFlow};
pub use judgement::{Judgement, WHY_AT_MOST};
pub use rules::judge;
pub use verdict::{Told, Verdict};
