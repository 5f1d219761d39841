//! Every flow at an instant and whose it is, for who looks at single connections.

pub mod filter;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod json;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::attribution::labels::ShownOwners;
use crate::attribution::owners::OwnerId;
use crate::attribution::{Attribution, Direction};
use crate::census::Attempt;
use crate::conntrack::flow::{Counters, Endpoint, Flow, Protocol, State};
use crate::measurements::{Clock, Flows, Measurement, Needs, Observation, Tick};
use crate::series::Series;
use crate::series::schema::{Schema, UserTags};
use crate::services::{ServiceId, service_port};

/// How many flows are listed at most: as many as the largest table that OpenWrt sets up by itself, four times over.
pub const LISTED_AT_MOST: usize = 1 << 18;

/// A flow, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFlow {
    /// What the kernel says of it.
    pub flow: Flow,
    /// What its device is called, the router included; `other` if it is nobody's.
    pub device: Arc<str>,
    /// Who began it.
    pub direction: Direction,
    /// The other end, as the device sees it.
    pub remote: Endpoint,
    /// What its port is for: a label, or `unlisted`.
    pub service: Arc<str>,
    /// For how many seconds nothing has passed. Known of established TCP that isn't offloaded, where the kernel tells how long
    /// it keeps that.
    pub idle: Option<u32>,
}

impl ListedFlow {
    /// The device's own end, as it sees it.
    pub const fn local(&self) -> Endpoint {
        match self.direction {
            Direction::Outbound => self.flow.original.source,
            Direction::Inbound => self.flow.reply.source,
        }
    }

    /// What the device has received since the connection began, if the kernel counts.
    pub const fn received(&self) -> Option<Counters> {
        match self.direction {
            Direction::Outbound => self.flow.reply.counters,
            Direction::Inbound => self.flow.original.counters,
        }
    }

    /// What the device has sent since the connection began, if the kernel counts.
    pub const fn sent(&self) -> Option<Counters> {
        match self.direction {
            Direction::Outbound => self.flow.original.counters,
            Direction::Inbound => self.flow.reply.counters,
        }
    }

    /// Bytes both ways, if the kernel counts.
    pub fn bytes(&self) -> Option<u64> {
        Some(self.received()?.bytes.saturating_add(self.sent()?.bytes))
    }
}

/// The flows of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedFlows {
    /// In the order of the table.
    pub flows: Vec<ListedFlow>,
    /// For how many more there was no room.
    pub left_out: u64,
}

/// Lists flows as a measurement counts them, and sends nothing: they are among what a snapshot has found.
#[derive(Debug)]
pub struct FlowLister {
    at_most: usize,
    found: Vec<(Flow, Attribution, ServiceId)>,
    left_out: u64,
    /// How many seconds the kernel keeps silent TCP connections.
    established_timeout: Option<u32>,
}

/// It has no points.
const SCHEMA: Schema = Schema {
    name: "flows",
    every: Clock::Interval,
    tags: &[],
    fields: &[],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &[],
};

impl FlowLister {
    /// One that lists no more than so many.
    pub const fn new(at_most: usize) -> Self {
        Self { at_most, found: Vec::new(), left_out: 0, established_timeout: None }
    }

    fn idle(&self, flow: &Flow) -> Option<u32> {
        let is_established = flow.protocol == Protocol::TCP && flow.state == State::Established;
        let left = flow.timeout.filter(|_| is_established && !flow.flags.offloaded())?;
        self.established_timeout?.checked_sub(left)
    }
}

impl Measurement for FlowLister {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::WhenDue, established_timeout: true, ..Needs::default() }
    }

    fn note_established_timeout(&mut self, seconds: Option<u32>) {
        self.established_timeout = seconds;
    }

    fn begin(&mut self, _: Attempt, _: usize) {
        self.found.clear();
        self.left_out = 0;
    }

    fn observe(&mut self, of: &Observation<'_>) {
        if self.found.len() >= self.at_most {
            self.left_out += 1;
            return;
        }
        let port = service_port(of.flow, of.attribution.direction);
        self.found.push((*of.flow, of.attribution, of.services.service(of.flow.protocol, port)));
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let (names, nobody) = (names(tick.owners), tick.owners.other.name().map(|name| Arc::from(&**name)));
        let mut services: HashMap<ServiceId, Arc<str>, RandomState> = HashMap::default();
        let found = std::mem::take(&mut self.found);
        let flows =
            found.into_iter().filter_map(|(flow, Attribution { owner, direction, remote }, service)| {
                let device = Arc::clone(names.get(&owner).or(nobody.as_ref())?);
                let label =
                    services.entry(service).or_insert_with(|| Arc::from(&**tick.services.label(service)));
                Some(ListedFlow {
                    flow,
                    device,
                    direction,
                    remote,
                    service: Arc::clone(label),
                    idle: self.idle(&flow),
                })
            });
        let flows = flows.collect();
        out.findings().flows = Some(Arc::new(ListedFlows { flows, left_out: self.left_out }));
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }
}

/// What each owner is called, in a form that can be handed to a server's tasks.
fn names(owners: &ShownOwners) -> HashMap<OwnerId, Arc<str>, RandomState> {
    let rows = owners.all().filter_map(|row| Some((Arc::<str>::from(&**row.name()?), &row.owners)));
    rows.flat_map(|(name, owners)| owners.iter().map(move |owner| (*owner, Arc::clone(&name)))).collect()
}

#[cfg(test)]
mod tests;
