//! What measurements give and outputs are handed.

pub mod point;
