//! From points to bytes, one room for each format.

pub mod line_protocol;
