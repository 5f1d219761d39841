//! Where connections go to: names for networks, from the owner's own list and from a database.

pub mod config;
#[cfg(feature = "database")]
pub mod database;
#[cfg(not(feature = "database"))]
#[path = "destinations/no_database.rs"]
pub mod database;
#[cfg(all(test, feature = "database"))]
#[path = "destinations/database/encoder.rs"]
pub(crate) mod encoder;
pub mod format;
pub mod networks;
pub mod watched;
