//! What a connection is for, by the port that was called: one small table, the owner's lines over built-in ones.
//!
//! A label is a word of this program's or of the owner's, never one of whoever sends packets. What no line has is
//! `unlisted`, and so is every protocol without ports.

pub mod format;
mod labels;
mod ranges;
pub mod watched;

use std::rc::Rc;

use crate::attribution::Direction;
use crate::conntrack::flow::{Flow, Protocol};
use crate::devices::formats::owners_lines;
use format::{Entry, LINES_AT_MOST, LineErrorKind, parse};
use labels::Labels;
use ranges::PortRanges;

pub use labels::{LABELS_AT_MOST, ServiceId};

/// The lines that hold unless the owner's say otherwise.
pub const BUILT_IN: &str = include_str!("services/built_in.services");

/// From a port to what it is for.
#[derive(Clone, Debug)]
pub struct ServiceTable {
    labels: Labels,
    ranges: PortRanges,
}

/// What became of the lines of the owner's file.
pub type OwnersLines = owners_lines::OwnersLines<LineErrorKind>;

impl ServiceTable {
    /// The table without a line of the owner's.
    pub fn built_in() -> Self {
        Self::with_owners(b"").0
    }

    /// The owner's lines over the built-in ones, and what became of them.
    ///
    /// ```
    /// # use conntrack_exporter::{conntrack::flow::Protocol, services::ServiceTable};
    /// let (table, lines) = ServiceTable::with_owners(b"8123/tcp Our House\nwww 80\n");
    /// let label = |port| &**table.label(table.service(Protocol::TCP, port));
    /// assert_eq!([8123, 443, 4711].map(label), ["Our House", "HTTPS", "unlisted"]);
    /// assert_eq!((lines.heard, lines.problems[0].line), (1, 2));
    /// ```
    pub fn with_owners(text: &[u8]) -> (Self, OwnersLines) {
        let mut table = Self { labels: Labels::default(), ranges: PortRanges::default() };
        // However many the owner's labels are, there is room for these.
        for entry in built_in() {
            table.labels.id(&entry.label);
        }
        let lines = table.set_owners(text);
        (table, lines)
    }

    /// Puts the lines of `text` in the place of the owner's; of several that have a port the first counts. Numbers stay
    /// with their labels.
    pub fn set_owners(&mut self, text: &[u8]) -> OwnersLines {
        self.ranges = PortRanges::default();
        let add = |entry: Entry| self.add(&entry);
        let lines = OwnersLines::hear(parse(text), LINES_AT_MOST, LineErrorKind::TooManyLines, add);
        for entry in built_in() {
            // These have their numbers already.
            let _ = self.add(&entry);
        }
        lines
    }

    /// Gives an entry's label those of its ports that no line before it has.
    fn add(&mut self, entry: &Entry) -> Result<(), LineErrorKind> {
        let id = self.labels.id(&entry.label);
        for protocol in entry.protocols() {
            self.ranges.claim(protocol, &entry.ports, id.unwrap_or(ServiceId::UNLISTED));
        }
        id.map(drop).ok_or_else(|| LineErrorKind::TooManyLabels(entry.label.clone()))
    }

    /// What a port is for. Where a protocol has none, it has other numbers in their place, and those are unlisted.
    pub fn service(&self, protocol: Protocol, port: u16) -> ServiceId {
        self.ranges.find(protocol, port).unwrap_or(ServiceId::UNLISTED)
    }

    /// What goes out for a service: its label, or `unlisted`.
    pub fn label(&self, id: ServiceId) -> &Rc<str> {
        self.labels.label(id)
    }

    /// Whether this label was ever in the table.
    pub fn has_label(&self, label: &str) -> bool {
        self.labels.contains(label)
    }
}

fn built_in() -> impl Iterator<Item = Entry> {
    parse(BUILT_IN.as_bytes()).filter_map(|(_, found)| found.ok())
}

/// The port of `flow` that tells what it is for: the one that was called. Where the owner called, that is as it called it;
/// where it was called, its own, which a port forward may have changed on the way.
pub const fn service_port(flow: &Flow, direction: Direction) -> u16 {
    match direction {
        Direction::Outbound => flow.original.destination.port,
        Direction::Inbound => flow.reply.source.port,
    }
}

#[cfg(test)]
mod tests;
