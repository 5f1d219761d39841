//! A player of films and live streams: it fills a buffer, fetches segment after segment as they are watched, and takes the
//! picture that the line can carry. Where the figures come from: README.md.

use super::activity::Activity;
use super::host::{Host, QUIC};
use super::line::{Both, KILOBIT};
use super::stream::Transport;
use super::streams::StreamId;

/// A service: how it cuts and keeps what it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    /// kbit/s of picture, from the worst to the best.
    pub(crate) ladder: &'static [u64],
    /// kbit/s of sound, from which one is taken.
    sound: &'static [u64],
    /// Milliseconds of a segment.
    segment: u64,
    /// Seconds that are kept ahead, at least and at most.
    ahead: (u64, u64),
    /// Seconds that are watched before more is fetched, once the buffer is full, at most.
    pause: u64,
    /// Whether picture comes over several connections in turn.
    connections: usize,
    quic: bool,
}

/// Apple's ladder for H.264.
const APPLE: &[u64] = &[145, 365, 730, 1_100, 2_000, 3_000, 4_500, 6_000, 7_800];
/// Apple's ladder for HEVC, up to 4K.
const APPLE_4K: &[u64] = &[145, 300, 600, 900, 1_600, 2_400, 3_400, 4_500, 5_800, 8_100, 11_600, 16_800];
/// Netflix's ladder before it made one for each title, with its recommendation for 4K above.
const NETFLIX: &[u64] = &[235, 375, 560, 750, 1_050, 1_750, 2_350, 3_000, 4_300, 5_800, 15_000];
/// Of a site of videos, 144p to 4K.
const VIDEO_SITE: &[u64] = &[100, 250, 500, 1_000, 1_800, 3_000, 7_000, 14_000];
/// Of a site of live streams, 160p to 1080p60.
const LIVE_SITE: &[u64] = &[230, 630, 1_400, 2_400, 3_400, 6_000];

pub(crate) const FILMS: [Service; 4] = [
    Service {
        ladder: APPLE,
        sound: &[96, 128, 160],
        segment: 6_000,
        ahead: (30, 60),
        pause: 0,
        connections: 1,
        quic: false,
    },
    Service {
        ladder: APPLE_4K,
        sound: &[160, 384],
        segment: 6_000,
        ahead: (60, 120),
        pause: 0,
        connections: 1,
        quic: false,
    },
    Service {
        ladder: NETFLIX,
        sound: &[96, 192, 448],
        segment: 4_000,
        ahead: (120, 240),
        pause: 8,
        connections: 3,
        quic: false,
    },
    Service {
        ladder: VIDEO_SITE,
        sound: &[128, 160],
        segment: 5_000,
        ahead: (60, 120),
        pause: 20,
        connections: 1,
        quic: true,
    },
];
const STREAMS: [Service; 3] = [
    Service {
        ladder: APPLE,
        sound: &[96, 128],
        segment: 6_000,
        ahead: (18, 18),
        pause: 0,
        connections: 1,
        quic: false,
    },
    Service {
        ladder: LIVE_SITE,
        sound: &[160],
        segment: 2_000,
        ahead: (6, 12),
        pause: 0,
        connections: 1,
        quic: false,
    },
    Service {
        ladder: VIDEO_SITE,
        sound: &[128],
        segment: 5_000,
        ahead: (15, 20),
        pause: 0,
        connections: 1,
        quic: true,
    },
];

pub(crate) struct Player {
    service: Service,
    /// The best picture that the device shows, in kbit/s, and the sound's kbit/s.
    best: u64,
    sound_rate: u64,
    is_live: bool,
    /// Milliseconds that are kept ahead, and that are watched before more is fetched.
    ahead: u64,
    pause: u64,
    pictures: Vec<StreamId>,
    sound: StreamId,
    covers: Vec<StreamId>,
    /// Which connection is next.
    turn: usize,
    /// What is being fetched, and its milliseconds.
    fetching: Option<(StreamId, u64)>,
    is_filling: bool,
    is_playing: bool,
    /// Milliseconds that are there, and that were ever fetched.
    buffered: u64,
    fetched: u64,
    /// Bytes a second that the line seems to carry; 0: nobody knows yet.
    estimate: u64,
    /// How much the scene needs, in a hundredth of the rung.
    scene: u64,
    begun: u64,
    tells_every: u64,
}

impl Player {
    pub(crate) fn film(host: &mut Host<'_>) -> Self {
        let service = host.pick(&FILMS);
        Self::begin(host, service, false)
    }

    pub(crate) fn live(host: &mut Host<'_>) -> Self {
        let service = host.pick(&STREAMS);
        Self::begin(host, service, true)
    }

    fn begin(host: &mut Host<'_>, service: Service, is_live: bool) -> Self {
        let transport = if service.quic { QUIC } else { Transport::Tcp };
        // A start page with its pictures, a licence.
        let covers: Vec<StreamId> = (0..3).map(|_| host.service(Transport::Tcp)).collect();
        for cover in &covers {
            let bytes = host.among(300_000..=1_500_000);
            host.fetch(*cover, bytes);
        }
        host.exchange(3_000, 6_000);
        let (server, far) = (host.server(transport, 443), host.far());
        let pictures: Vec<StreamId> =
            (0..service.connections).map(|_| host.call(server, transport, far)).collect();
        // Over QUIC the sound goes the picture's way; else it has a connection of its own, sometimes to another host.
        let sound = match (service.quic, host.one_in(2)) {
            (true, _) => pictures[0],
            (false, true) => host.call(server, transport, far),
            (false, false) => {
                let other = host.neighbour(server);
                host.call(other, transport, far)
            }
        };
        let shown = &service.ladder[service.ladder.len() / 2..];
        Self {
            best: host.pick(shown),
            sound_rate: host.pick(service.sound),
            is_live,
            ahead: host.among(service.ahead.0..=service.ahead.1) * 1000,
            pause: host.among(0..=service.pause) * 1000,
            service,
            pictures,
            sound,
            covers,
            turn: 0,
            fetching: None,
            is_filling: true,
            is_playing: false,
            buffered: 0,
            fetched: 0,
            estimate: 0,
            scene: 100,
            begun: host.now(),
            tells_every: host.among(20..=60),
        }
    }

    fn watch(&mut self) {
        match (self.is_playing, self.buffered >= 1000) {
            (true, true) => self.buffered -= 1000,
            (true, false) => self.is_playing = false,
            (false, _) => self.is_playing = self.buffered >= 2 * self.service.segment.min(4_000),
        }
    }

    /// What was asked for is there.
    fn receive(&mut self, host: &Host<'_>) {
        let Some((id, length)) = self.fetching else { return };
        if let Some(stream) = host.stream(id).filter(|stream| stream.left.down == 0) {
            let speed = stream.speed.down;
            self.estimate = if self.estimate == 0 { speed } else { (3 * self.estimate + speed) / 4 };
            self.buffered += length;
            self.fetched += length;
            self.fetching = None;
        }
    }

    /// kbit/s of the best picture that leaves some air.
    fn rung(&self) -> u64 {
        let carried = self.estimate / KILOBIT * 100 / if self.buffered < 10_000 { 160 } else { 130 };
        let fits = |rung: &&u64| **rung <= self.best && **rung + self.sound_rate <= carried;
        let unknown = self.service.ladder[self.service.ladder.len() / 3];
        let least = self.service.ladder[0];
        if self.estimate == 0 {
            return unknown;
        }
        self.service.ladder.iter().rev().find(fits).copied().unwrap_or(least)
    }

    /// Milliseconds that may be fetched now.
    fn room(&mut self, now: u64) -> u64 {
        if self.is_live {
            // Play begins three segments before the newest one, which comes as time passes (RFC 8216, 6.3.3).
            let there = (now - self.begun) * 1000 + self.ahead;
            return there.saturating_sub(self.fetched);
        }
        let full = self.buffered + self.service.segment > self.ahead;
        self.is_filling = !full && (self.is_filling || self.buffered + self.pause < self.ahead);
        if self.is_filling { self.ahead.saturating_sub(self.buffered) } else { 0 }
    }

    /// Asks for one segment, or for as many as come within a second.
    fn ask(&mut self, host: &mut Host<'_>) {
        let segment = self.service.segment;
        let (rung, mut room) = (self.rung(), self.room(host.now()));
        let (mut picture, mut length) = (0, 0);
        while room >= segment && (length == 0 || picture < self.estimate / 2) {
            if host.one_in(5) {
                self.scene = host.among(50..=125);
            }
            picture += rung * KILOBIT * segment / 1000 * self.scene / 100 * host.among(90..=110) / 100;
            length += segment;
            room -= segment;
        }
        if length == 0 {
            return;
        }
        self.turn = (self.turn + 1) % self.pictures.len();
        let id = self.pictures[self.turn];
        host.fetch(id, picture);
        host.fetch(self.sound, self.sound_rate * KILOBIT * length / 1000);
        self.fetching = Some((id, length));
    }
}

impl Activity for Player {
    fn second(&mut self, host: &mut Host<'_>) {
        self.receive(host);
        self.watch();
        if self.fetching.is_none() {
            self.ask(host);
        }
        let elapsed = host.now() - self.begun;
        if elapsed == 60 {
            self.covers.drain(..).for_each(|cover| host.finish(cover));
        }
        if elapsed % self.tells_every == 7 {
            host.exchange(2_500, 400);
        }
        if self.is_live && elapsed.is_multiple_of(self.service.segment / 1000) {
            // The playlist, which grows.
            host.queue(self.sound, Both { down: 3_000, up: 400 });
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        let all = self.covers.drain(..).chain(self.pictures.drain(..));
        all.for_each(|id| host.finish(id));
        host.finish(self.sound);
    }
}
