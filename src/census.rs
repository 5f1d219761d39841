//! The one pass over the flows: whose each is, and what each owner has.

pub mod cells;
pub mod flow_tracker;
pub mod outside;
pub mod per_owner;

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use crate::attribution::labels::OwnerLabels;
use crate::attribution::owners::{OwnerId, OwnerTable};
use crate::attribution::{Attribution, Direction, FlowOwner, flow_owner};
use crate::conntrack::Entry;
use crate::conntrack::flow::Flow;
use crate::destinations::networks::Networks;
use crate::devices::{Devices, Identity, UNKNOWN_AT_MOST};
use crate::history::History;
use crate::lan::{Lan, Place};
use crate::measurements::{Measurement, Observation};
use crate::recorder::FlightRecorder;
use crate::services::ServiceTable;
use flow_tracker::{Change, FlowTracker, ProtocolGroup, TrackedFlow};
use outside::{OutsideTraffic, is_tunnel};

/// How much of a line that can't be understood is shown.
const SHOWN: usize = 240;

/// Which reading of the table within one pass. A text that came out short is read once more, and the fuller of the two
/// is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The first.
    First,
    /// The one after it.
    Second,
}

/// A pass over the table that came to its end, and what may be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedPass {
    /// Of two readings the one whose counts hold.
    pub kept: Attempt,
    /// Whether what was opened and closed since the pass before is known: not by the first, nor after a long gap, nor
    /// where there are more flows than are tracked.
    pub flows: bool,
    /// Whether what was moved since is known as well: not if another program has set counters to zero.
    pub bytes: bool,
    /// The time since the pass before that came to its end.
    pub since_last: Duration,
}

/// What a pass over the table has found.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Entries that were understood.
    pub read: u64,
    /// Those of them that are the router's talk with itself: they are nobody's and not counted.
    pub loopback: u64,
    /// Entries that were not understood.
    pub unreadable: u64,
    /// Entries whose packets a flow table or the hardware carries at present.
    pub offloaded: u64,
    /// The first of those, and what is wrong with it.
    pub first_unreadable: Option<String>,
    /// How many entries each owner has, by place; those without any may be missing.
    entries: Vec<(OwnerId, u64)>,
    /// Addresses in the LAN that nobody ties to a device.
    pub(crate) unknown: HashSet<IpAddr>,
}

impl Census {
    /// How many entries `owner` has.
    pub fn entries(&self, owner: OwnerId) -> u64 {
        match self.entries.get(owner.place()) {
            Some((of, count)) if *of == owner => *count,
            _ => 0,
        }
    }

    /// Who has entries.
    pub fn present(&self) -> impl Iterator<Item = OwnerId> {
        self.entries.iter().filter(|(_, count)| *count > 0).map(|(owner, _)| *owner)
    }

    pub(crate) fn count(&mut self, owner: OwnerId) {
        if self.entries.len() <= owner.place() {
            self.entries.resize(owner.place() + 1, (OwnerId::UNUSED, 0));
        }
        if let Some((of, count)) = self.entries.get_mut(owner.place()) {
            *of = owner;
            *count += 1;
        }
    }

    fn note_unknown(&mut self, address: IpAddr) {
        if self.unknown.len() < UNKNOWN_AT_MOST {
            self.unknown.insert(address);
        }
    }

    fn note_unreadable(&mut self, bytes: &[u8], why: impl std::fmt::Display) {
        self.unreadable += 1;
        if self.first_unreadable.is_none() {
            let shown = bytes.get(..bytes.len().min(SHOWN)).unwrap_or_default();
            self.first_unreadable = Some(format!("\"{}\" ({why})", shown.escape_ascii()));
        }
    }
}

/// What is known from earlier passes, and becomes known of what flows did since.
#[derive(Debug)]
pub(crate) struct Memory<'a> {
    pub(crate) tracker: &'a mut FlowTracker,
    pub(crate) outside: &'a mut OutsideTraffic,
    /// The last hour, if somebody needs it.
    pub(crate) history: Option<&'a mut History>,
}

/// One reading of the table, while it goes on. Nothing is asked and no file is read meanwhile: what is not known is
/// noted, and asked about before the next pass.
pub struct Pass<'a> {
    pub(crate) lan: &'a Lan,
    pub(crate) devices: &'a Devices,
    pub(crate) owners: &'a mut OwnerTable,
    pub(crate) labels: &'a OwnerLabels,
    /// Those that need to see the flows of this pass.
    pub(crate) observers: Vec<&'a mut (dyn Measurement + 'static)>,
    /// What flows did, if somebody needs it.
    pub(crate) memory: Option<Memory<'a>>,
    pub(crate) services: &'a ServiceTable,
    pub(crate) networks: &'a Networks,
    /// The flight recorder, if there is one, and which reading this is.
    pub(crate) recorder: Option<(&'a mut FlightRecorder, Attempt)>,
    pub(crate) census: Census,
}

impl<'a> Pass<'a> {
    /// A pass that begins: those who are looked up in `lan` and `devices` enter `owners`, and `labels` tells who was shown
    /// before. No measurement sees it.
    pub fn new(
        lan: &'a Lan,
        devices: &'a Devices,
        owners: &'a mut OwnerTable,
        labels: &'a OwnerLabels,
        services: &'a ServiceTable,
        networks: &'a Networks,
    ) -> Self {
        let (observers, census) = (Vec::new(), Census::default());
        Self {
            lan,
            devices,
            owners,
            labels,
            services,
            networks,
            observers,
            memory: None,
            recorder: None,
            census,
        }
    }

    /// What was found.
    pub fn end(self) -> Census {
        self.census
    }

    /// Takes one entry.
    pub fn see(&mut self, entry: &Entry<'_>) {
        match entry {
            Entry::Unreadable { bytes, why } => self.census.note_unreadable(bytes, why),
            Entry::Flow(flow) => {
                self.census.read += 1;
                if let Some((recorder, attempt)) = &mut self.recorder {
                    recorder.see(*attempt, flow);
                }
                match self.attribute(flow) {
                    None => self.census.loopback += 1,
                    Some(attribution) => self.observe(flow, attribution),
                }
            }
        }
    }

    fn observe(&mut self, flow: &Flow, attribution: Attribution) {
        self.census.count(attribution.owner);
        self.census.offloaded += u64::from(flow.flags.offloaded());
        let (change, tracked) = self.track(flow, attribution.owner);
        let Self { services, networks, .. } = *self;
        let observation = Observation { flow, attribution, change, tracked, services, networks };
        self.note_outside(&observation);
        if let Some(Memory { history: Some(history), .. }) = &mut self.memory {
            history.observe(&observation);
        }
        for measurement in &mut self.observers {
            measurement.observe(&observation);
        }
    }

    /// What the flow did since it was last seen. A connection that took the place of another ends that.
    fn track(&mut self, flow: &Flow, owner: OwnerId) -> (Change, TrackedFlow) {
        let Self { memory, observers, .. } = self;
        if let Some(Memory { tracker, history, .. }) = memory {
            let mut ended = |flow: &TrackedFlow| {
                for measurement in observers.iter_mut() {
                    measurement.ended(flow);
                }
                if let Some(history) = history {
                    history.ended(flow);
                }
            };
            return tracker.observe(flow, owner, &mut ended);
        }
        let protocol = ProtocolGroup::of(flow.protocol);
        let tracked = TrackedFlow { owner, protocol, unreplied: false, recent: false, moved: false };
        (Change::Untracked, tracked)
    }

    /// Adds what a flow carried to and from the world outside.
    fn note_outside(&mut self, observation: &Observation<'_>) {
        let (Some(memory), Some(moved)) = (&mut self.memory, observation.moved()) else { return };
        let Attribution { owner, remote, .. } = observation.attribution;
        if self.devices.place(self.lan, remote.address) == Place::Outside {
            let bytes = moved.bytes();
            let is_tunnel = owner == OwnerId::ROUTER && is_tunnel(observation.flow);
            *memory.outside += OutsideTraffic { bytes, tunnels: if is_tunnel { bytes } else { 0 } };
        }
    }

    /// Whose a flow is; `None` if it is the router's talk with itself.
    fn attribute(&mut self, flow: &Flow) -> Option<Attribution> {
        // Of an entry that a device began, which most are, one look-up tells the rest once its address was met.
        if let Some(owner) = self.owners.owner_at(flow.original.source.address) {
            return Some(Attribution::new(flow, owner, Direction::Outbound));
        }
        let Self { devices, lan, census, .. } = self;
        let (flow_owner, direction) = flow_owner(flow, |address| {
            let place = devices.place(lan, address);
            if devices.worth_asking(place, address) {
                census.note_unknown(address);
            }
            place
        });
        let owner = match flow_owner {
            FlowOwner::Loopback => return None,
            FlowOwner::Router => OwnerId::ROUTER,
            FlowOwner::Nobody => OwnerId::UNATTRIBUTED,
            FlowOwner::Device { address, link_layer } => self.owner_at(address, link_layer),
        };
        Some(Attribution::new(flow, owner, direction))
    }

    fn owner_at(&mut self, address: IpAddr, link_layer: bool) -> OwnerId {
        if let Some(owner) = self.owners.owner_at(address) {
            return owner;
        }
        let identity = self.devices.identify(address, link_layer);
        let admitted = identity.as_ref().is_some_and(|identity| self.labels.has_shown(identity));
        let by_address_alone = matches!(identity, Some(Identity::Address(_) | Identity::Eui64Only(_)));
        if by_address_alone && !admitted && self.devices.is_yet_to_ask(Place::Lan { link_layer }, address) {
            // The neighbours will tell, and its address must not become a name until then.
            return OwnerId::UNATTRIBUTED;
        }
        self.owners.enter(address, identity, admitted)
    }
}
