//! Whatever lies where a file is read, the program goes on, and hears that it is to stop.
//!
//! A router's `/tmp` is everybody's: what is a file at one moment may be a FIFO at the next, whose opening lasts until
//! somebody writes into it. Such a program is waited for with a deadline, and killed when a test fails.

#![expect(clippy::expect_used, reason = "a test that can't go on has failed, and these words say where")]

mod exchange;
mod outside;
mod recordings;
mod replay;
mod size;
mod strangers;
