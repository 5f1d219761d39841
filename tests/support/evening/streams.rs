//! What goes over connections, second by second: each wants to move something, the line says how much of it may pass, and the
//! router's table counts it.

use std::collections::BTreeMap;

use conntrack_exporter::conntrack::flow::Protocol;

use super::line::{Both, share};
use super::stream::{Far, Stream, Transport};
use crate::household::device::Datagrams;
use crate::household::random::Random;
use crate::household::router::{Connection, Router};

/// A stream; one that is closed moves nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StreamId(u64);

#[derive(Debug)]
pub(crate) struct Streams {
    all: BTreeMap<StreamId, Stream>,
    opened: u64,
    random: Random,
    /// Whether the router's kernel merges segments of TCP (GRO) before its table counts them.
    merges: bool,
}

impl Streams {
    pub(crate) const fn new(random: Random, merges: bool) -> Self {
        Self { all: BTreeMap::new(), opened: 0, random, merges }
    }

    /// A connection of `owner` joins. `inbound`: the other side began it.
    pub(crate) fn join(
        &mut self,
        connection: Connection,
        owner: usize,
        far: Far,
        transport: Transport,
        inbound: bool,
    ) -> StreamId {
        let id = StreamId(self.opened);
        self.opened += 1;
        self.all.insert(id, Stream::new(connection, owner, far, transport, inbound));
        id
    }

    pub(crate) fn get(&self, id: StreamId) -> Option<&Stream> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.all.get_mut(&id)
    }

    /// Datagrams that go and come in this second.
    pub(crate) fn say(&mut self, id: StreamId, sent: Datagrams, received: Datagrams) {
        if let Some(stream) = self.all.get_mut(&id) {
            stream.said.push([received, sent]);
        }
    }

    /// Ends a connection: TCP in good order, anything else by silence.
    pub(crate) fn finish(&mut self, router: &mut Router, id: StreamId) {
        if let Some(stream) = self.all.remove(&id)
            && stream.transport.protocol() == Protocol::TCP
        {
            router.finish(stream.connection);
        }
    }

    /// Ends a connection of TCP by a reset.
    pub(crate) fn reset(&mut self, router: &mut Router, id: StreamId) {
        if let Some(stream) = self.all.remove(&id)
            && stream.transport.protocol() == Protocol::TCP
        {
            router.reset(stream.connection);
        }
    }

    /// A second passes. `capacity`: what the line still carries in it, `links`: what each owner's own link carries; in bytes.
    pub(crate) fn pass_a_second(&mut self, router: &mut Router, capacity: Both, links: &[Both]) {
        let random = &mut self.random;
        let wants: Vec<Both> = self.all.values_mut().map(|stream| stream.wants(random)).collect();
        let owners: Vec<usize> = self.all.values().map(|stream| stream.owner).collect();
        let of = |pick: fn(&Both) -> u64, items: &[Both]| items.iter().map(pick).collect::<Vec<u64>>();
        let (links_down, links_up) = (of(|link| link.down, links), of(|link| link.up, links));
        let (wants_down, wants_up) = (of(|want| want.down, &wants), of(|want| want.up, &wants));
        // What comes is acknowledged by what goes, and the other way round: with less to carry, nobody gets more.
        let first = allot(capacity.down, &owners, &links_down, &wants_down);
        let up = capacity.up.saturating_sub(self.acknowledgements(&first));
        let granted_up = allot(up, &owners, &links_up, &wants_up);
        let down = capacity.down.saturating_sub(self.acknowledgements(&granted_up));
        let granted = allot(down, &owners, &links_down, &wants_down);
        let spare =
            Both { down: down - granted.iter().sum::<u64>(), up: up - granted_up.iter().sum::<u64>() };
        let granted = granted.into_iter().zip(granted_up).map(|(down, up)| Both { down, up });
        for (stream, granted) in self.all.values_mut().zip(granted) {
            stream.pass(router, granted, spare, self.merges);
        }
    }

    /// Bytes on the wire that acknowledge what is granted.
    fn acknowledgements(&self, granted: &[u64]) -> u64 {
        self.all.values().zip(granted).map(|(stream, granted)| stream.acknowledgement(*granted)).sum()
    }
}

/// What each stream gets: its owner's link is shared first, then the line.
fn allot(capacity: u64, owners: &[usize], links: &[u64], wants: &[u64]) -> Vec<u64> {
    let mut bounded = wants.to_vec();
    for (owner, link) in links.iter().enumerate() {
        let own: Vec<usize> = (0..wants.len()).filter(|place| owners[*place] == owner).collect();
        let shares = share(*link, &own.iter().map(|place| wants[*place]).collect::<Vec<u64>>());
        own.into_iter().zip(shares).for_each(|(place, granted)| bounded[place] = granted);
    }
    share(capacity, &bounded)
}
