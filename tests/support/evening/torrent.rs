//! A torrent: peers at other homes, some of which call in; who gives gets, and somebody by chance. Figures: README.md.

use std::net::Ipv4Addr;

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::host::Host;
use super::line::Both;
use super::stream::{Far, Transport};
use super::streams::StreamId;
use crate::household::device::Datagrams;
use crate::household::router::Server;

/// How often it is decided who gets, and who gets by chance, in seconds (BEP 3).
const CHOKING: u64 = 10;
const OPTIMISTIC: u64 = 30;
/// How often a peer that nothing is sent to is told that we are there, in seconds (BEP 3).
const KEEP_ALIVE: u64 = 120;
/// How often a tracker is asked, in seconds.
const ANNOUNCE: u64 = 1800;
const BLOCK: u64 = 16 * 1024;
const BLOCK_REQUEST: u64 = 17;
const HAVE: u64 = 9;
/// Bytes from which on peers find something that they want.
const ENOUGH: u64 = 30_000_000;
const HANDSHAKE: u64 = 68 + 500;
/// Bytes a second that homes send to one peer, and take from one.
const RATES: [u64; 8] = [15_000, 40_000, 80_000, 150_000, 250_000, 500_000, 1_000_000, 2_500_000];

pub(crate) struct Torrent {
    downloads: bool,
    /// Where we are called, and whether the router lets that in.
    port: u16,
    is_reachable: bool,
    peers: Vec<Peer>,
    /// How many are wanted, and to how many we send at a time.
    wanted: usize,
    slots: usize,
    /// Bytes a second that the user lets us send to each of them, and bytes that we have to give.
    limit: u64,
    has: u64,
    begun: u64,
    trackers: Vec<StreamId>,
}

struct Peer {
    id: StreamId,
    /// Whether they send to us, whether they want something, whether we send to them.
    gives: bool,
    wants: bool,
    served: bool,
}

impl Torrent {
    pub(crate) fn downloading(host: &mut Host<'_>) -> Self {
        Self::begin(host, true)
    }

    pub(crate) fn seeding(host: &mut Host<'_>) -> Self {
        Self::begin(host, false)
    }

    fn begin(host: &mut Host<'_>, downloads: bool) -> Self {
        let any = host.among(20_000..=60_000);
        let port = host.pick(&[51_413, 6_881, any]);
        let port = u16::try_from(port).unwrap();
        let wanted = if downloads { host.among(30..=90) } else { host.among(12..=50) };
        let trackers = (0..2).map(|_| tracker(host, port)).collect();
        let slots = host.pick(&[4, 4, 8]);
        // No limit, or a part of the line, so that others can use it too.
        let limit = host.line.capacity().percent(host.pick(&[100, 100, 80, 50, 25])).up;
        let limit = limit / if limit == host.line.capacity().up { 1 } else { slots };
        Self {
            downloads,
            port,
            is_reachable: !host.one_in(3),
            peers: Vec::new(),
            wanted: usize::try_from(wanted).unwrap(),
            slots: usize::try_from(slots).unwrap(),
            limit,
            // What is downloaded begins anew or goes on.
            has: if downloads && host.one_in(2) { 0 } else { ENOUGH },
            begun: host.now(),
            trackers,
        }
    }

    /// Another peer. Many don't answer: they are gone, or behind a router that lets nobody in.
    fn meet(&mut self, host: &mut Host<'_>) {
        let transport = host.pick(&[Transport::Tcp, Transport::Utp]);
        let stranger = host.stranger(transport.protocol());
        let far = Far {
            ceiling: Both { down: host.pick(&RATES), up: host.pick(&RATES) },
            distance: host.among(15..=200),
        };
        let calls_us = self.is_reachable && host.one_in(if self.downloads { 3 } else { 2 });
        if !calls_us && host.one_in(2) {
            match transport {
                Transport::Tcp => host.device.knock(stranger),
                _ => self.ask(host, stranger, Datagrams(3, 20), Datagrams::default()),
            }
            return;
        }
        let party = host.device.party;
        let connection = match (calls_us, transport) {
            (true, _) => host.device.router.accept(stranger, party, self.port),
            (false, Transport::Tcp) => host.device.connect(stranger),
            (false, _) => host.device.router.call_from(party, self.port, stranger),
        };
        let id = host.streams.join(connection, party.owner, far, transport, calls_us);
        host.queue(id, Both::each(HANDSHAKE));
        let wants = if self.downloads { host.one_in(2) } else { !host.one_in(4) };
        self.peers.push(Peer { id, gives: false, wants, served: false });
    }

    /// A question by UDP from our port, to somebody whom we may never ask again.
    fn ask(&self, host: &mut Host<'_>, whom: Server, sent: Datagrams, received: Datagrams) {
        let query = host.device.router.call_from(host.device.party, self.port, whom);
        host.device.udp(query, sent, received);
    }

    /// The distributed table (BEP 5): we ask and are asked, most when we look for peers.
    fn look_up(&self, host: &mut Host<'_>) {
        let questions = if host.now() - self.begun < 20 { 4 } else { u64::from(host.one_in(4)) };
        for _ in 0..questions {
            let node = host.stranger(Protocol::UDP);
            let answer = if host.one_in(3) { Datagrams::default() } else { Datagrams(1, 310) };
            self.ask(host, node, Datagrams(1, 105), answer);
        }
        if self.is_reachable && host.one_in(3) {
            let node = host.stranger(Protocol::UDP);
            let query = host.device.router.accept(node, host.device.party, self.port);
            host.device.udp(query, Datagrams(1, 105), Datagrams(1, 310));
        }
    }

    /// Who gives to us is theirs to say; we give to so many, and one of them changes by chance.
    fn choke(&mut self, host: &mut Host<'_>) {
        for peer in &mut self.peers {
            peer.gives = self.downloads && if peer.gives { !host.one_in(8) } else { host.one_in(10) };
            peer.wants = if host.one_in(12) { !peer.wants } else { peer.wants };
            peer.wants &= self.has >= ENOUGH;
            peer.served &= peer.wants && !host.one_in(6);
        }
        let by_chance = (host.now() - self.begun).is_multiple_of(OPTIMISTIC);
        if by_chance && let Some(last) = self.peers.iter_mut().rev().find(|peer| peer.served) {
            last.served = false;
        }
        // Who gives comes first, then whoever.
        if !self.peers.is_empty() {
            let turn = usize::try_from(host.among(0..=self.peers.len() as u64 - 1)).unwrap();
            self.peers.rotate_left(turn);
        }
        let served = self.peers.iter().filter(|peer| peer.served).count();
        self.peers.sort_by_key(|peer| !peer.gives);
        let waiting = self.peers.iter_mut().filter(|peer| peer.wants && !peer.served);
        waiting.take(self.slots.saturating_sub(served)).for_each(|peer| peer.served = true);
    }

    fn leave(&mut self, host: &mut Host<'_>, place: usize) {
        let peer = self.peers.swap_remove(place);
        if host.one_in(2) { host.finish(peer.id) } else { host.reset(peer.id) }
    }
}

impl Peer {
    /// Blocks are asked for before the last ones are there, so that the way is never empty.
    fn exchange(&self, host: &mut Host<'_>, downloads: bool, limit: u64) -> u64 {
        let small = u64::from(host.one_in(6)) * HAVE;
        let is_alive = host.now().is_multiple_of(KEEP_ALIVE);
        let Some(stream) = host.streams.get_mut(self.id) else { return 0 };
        let Far { ceiling, .. } = stream.far;
        let asked = stream.moved.down.div_ceil(BLOCK) * BLOCK_REQUEST;
        let down = if self.gives { ceiling.down + 2 * BLOCK } else { 0 };
        let up = if self.served { ceiling.up.min(limit) + 2 * BLOCK } else { 0 };
        let haves = if downloads { Both::each(small) } else { Both { down: small, up: 0 } };
        let requests = Both { down: stream.moved.up.div_ceil(BLOCK) * BLOCK_REQUEST, up: asked };
        let alive = Both::each(4 * u64::from(is_alive));
        stream.left = Both { down, up }
            + haves
            + alive
            + if self.gives || self.served { requests } else { Both::default() };
        stream.moved.down
    }
}

impl Activity for Torrent {
    fn second(&mut self, host: &mut Host<'_>) {
        let elapsed = host.now() - self.begun;
        if elapsed > 1 && self.peers.len() < self.wanted {
            let tried = if elapsed < 30 { 3 } else { u64::from(host.one_in(2)) };
            (0..tried).for_each(|_| self.meet(host));
        }
        self.look_up(host);
        if elapsed.is_multiple_of(CHOKING) {
            self.choke(host);
        }
        let (downloads, limit) = (self.downloads, self.limit);
        // What is said at first takes a second.
        let greeted = self.peers.iter().filter(|peer| host.left(peer.id) != Both::each(HANDSHAKE));
        let greeted: Vec<&Peer> = greeted.collect();
        self.has += greeted.iter().map(|peer| peer.exchange(host, downloads, limit)).sum::<u64>();
        if host.one_in(15) && self.peers.len() > self.wanted / 2 {
            let place = usize::try_from(host.among(0..=self.peers.len() as u64 - 1)).unwrap();
            self.leave(host, place);
        }
        if elapsed > 0 && elapsed.is_multiple_of(ANNOUNCE) {
            self.trackers.iter().for_each(|tracker| announce(host, *tracker));
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        while !self.peers.is_empty() {
            self.leave(host, 0);
        }
        self.trackers.iter().for_each(|tracker| announce(host, *tracker));
    }
}

/// A tracker by UDP (BEP 15).
fn tracker(host: &mut Host<'_>, from: u16) -> StreamId {
    host.device.resolve();
    let last = u8::try_from(host.among(1..=254)).unwrap();
    let port = host.pick(&[80, 1_337, 6_969]);
    let server = Server { protocol: Protocol::UDP, address: Ipv4Addr::new(198, 19, 255, last), port };
    let id = host.media_from(from, server);
    announce(host, id);
    id
}

fn announce(host: &mut Host<'_>, tracker: StreamId) {
    host.say(tracker, Datagrams(2, 57), Datagrams(2, 168));
}
