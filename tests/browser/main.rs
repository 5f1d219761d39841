//! The status page in a real browser: Debian's Chromium, without a screen, on the daemon that has the sample household.
//!
//! `make browser` runs these; `cargo test` does not. Pictures of the page are in `target/screenshots` afterwards. With
//! `PAGE=http://…` in the environment they look at a page that is served there already, and leave out what takes a
//! daemon of their own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's failure is a panic"
)]

#[path = "../support/sample.rs"]
mod sample;
#[path = "../kernel/wait.rs"]
mod wait;

mod daemon;
mod driver;
mod hostile;
mod http;
mod keyboard;
mod load;
mod look;
mod one_device;
mod page;
mod table;
