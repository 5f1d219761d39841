//! From points to bytes, one room for each format.

pub mod csv;
pub mod json;
pub mod line_protocol;
pub mod prometheus;
