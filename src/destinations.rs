//! Where connections go to: names for networks, from the owner's own list.

pub mod config;
pub mod format;
pub mod networks;
pub mod watched;
