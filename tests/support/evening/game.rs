//! A game over the network: small packets both ways at the server's tick, matches and the minute between them. Figures:
//! README.md.

use super::activity::Activity;
use super::host::{Host, QUIC};
use super::line::Both;
use super::stream::Transport;
use super::streams::StreamId;
use crate::household::device::Datagrams;

/// How often servers tell how things stand, in Hz.
const TICKS: [u64; 5] = [20, 30, 30, 60, 64];
/// Ports of games and consoles.
const PORTS: [u16; 5] = [27_015, 3_074, 7_777, 5_222, 30_123];
/// Frames of sound that friends send while they speak.
const CHAT: Datagrams = Datagrams(50, 90);

pub(crate) struct OnlineGame {
    lobby: StreamId,
    /// The server of this match, until when, and when the next one begins.
    server: Option<StreamId>,
    ends: u64,
    begins: u64,
    tick: u64,
    /// Packets that we send in a second.
    sends: u64,
    /// Bytes of an update and of a command.
    update: u64,
    command: u64,
    chat: Option<StreamId>,
}

impl OnlineGame {
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        let lobby = host.service(Transport::Tcp);
        host.fetch(lobby, 200_000);
        let tick = host.pick(&TICKS);
        let chat = host.one_in(3).then(|| {
            let server = host.server(QUIC, 50_004);
            host.media(server)
        });
        let begins = host.now() + host.among(5..=20);
        let sends = host.pick(&[tick, tick, 30, 60]);
        let (update, command) = (host.among(100..=600), host.among(40..=100));
        Self { lobby, server: None, ends: 0, begins, tick, sends, update, command, chat }
    }

    fn play(&mut self, host: &mut Host<'_>, server: StreamId) {
        // More happens at times.
        let update = self.update * host.among(60..=150) / 100;
        let ticks = self.tick * host.among(95..=101) / 100;
        let sends = self.sends * host.among(93..=102) / 100;
        host.say(server, Datagrams(sends, self.command), Datagrams(ticks, update));
    }

    /// A match begins or ends.
    fn change(&mut self, host: &mut Host<'_>) {
        match self.server {
            Some(server) if host.now() >= self.ends => {
                host.finish(server);
                self.server = None;
                self.begins = host.now() + host.among(20..=60);
                host.queue(self.lobby, Both { down: 60_000, up: 4_000 });
            }
            None if host.now() >= self.begins => {
                let port = host.pick(&PORTS);
                let server = host.server(QUIC, port);
                self.server = Some(host.media(server));
                self.ends = host.now() + host.among(300..=1_200);
            }
            _ => {}
        }
    }
}

impl Activity for OnlineGame {
    fn second(&mut self, host: &mut Host<'_>) {
        self.change(host);
        if let Some(server) = self.server {
            self.play(host, server);
        }
        if let Some(chat) = self.chat {
            let speaks = |random: bool| if random { CHAT } else { Datagrams::default() };
            let (sent, received) = (speaks(host.one_in(6)), speaks(host.one_in(3)));
            host.say(chat, sent, received);
        }
        if host.now().is_multiple_of(30) {
            host.queue(self.lobby, Both::each(150));
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        let media = self.server.take().into_iter().chain(self.chat.take());
        media.chain([self.lobby]).for_each(|id| host.finish(id));
    }
}
