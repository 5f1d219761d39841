//! A game that runs far away: its picture comes by UDP, frame by frame, and what the player presses goes back. Figures:
//! README.md.

use super::activity::Activity;
use super::host::{Host, QUIC};
use super::line::{Both, MEGABIT};
use super::stream::Transport;
use super::streams::StreamId;
use crate::household::device::Datagrams;

/// Mbit/s that are asked for by resolution.
const TARGETS: [u64; 6] = [10, 15, 20, 25, 35, 40];
/// Ports of services' pictures.
const PORTS: [u16; 4] = [49_005, 44_700, 9_296, 3_478];

pub(crate) struct CloudGaming {
    signalling: StreamId,
    picture: StreamId,
    /// Sound and input, where they have flows of their own.
    others: Option<[StreamId; 2]>,
    /// Bytes a second that are wanted and that are sent.
    target: u64,
    rate: u64,
    datagram: u64,
    inputs: u64,
    /// What is shown, in a hundredth of the rate, and until when.
    scene: u64,
    scene_ends: u64,
}

impl CloudGaming {
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        let signalling = host.service(Transport::Tcp);
        host.fetch(signalling, 60_000);
        let port = host.pick(&PORTS);
        let server = host.server(QUIC, port);
        let picture = host.media(server);
        let others = host.one_in(2).then(|| [host.media(server), host.media(server)]);
        // The line is tested first, and four fifths of it taken at most.
        let carried = host.line.megabits().down * 4 / 5;
        let target = host.pick(&TARGETS).min(carried) * MEGABIT;
        Self {
            signalling,
            picture,
            others,
            target,
            rate: target / 2,
            datagram: host.among(1_100..=1_220),
            inputs: host.among(60..=240),
            scene: 40,
            scene_ends: host.now() + host.among(10..=40),
        }
    }

    /// Loading and menus, then play for minutes.
    fn change_scene(&mut self, host: &mut Host<'_>) {
        if host.now() < self.scene_ends {
            return;
        }
        let plays = host.among(0..=5) > 0;
        self.scene = if plays { host.among(75..=100) } else { host.among(25..=50) };
        self.scene_ends = host.now() + if plays { host.among(20..=90) } else { host.among(5..=30) };
    }

    /// It sends less where the line loses something, and more again bit by bit.
    fn adapt(&mut self, host: &Host<'_>) {
        let lost = host.stream(self.picture).map_or(0, |stream| stream.lost);
        self.rate = if lost > 2 { self.rate * 85 / 100 } else { self.rate * 103 / 100 };
        self.rate = self.rate.clamp(4 * MEGABIT, self.target.max(4 * MEGABIT));
    }
}

impl Activity for CloudGaming {
    fn second(&mut self, host: &mut Host<'_>) {
        self.change_scene(host);
        self.adapt(host);
        let shown = self.rate * self.scene / 100 * host.among(93..=105) / 100;
        let picture = Datagrams(shown / self.datagram, self.datagram);
        let sound = Datagrams(100, 190);
        let input = Datagrams(self.inputs * host.among(70..=110) / 100, host.among(60..=110));
        // What was received is told every frame or so.
        let told = Datagrams(host.among(40..=70), 60);
        let [sounds, inputs] = self.others.unwrap_or([self.picture; 2]);
        host.say(self.picture, told, picture);
        host.say(sounds, Datagrams(1, 60), sound);
        let heard = Datagrams(host.among(10..=30), 70);
        host.say(inputs, input, heard);
        if host.now().is_multiple_of(5) {
            host.queue(self.signalling, Both::each(120));
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        let others = self.others.take();
        let all = [self.signalling, self.picture].into_iter().chain(others.into_iter().flatten());
        all.for_each(|id| host.finish(id));
    }
}
