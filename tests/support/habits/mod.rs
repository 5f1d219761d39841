//! Days and weeks of devices, made up from causes: connections that leak, and use that has a rhythm. Only which connections
//! there are is made up, in steps, not what goes over them. The same from the same seed, on every machine.
//!
//! Nothing here looks at how the program judges what it sees.

pub(crate) mod device;
pub(crate) mod habit;
pub(crate) mod leak;
pub(crate) mod table;
mod week;

/// When everything begins: a Monday's midnight (UTC), in seconds since 1970. All other seconds are counted from here.
pub(crate) const START: u64 = 1_795_392_000;
/// Seconds of a step, and of a day.
pub(crate) const STEP: u64 = 30;
pub(crate) const DAY: u64 = 86_400;
