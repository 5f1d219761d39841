//! What fuzz targets have in common: slow and plain versions of what the program does fast, and what must hold of
//! whatever it gives.
//!
//! A finding is a panic; libFuzzer then keeps the input that led to it.

#![forbid(unsafe_code)]

pub mod cast;
pub mod household;
#[path = "../../tests/support/lines.rs"]
mod lines;
pub mod messages;
pub mod protocol;
pub mod readings;
pub mod reference;
pub mod text;
