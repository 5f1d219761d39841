//! What the last snapshots say, served to browsers and to Prometheus.
//!
//! After each snapshot the daemon has the [`Publisher`] publish it, and the server answers by what was published last: whoever
//! asks never causes a pass over the table. Where it may listen and who may look is in [`permission`]. Of a connection the
//! first that is looked at is where it comes from, then what it is meant for; everything is bounded. Nothing of this is kept
//! or made unless `http.listen` says where.
//!
//! The server's tasks run on the daemon's own thread, between its own work. The one thing that they share with the daemon is
//! a `watch` channel.

pub mod config;
#[cfg(feature = "http")]
mod connection;
#[cfg(feature = "http")]
mod flows;
#[cfg(feature = "http")]
mod guard;
#[cfg(feature = "prometheus")]
mod metrics;
#[cfg(not(feature = "http"))]
mod no_server;
#[cfg(feature = "page")]
mod page;
pub mod permission;
#[cfg(feature = "http")]
mod published;
#[cfg(feature = "http")]
mod publisher;
#[cfg(feature = "http")]
mod response;
#[cfg(feature = "http")]
mod routes;
#[cfg(feature = "http")]
mod server;

#[cfg(not(feature = "http"))]
pub use no_server::Publisher;
#[cfg(feature = "http")]
pub use publisher::Publisher;

/// How many flows are kept to be served: as many as the table of a router with 256 MB has.
pub const FLOWS_AT_MOST: usize = 16_384;
