//! What is measured: one pass over the flows, every measurement sees each once, each gives its points.

pub mod connection_state;
pub mod conntrack;
pub mod conntrack_exporter;
pub mod switches;

/// The names of all measurements, in lexical order.
pub const NAMES: &[&str] = &["connection_state", "conntrack", "conntrack_exporter"];
