//! What measurements give and outputs are handed.

pub mod limits;
pub mod point;
