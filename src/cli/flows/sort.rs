//! In which order flows are shown.

use std::cmp::Reverse;

use clap::ValueEnum;

use crate::flow_list::ListedFlow;

/// By what flows are sorted. Of figures the greatest come first, and those that aren't known last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SortKey {
    /// Bytes both ways
    #[default]
    Bytes,
    /// Bytes received
    Rx,
    /// Bytes sent
    Tx,
    /// How long nothing has passed
    Idle,
    /// Its name
    Device,
    /// The state's name
    State,
    /// The service's label
    Service,
    /// The other end's address and port
    Remote,
    /// The other end's port
    Port,
}

impl SortKey {
    /// Sorts; those that are equal stay in the table's order.
    pub(super) fn sort(self, flows: &mut [ListedFlow]) {
        match self {
            Self::Bytes => flows.sort_by_key(|flow| Reverse(flow.bytes())),
            Self::Rx => flows.sort_by_key(|flow| Reverse(flow.received().map(|counters| counters.bytes))),
            Self::Tx => flows.sort_by_key(|flow| Reverse(flow.sent().map(|counters| counters.bytes))),
            Self::Idle => flows.sort_by_key(|flow| Reverse(flow.idle)),
            Self::Device => flows.sort_by(|one, other| one.device.cmp(&other.device)),
            Self::State => flows.sort_by_key(|flow| flow.flow.state.name()),
            Self::Service => flows.sort_by(|one, other| one.service.cmp(&other.service)),
            Self::Remote => flows.sort_by_key(|flow| flow.remote),
            Self::Port => flows.sort_by_key(|flow| flow.remote.port),
        }
    }
}
