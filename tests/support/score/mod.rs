//! What the program says of made-up evenings, held against what was really done.

pub(crate) mod details;
pub(crate) mod matrix;
pub(crate) mod play;
