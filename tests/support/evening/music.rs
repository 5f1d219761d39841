//! Something to listen to: tracks that are fetched at once or in parts, and a radio that never ends. Figures: README.md.

use super::activity::Activity;
use super::host::{Host, QUIC};
use super::line::{Both, KILOBIT};
use super::stream::Transport;
use super::streams::StreamId;

/// kbit/s of music, and of radio.
const QUALITIES: [u64; 6] = [96, 128, 160, 256, 320, 900];
const RADIO: [u64; 5] = [64, 96, 128, 192, 256];
/// How long before a track's end the next one is fetched, in seconds.
const EARLY: u64 = 30;

pub(crate) struct Music {
    store: StreamId,
    rate: u64,
    /// Seconds of a part; `None`: tracks are fetched whole.
    part: Option<u64>,
    next: u64,
    /// Seconds of the track that are still to be fetched.
    left: u64,
}

impl Music {
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        let transport = host.pick(&[Transport::Tcp, Transport::Tcp, QUIC]);
        let rate = host.pick(&QUALITIES) * KILOBIT;
        let part = host.pick(&[None, Some(10), Some(30)]);
        Self { store: host.service(transport), rate, part, next: host.now(), left: 0 }
    }

    /// A track: its cover, what it is, and that it is played.
    fn turn_to_a_track(&mut self, host: &mut Host<'_>) {
        self.left = host.among(150..=300);
        host.exchange(1_500, 3_000);
        let cover = host.among(40_000..=150_000);
        host.fetch(self.store, cover);
    }
}

impl Activity for Music {
    fn second(&mut self, host: &mut Host<'_>) {
        if host.now() < self.next {
            return;
        }
        let is_first = self.left == 0;
        if is_first {
            self.turn_to_a_track(host);
        }
        let length = self.part.map_or(self.left, |part| part.min(self.left));
        let bytes = self.rate * length * host.among(92..=105) / 100;
        host.fetch(self.store, bytes);
        self.left -= length;
        self.next = host.now() + if self.part.is_some() { length } else { length.max(EARLY + 1) - EARLY };
    }

    fn end(&mut self, host: &mut Host<'_>) {
        host.finish(self.store);
    }
}

pub(crate) struct Radio {
    station: StreamId,
    rate: u64,
}

impl Radio {
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        let port = host.pick(&[80, 443, 443, 8_000]);
        let (server, far) = (host.server(Transport::Tcp, port), host.far());
        let station = host.call(server, Transport::Tcp, far);
        // So that it plays at once (Icecast's burst-size).
        host.fetch(station, 65_536);
        Self { station, rate: host.pick(&RADIO) * KILOBIT }
    }
}

impl Activity for Radio {
    fn second(&mut self, host: &mut Host<'_>) {
        let down = self.rate * host.among(85..=115) / 100;
        host.queue(self.station, Both { down, up: 0 });
    }

    fn end(&mut self, host: &mut Host<'_>) {
        host.finish(self.station);
    }
}
