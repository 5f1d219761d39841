//! No line: this is the small program.

use std::io::{self, Stderr};
use std::time::Duration;

/// Nothing is shown.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Progress;

impl Progress {
    pub(in crate::cli) const fn of(_: u64, _: &'static str) -> Self {
        Self
    }

    pub(in crate::cli) const fn endless(_: &'static str) -> Self {
        Self
    }

    pub(in crate::cli) const fn hidden() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "as the one with a bar")]
    pub(in crate::cli) fn set(&self, _: u64, _: impl FnOnce() -> String) {}

    #[expect(clippy::unused_self, reason = "as the one with a bar")]
    pub(in crate::cli) const fn wakes_after(&self) -> Option<Duration> {
        None
    }

    #[expect(clippy::unused_self, reason = "as the one with a bar")]
    pub(in crate::cli) fn aside<T>(&self, what: impl FnOnce() -> T) -> T {
        what()
    }

    #[expect(clippy::unused_self, reason = "as the one with a bar")]
    pub(in crate::cli) fn stderr(&self) -> impl Fn() -> Stderr + Send + Sync + 'static {
        io::stderr
    }

    #[expect(clippy::unused_self, reason = "as the one with a bar")]
    pub(in crate::cli) const fn end(&self) {}
}
