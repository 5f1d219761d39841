//! What owners did in the last three minutes, look by look: what of it [`History`](crate::history::History) doesn't keep.
//!
//! Of each look there is a [`Row`] for every flow that moved something, 512 for an owner and 32,768 in all; of what is
//! beyond, how many there were and their bytes. A look of more than a minute ago keeps the rows only of owners who have 32 at
//! most: who has more listens to no music, and nothing else is asked. Looks that follow each other faster than every ten
//! seconds are one. So at 16,000 flows which all move something there are at most 256 KiB a look, 1.5 MiB in all; an owner has
//! 144 bytes more of each look in which anything moved: 2.2 MB with 250 devices.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::row::{Leader, PortKind, Row, Summary, Top, key};
use crate::activity::config::FEW;
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::Change;
use crate::census::per_owner::PerOwner;
use crate::census::{Attempt, CompletedPass};
use crate::conntrack::flow::{Flow, Protocol};
use crate::measurements::Observation;
use crate::services::ServiceId;

/// What rules look back at, but for those of music.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// What is remembered.
pub(super) const LONG: Duration = Duration::from_secs(180);
/// A look that covers less takes in the next as well, as in [`History`](crate::history::History).
const SHORTEST: Duration = Duration::from_millis(9500);
/// Rows of one owner, and of all, of one look.
const ROWS_OF_OWNER: u32 = 512;
const ROWS: usize = 32_768;
/// Flows that stand still of which it is remembered since when.
const STILL: usize = 4096;
/// Ports of names and of the time (DNS, NTP, mDNS). Every device asks there whatever it does, a question at a time: such flows
/// tell nothing of it, and would pass for connections and hosts.
const SMALL_TALK: [u16; 3] = [53, 123, 5353];
/// The web, `IPsec`, `OpenVPN` and WireGuard: many packets of UDP there are none of a game's or a call's.
const NEVER_LEAD: [u16; 5] = [443, 500, 1194, 4500, 51820];
/// The same without the web.
const VPN: [u16; 4] = [500, 1194, 4500, 51820];
/// The labels of services that are for calls.
const FOR_CALLS: [&str; 6] = ["SIP", "STUN", "Google Meet", "Zoom", "FaceTime", "TeamSpeak"];
const PEERS: &str = "BitTorrent";
/// Ports from here on are high.
const HIGH: u16 = 1024;

/// The last three minutes.
#[derive(Debug, Default)]
pub(super) struct Window {
    secret: RandomState,
    /// What the pass that goes on has told.
    rows: Vec<Row>,
    summaries: PerOwner<Summary>,
    /// Flagged flows that moved nothing, of both readings of the pass.
    still: [Vec<u64>; 2],
    attempt: usize,
    /// The same since when, in order.
    still_since: Vec<(u64, Duration)>,
    looks: VecDeque<Look>,
    /// The time up to the last look, since the first.
    now: Duration,
}

/// What there was from one look to the next.
#[derive(Debug)]
pub(super) struct Look {
    /// When it ended.
    at: Duration,
    /// How long it was.
    pub(super) covered: Duration,
    /// Whether it is known what was moved.
    pub(super) is_known: bool,
    /// In order.
    owners: Vec<(OwnerId, Summary)>,
    /// Side by side by owner and flow.
    rows: Vec<Row>,
    /// Whether the rows of those who have many have gone.
    is_thin: bool,
}

impl Window {
    /// A reading of the table begins.
    pub(super) fn begin(&mut self, attempt: Attempt) {
        self.attempt = attempt as usize;
        if let Some(still) = self.still.get_mut(self.attempt) {
            still.clear();
        }
    }

    /// One flow.
    pub(super) fn observe(&mut self, of: &Observation<'_>) {
        let Some(moved) = of.moved() else {
            // Most flows are idle between two looks: nothing else is asked of them.
            if of.flow.flags.offloaded() {
                self.note_still(of);
            }
            return;
        };
        let (owner, remote) = (of.attribution.owner, of.attribution.remote);
        if SMALL_TALK.contains(&remote.port) {
            return;
        }
        let (flow, host) = (self.hash(of.flow), self.hash_host(remote.address));
        let (kind, label) = kind(of, remote.port);
        let (bytes, is_udp) = (moved.bytes(), of.flow.protocol == Protocol::UDP);
        let may_lead = is_udp && !NEVER_LEAD.contains(&remote.port);
        let is_full = self.rows.len() >= ROWS;
        let mut has_room = false;
        self.summaries.update(owner, |summary| {
            has_room = !is_full && summary.rows < ROWS_OF_OWNER;
            let row = Row::new(owner.place(), kind, (flow, host, remote.port), bytes);
            if has_room {
                summary.rows += 1;
            } else {
                summary.beyond = summary.beyond.saturating_add(1);
                summary.beyond_bytes += row.bytes;
            }
            if may_lead {
                summary.lead(Leader { flow, is_call_port: label.is_some_and(is_for_calls), moved });
            }
            if summary.top.is_none_or(|top| bytes > top.bytes) {
                summary.top = Some(Top { host, address: remote.address, bytes });
            }
        });
        if has_room {
            self.rows.push(Row::new(owner.place(), kind, (flow, host, remote.port), bytes));
        }
    }

    /// A flow that the flow table or hardware carries, and that has moved nothing since it was last seen.
    fn note_still(&mut self, of: &Observation<'_>) {
        if of.is_accounted() && matches!(of.change, Change::Delta(_)) {
            let key = key(of.attribution.owner.place(), self.hash(of.flow));
            if let Some(still) = self.still.get_mut(self.attempt).filter(|still| still.len() < STILL) {
                still.push(key);
            }
        }
    }

    /// The table was read to its end.
    pub(super) fn complete(&mut self, pass: &CompletedPass) {
        let before = self.now;
        self.now += pass.since_last;
        self.summaries.settle(pass.bytes);
        if !pass.bytes {
            self.rows.clear();
        }
        let mut rows = std::mem::take(&mut self.rows);
        tidy(&mut rows);
        self.settle_still(pass.kept, before, &rows);
        let mut owners: Vec<(OwnerId, Summary)> =
            self.summaries.all().map(|(owner, summary)| (owner, *summary)).collect();
        owners.sort_unstable_by_key(|(owner, _)| *owner);
        self.summaries.clear();
        let (at, covered, is_known) = (self.now, pass.since_last, pass.bytes);
        self.push(Look { at, covered, is_known, owners, rows, is_thin: false });
        self.forget();
    }

    /// Takes over which flagged flows stand still, and since when. One that moved in the other reading of this pass doesn't.
    fn settle_still(&mut self, kept: Attempt, before: Duration, moved: &[Row]) {
        let Some(still) = self.still.get_mut(kept as usize) else { return };
        still.sort_unstable();
        still.dedup();
        let last = std::mem::take(&mut self.still_since);
        let has_moved = |key: &u64| moved.binary_search_by_key(key, Row::key).is_ok();
        let since = |key: u64| {
            let known = last.binary_search_by_key(&key, |(key, _)| *key).ok();
            known.and_then(|place| last.get(place)).map_or(before, |(_, since)| *since)
        };
        let still = still.iter().filter(|key| !has_moved(key));
        self.still_since = still.map(|key| (*key, since(*key))).collect();
    }

    fn push(&mut self, mut look: Look) {
        let joins = |last: &Look| {
            last.covered < SHORTEST && !last.covered.is_zero() && last.is_known == look.is_known
        };
        if let Some(last) = self.looks.back_mut().filter(|last| joins(last)) {
            last.join(look);
        } else {
            look.rows.shrink_to_fit();
            self.looks.push_back(look);
        }
    }

    /// Lets go of what nobody asks any more.
    fn forget(&mut self) {
        let now = self.now;
        let old = self.looks.partition_point(|look| look.ago(now) >= LONG);
        self.looks.drain(..old);
        for look in self.looks.iter_mut().take_while(|look| look.ago(now) >= MINUTE) {
            look.thin();
        }
    }

    /// The looks of which at least half lies within `window` before now, the oldest first.
    pub(super) fn looks(&self, window: Duration) -> impl Iterator<Item = &Look> + Clone {
        let now = self.now;
        self.looks.iter().filter(move |look| look.ago(now) < window)
    }

    /// Whether the last look has told what was moved.
    pub(super) fn is_known(&self) -> bool {
        self.looks.back().is_some_and(|look| look.is_known)
    }

    /// How many flagged flows of `owner` have stood still for at least `time`.
    pub(super) fn still_for(&self, owner: OwnerId, time: Duration) -> u32 {
        let begin = self.still_since.partition_point(|(flow, _)| *flow < key(owner.place(), 0));
        let flows = self.still_since.iter().skip(begin);
        let flows = flows.take_while(|(flow, _)| *flow <= key(owner.place(), u32::MAX));
        let long = flows.filter(|(_, since)| self.now.saturating_sub(*since) >= time).count();
        u32::try_from(long).unwrap_or(u32::MAX)
    }

    /// Whether the pass that goes on has told anything of `owner`, or the last look. Rows know it by its place.
    pub(super) fn remembers(&self, owner: OwnerId) -> bool {
        self.summaries.remembers(owner) || self.looks.back().is_some_and(|look| look.summary(owner).is_some())
    }

    /// How much memory is held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let looks = self.looks.iter().map(Look::bytes).sum::<usize>();
        let still = self.still.iter().map(Vec::capacity).sum::<usize>() * size_of::<u64>();
        let since = self.still_since.capacity() * size_of::<(u64, Duration)>();
        looks + still + since + self.rows.capacity() * size_of::<Row>()
    }

    fn hash(&self, flow: &Flow) -> u32 {
        let (from, to) = (flow.original.source, flow.original.destination);
        let mut hasher = self.secret.build_hasher();
        write(&mut hasher, from.address);
        write(&mut hasher, to.address);
        let ports = u64::from(from.port) << 16 | u64::from(to.port);
        hasher.write_u64(ports << 32 | u64::from(flow.zone) << 8 | u64::from(flow.protocol.0));
        upper(hasher.finish())
    }

    fn hash_host(&self, address: IpAddr) -> u32 {
        let mut hasher = self.secret.build_hasher();
        write(&mut hasher, address);
        upper(hasher.finish())
    }
}

impl Look {
    fn join(&mut self, next: Self) {
        self.at = next.at;
        self.covered += next.covered;
        self.rows.extend(next.rows);
        tidy(&mut self.rows);
        for (owner, summary) in next.owners {
            match self.owners.binary_search_by_key(&owner, |(owner, _)| *owner) {
                Ok(place) => self.owners.iter_mut().skip(place).take(1).for_each(|(_, sum)| *sum += summary),
                Err(place) => self.owners.insert(place, (owner, summary)),
            }
        }
        // Each of several quick passes may have had its fill.
        let excess = self.rows.len().saturating_sub(ROWS);
        self.rows.truncate(self.rows.len() - excess);
    }

    /// How long ago the middle of it was.
    fn ago(&self, now: Duration) -> Duration {
        now.saturating_sub(self.at) + self.covered / 2
    }

    /// Keeps the rows of those alone who have few.
    fn thin(&mut self) {
        if self.is_thin {
            return;
        }
        let few = |rows: &[Row]| rows.len() <= FEW;
        let few: Vec<Row> = self
            .rows
            .chunk_by(|one, other| one.place() == other.place())
            .filter(|rows| few(rows))
            .flatten()
            .copied()
            .collect();
        for (_, summary) in self.owners.iter_mut().filter(|(_, summary)| summary.rows as usize > FEW) {
            summary.beyond = summary.beyond.max(summary.rows);
        }
        self.rows = few;
        self.is_thin = true;
    }

    /// What is kept of `owner`, if it moved anything.
    pub(super) fn summary(&self, owner: OwnerId) -> Option<&Summary> {
        let place = self.owners.binary_search_by_key(&owner, |(owner, _)| *owner).ok()?;
        self.owners.get(place).map(|(_, summary)| summary)
    }

    /// What the flows of `owner` moved.
    pub(super) fn rows(&self, owner: OwnerId) -> &[Row] {
        if self.summary(owner).is_none() {
            return &[];
        }
        let begin = self.rows.partition_point(|row| row.place() < owner.place());
        let end = self.rows.partition_point(|row| row.place() <= owner.place());
        self.rows.get(begin..end).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.rows.capacity() * size_of::<Row>()
            + self.owners.capacity() * size_of::<(OwnerId, Summary)>()
    }
}

/// Puts rows in order, and those of one flow together.
fn tidy(rows: &mut Vec<Row>) {
    rows.sort_unstable_by_key(Row::key);
    rows.dedup_by(|next, kept| {
        let is_same = next.key() == kept.key();
        if is_same {
            kept.bytes += next.bytes;
        }
        is_same
    });
}

/// What sort of port a flow has, and the label of its service if that says anything.
fn kind<'a>(of: &Observation<'a>, port: u16) -> (PortKind, Option<&'a str>) {
    if VPN.contains(&port) && of.flow.protocol == Protocol::UDP || port == 1194 {
        return (PortKind::Vpn, None);
    }
    if port < HIGH {
        return (PortKind::Other, None);
    }
    let service = of.service();
    if service == ServiceId::UNLISTED {
        return (PortKind::Peer, None);
    }
    let label = &**of.services.label(service);
    (if label == PEERS { PortKind::Peer } else { PortKind::Other }, Some(label))
}

fn is_for_calls(label: &str) -> bool {
    FOR_CALLS.contains(&label)
}

fn write(hasher: &mut impl Hasher, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => hasher.write_u32(v4.to_bits()),
        IpAddr::V6(v6) => hasher.write_u128(v6.to_bits()),
    }
}

const fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}
