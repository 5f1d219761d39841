//! The formats of the files that tell of devices: pure parsers, each of a whole text, with one error for all. Those of
//! lease files, which may be long, understand single lines as well.
//!
//! What a parser can't understand it hands out as a [`LineError`] and passes over. Names stay as they came; whoever
//! keeps one makes it safe by [`Name::clean`](super::name::Name::clean).

pub mod dnsmasq;
pub mod gl_client;
pub mod hosts;
pub mod ip_neigh;
mod line_error;
pub mod lines;
pub mod neighbour_message;
pub mod odhcpd;
pub mod owners_lines;
pub mod registry;
pub mod static_hosts;
pub mod uci;
pub mod vendors;

pub use line_error::{LineError, LineErrorKind};
