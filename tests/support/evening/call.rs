//! Calls: sound on a clock, with or without picture, by a relay or from home to home. Figures: README.md.

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::host::{Host, QUIC};
use super::line::{Both, KILOBIT};
use super::stream::Transport;
use super::streams::StreamId;
use crate::household::device::Datagrams;

/// A frame of sound every 20 ms, and one every 400 ms in silence (RFC 7587, RFC 6716).
const FRAMES: u64 = 50;
const FRAMES_OF_SILENCE: u64 = 3;
/// Headers of RTP, and of SRTP's seal.
const RTP: u64 = 12 + 10;
/// How often one asks whether the other still wants to hear, in seconds (RFC 7675).
const CONSENT: u64 = 5;
const STUN: Datagrams = Datagrams(1, 100);
/// A report of what was received (RTCP).
const REPORT: Datagrams = Datagrams(1, 80);

/// A voice: who is speaking, and what a frame has.
struct Voice {
    frame: u64,
    /// Whether silence is not sent.
    pauses: bool,
    we_speak: bool,
    turn_ends: u64,
}

impl Voice {
    fn opus(host: &mut Host<'_>) -> Self {
        // 24 to 40 kbit/s.
        Self { frame: host.among(60..=100) + RTP, pauses: host.one_in(3), we_speak: true, turn_ends: 0 }
    }

    /// 160 bytes of G.711 every 20 ms, and no pauses.
    const fn telephone() -> Self {
        Self { frame: 160 + 12, pauses: false, we_speak: true, turn_ends: 0 }
    }

    /// Datagrams that are sent and received in this second.
    fn second(&mut self, host: &mut Host<'_>) -> [Datagrams; 2] {
        if host.now() >= self.turn_ends {
            self.we_speak = !self.we_speak;
            self.turn_ends = host.now() + host.among(2..=12);
        }
        [self.we_speak, !self.we_speak].map(|speaks| {
            let jitter = host.among(90..=110);
            if self.pauses && !speaks {
                Datagrams(FRAMES_OF_SILENCE, 30)
            } else {
                Datagrams(FRAMES, self.frame * jitter / 100)
            }
        })
    }
}

pub(crate) struct VideoCall {
    signalling: StreamId,
    media: StreamId,
    voice: Voice,
    /// Bytes a second of picture that are wanted and that are sent, both ways.
    target: Both,
    rate: Both,
    datagram: u64,
}

impl VideoCall {
    /// By a server that everybody sends to.
    pub(crate) fn by_relay(host: &mut Host<'_>) -> Self {
        let port = host.pick(&[8_801, 3_478, 3_480, 19_305]);
        let signalling = host.service(Transport::Tcp);
        host.fetch(signalling, 80_000);
        let server = host.server(QUIC, port);
        let media = host.media(server);
        // Several people are seen, and one is sent.
        let target = Both { down: host.among(800..=3_500), up: host.among(600..=2_500) };
        Self::begin(host, signalling, media, target)
    }

    /// From home to home: several ways are tried, one answers (ICE, RFC 8445).
    pub(crate) fn direct(host: &mut Host<'_>) -> Self {
        let signalling = host.service(Transport::Tcp);
        host.fetch(signalling, 20_000);
        let port = u16::try_from(host.among(49_152..=65_535)).unwrap();
        let asked = host.server(QUIC, 3_478);
        let asked = host.media_from(port, asked);
        host.say(asked, STUN, STUN);
        let other = host.stranger(Protocol::UDP);
        for tried in 1..=host.among(1..=3) {
            let tried = host.media_from(
                port,
                crate::household::router::Server {
                    port: other.port ^ u16::try_from(tried).unwrap(),
                    ..other
                },
            );
            host.say(tried, Datagrams(7, 100), Datagrams::default());
        }
        let media = host.media_from(port, other);
        let each = host.among(700..=2_500);
        Self::begin(host, signalling, media, Both::each(each))
    }

    fn begin(host: &mut Host<'_>, signalling: StreamId, media: StreamId, kilobits: Both) -> Self {
        let target = Both { down: kilobits.down * KILOBIT, up: kilobits.up * KILOBIT };
        let rate = Both::each(300 * KILOBIT);
        Self { signalling, media, voice: Voice::opus(host), target, rate, datagram: host.among(950..=1_150) }
    }

    /// The picture becomes worse where the line loses something.
    fn adapt(&mut self, host: &Host<'_>) {
        let lost = host.stream(self.media).map_or(0, |stream| stream.lost);
        let rate = if lost > 2 { self.rate.percent(80) } else { self.rate.percent(106) };
        // What a line sends is what the call may take of it: nine tenths, with sound.
        let carried = host.line.capacity().percent(80);
        self.rate = rate.at_most(self.target).at_most(carried);
    }
}

impl Activity for VideoCall {
    fn second(&mut self, host: &mut Host<'_>) {
        self.adapt(host);
        let [sent, received] = self.voice.second(host);
        host.say(self.media, sent, received);
        let picture = [self.rate.up, self.rate.down].map(|rate| {
            let bytes = rate * host.among(80..=110) / 100;
            Datagrams(bytes / self.datagram, self.datagram)
        });
        host.say(self.media, picture[0], picture[1]);
        host.say(self.media, REPORT, REPORT);
        if host.now().is_multiple_of(CONSENT) {
            host.say(self.media, STUN, STUN);
        }
        if host.now().is_multiple_of(10) {
            host.queue(self.signalling, Both::each(100));
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        host.finish(self.signalling);
        host.finish(self.media);
    }
}

pub(crate) struct VoiceCall {
    signalling: Option<StreamId>,
    media: StreamId,
    voice: Voice,
}

impl VoiceCall {
    /// By a relay, from home to home, or with a telephone of the provider.
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        match host.among(0..=2) {
            0 => {
                let signalling = host.service(Transport::Tcp);
                let port = host.pick(&[3_478, 596, 50_000]);
                let server = host.server(QUIC, port);
                let (media, voice) = (host.media(server), Voice::opus(host));
                Self { signalling: Some(signalling), media, voice }
            }
            1 => {
                let signalling = host.service(Transport::Tcp);
                let other = host.stranger(Protocol::UDP);
                let (media, voice) = (host.media(other), Voice::opus(host));
                Self { signalling: Some(signalling), media, voice }
            }
            _ => {
                let proxy = host.server(QUIC, 5_060);
                let proxy = host.media_from(5_060, proxy);
                host.say(proxy, Datagrams(3, 900), Datagrams(4, 500));
                let port = u16::try_from(host.among(5_000..=10_000) * 2).unwrap();
                let server = host.server(QUIC, port);
                Self { signalling: None, media: host.media(server), voice: Voice::telephone() }
            }
        }
    }
}

impl Activity for VoiceCall {
    fn second(&mut self, host: &mut Host<'_>) {
        let [sent, received] = self.voice.second(host);
        host.say(self.media, sent, received);
        if host.now().is_multiple_of(CONSENT) {
            host.say(self.media, REPORT, REPORT);
        }
        if let Some(signalling) = self.signalling
            && host.now().is_multiple_of(25)
        {
            host.queue(signalling, Both::each(80));
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        self.signalling.into_iter().chain([self.media]).for_each(|id| host.finish(id));
    }
}
