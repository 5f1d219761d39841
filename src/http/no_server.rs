//! What stands for the server in a program that was built without it: nothing is served, and `http.listen` says so.

use std::time::Duration;

use crate::config::Config;
use crate::lan::Lan;
use crate::outputs::ledger::Ledger;
use crate::snapshot::Snapshot;

/// Publishes nothing.
#[derive(Debug)]
pub struct Publisher;

impl Publisher {
    /// One that does nothing.
    pub const fn new(_: &Config, _: bool) -> Self {
        Self
    }

    /// Nothing changes.
    pub const fn reconfigure(&mut self, _: &Config, _: bool) {}

    /// Nothing is listened on.
    pub const fn attend(&mut self, _: &Lan) {}

    /// Nothing is published.
    pub const fn publish(&mut self, _: &Snapshot, _: Duration, _: Option<&Ledger>) {}
}
