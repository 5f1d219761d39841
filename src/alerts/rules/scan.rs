//! `scan`: a device that tries one host or one port after the other, and is hardly answered.
//!
//! Flows are judged that the device itself began within the last minute, by TCP, UDP or another protocol with ports. Of
//! each it is remembered with which host and port it was begun, and whether it was answered since; so a slow answer is
//! one. A flow that was neither new nor answered is looked at no further. Memory is bounded for each device ([`Watch`])
//! and for all together.
//!
//! What can't be seen: a refusal by RST, for the kernel deletes the entry at once (`nf_ct_kill_acct`); what stays within
//! one segment of the LAN and never comes to the router; and a ping, which has no port.

mod peers;
mod watch;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::time::Duration;

use foldhash::quality::RandomState;

use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::Direction;
use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::OwnerId;
use crate::census::CompletedPass;
use crate::census::flow_tracker::Change;
use crate::conntrack::flow::Protocol;
use crate::measurements::{Flows, Needs, Observation};
use watch::{Asked, Finding, Port, Scanned, Watch};

/// Within which time a scan must do what it does.
const WINDOW: Duration = Duration::from_secs(60);
/// How much memory all devices together may take, in bytes: as much as twenty who scan at a time. Beyond it nothing more
/// is remembered until something was forgotten.
const BYTES_AT_MOST: usize = 1 << 20;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct Scan {
    config: config::Scan,
    /// Outsiders may choose the addresses, and the sample of peers needs a hash whose every bit is even.
    hasher: RandomState,
    watches: HashMap<OwnerId, Watch, RandomState>,
    /// How much memory they take, in bytes.
    bytes: usize,
    /// The time of all passes so far.
    clock: Duration,
    /// For how long it is known what was begun.
    known: Duration,
}

impl Scan {
    /// With these thresholds.
    pub(super) fn new(config: &config::Scan) -> Self {
        Self { config: config.clone(), ..Self::default() }
    }

    fn asked(&self, of: &Observation<'_>) -> Asked {
        let (remote, protocol) = (of.attribution.remote, of.flow.protocol);
        let port = Port { protocol, number: remote.port };
        let host = remote.address;
        Asked { port, port_hash: self.hash(port), host, host_hash: self.hash(host) }
    }

    /// The upper half: all bits of it are even.
    fn hash(&self, of: impl Hash) -> u32 {
        u32::try_from(self.hasher.hash_one(of) >> 32).unwrap_or_default()
    }

    /// What stands out most of `owners`, who are one device, and from how many on it is a scan.
    fn worst(&self, owners: &[OwnerId]) -> Option<(Finding, f64)> {
        let all = owners.iter().filter_map(|owner| self.watches.get(owner));
        let judged = all.filter(|watch| watch.unreplied() >= self.unreplied_at_least());
        let scans = judged.flat_map(Watch::findings);
        let scans = scans.filter(|scan| scan.unanswered_percent >= self.config.unanswered_percent.get());
        let with_limits = scans.map(|scan| (scan, number(self.limit(scan.what))));
        with_limits.max_by(|(one, limit), (other, other_limit)| {
            (one.count / limit).total_cmp(&(other.count / other_limit))
        })
    }

    /// With fewer unreplied flows there can't be a scan.
    fn unreplied_at_least(&self) -> u32 {
        u32::try_from(self.config.hosts.min(self.config.ports)).unwrap_or(u32::MAX)
    }

    const fn limit(&self, what: Scanned) -> usize {
        match what {
            Scanned::Hosts(_) => self.config.hosts,
            Scanned::Ports(_) => self.config.ports,
        }
    }

    fn reading(&self, row: &OwnerTags) -> Option<Reading> {
        let device = Rc::clone(row.name()?);
        let (value, limit, what) = match self.worst(&row.owners) {
            None => (0.0, number(self.config.hosts), format!("{device} no longer tries many hosts or ports")),
            Some((scan, limit)) => (scan.count, limit.next_down(), sentence(&device, &scan)),
        };
        // A minute of which a part isn't known can show a scan, but not that there is none.
        let is_known = self.known >= WINDOW || value > limit;
        is_known.then_some(Reading {
            device,
            value,
            limits: Limits { warning: Some(limit), critical: None },
            what,
        })
    }
}

impl Rule for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::EveryPass, changes: true, ..Needs::default() }
    }

    fn observe(&mut self, of: &Observation<'_>) {
        let (is_new, answered) = (matches!(of.change, Change::New(_)), !of.tracked.unreplied);
        let is_told = if is_new { true } else { answered && !self.watches.is_empty() };
        if !is_told || of.attribution.direction == Direction::Inbound || !has_ports(of.flow.protocol) {
            return;
        }
        let owner = of.attribution.owner;
        if !self.watches.contains_key(&owner) && (answered || self.bytes >= BYTES_AT_MOST) {
            return;
        }
        let asked = self.asked(of);
        if !is_new {
            self.watches.get_mut(&owner).into_iter().for_each(|watch| watch.answer(&asked));
        } else if self.bytes < BYTES_AT_MOST {
            let watch = self.watches.entry(owner).or_default();
            // Flows of this pass were begun after the last.
            self.bytes += watch.begin(&asked, seconds(self.clock), answered);
        }
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.clock += pass.since_last;
        if pass.flows {
            self.known = self.known.saturating_add(pass.since_last);
        } else {
            // Which flows are new isn't known.
            self.watches.clear();
            self.known = Duration::ZERO;
        }
        // A pass of which at least half lies within the window belongs to it.
        let begin = seconds(self.clock.saturating_sub(WINDOW + pass.since_last / 2));
        self.watches.retain(|_, watch| {
            watch.forget_before(begin);
            !watch.is_empty()
        });
        self.bytes = self.watches.values().map(|watch| watch.bytes() + size_of::<Watch>()).sum();
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        of.tick.owners.all().filter_map(|row| self.reading(row)).collect()
    }

    fn advice(&self) -> &'static str {
        "If nobody searches the network with it just now, disconnect it: infected devices do that."
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.watches.contains_key(&owner)
    }
}

/// Those of which an entry shows ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
const fn has_ports(protocol: Protocol) -> bool {
    matches!(protocol.0, 6 | 17 | 33 | 132 | 136)
}

fn number(of: usize) -> f64 {
    u32::try_from(of).map_or(f64::INFINITY, f64::from)
}

/// There are 136 years of them.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

fn sentence(device: &str, scan: &Finding) -> String {
    let about = if scan.is_exact { "" } else { "about " };
    let Finding { count, unanswered_percent, .. } = scan;
    let unanswered = format!("and {unanswered_percent:.0} % don't answer");
    match scan.what {
        Scanned::Hosts(Port { protocol, number }) => {
            let protocol = protocol.name().to_ascii_uppercase();
            format!("{device} asks {about}{count:.0} hosts at {protocol} port {number}, {unanswered}")
        }
        Scanned::Ports(host) => format!("{device} asks {about}{count:.0} ports of {host}, {unanswered}"),
    }
}

#[cfg(test)]
mod tests;
