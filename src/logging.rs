//! What is logged.

pub mod config;
