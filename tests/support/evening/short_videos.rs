//! A feed of short videos: the next ones are fetched while one is watched, and many are left before they end.

use super::activity::Activity;
use super::host::{Host, QUIC};
use super::line::KILOBIT;
use super::stream::Transport;
use super::streams::StreamId;

/// How many videos ahead are fetched in part, and bytes of such a part.
const AHEAD: u64 = 3;
const PART: u64 = 800_000;

pub(crate) struct ShortVideos {
    hosts: Vec<StreamId>,
    next: u64,
}

impl ShortVideos {
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        let transport = host.pick(&[Transport::Tcp, QUIC]);
        let hosts: Vec<StreamId> = (0..2).map(|_| host.service(transport)).collect();
        for id in &hosts {
            host.fetch(*id, AHEAD * PART / 2);
        }
        Self { hosts, next: host.now() + 2 }
    }
}

impl Activity for ShortVideos {
    fn second(&mut self, host: &mut Host<'_>) {
        if host.now() < self.next {
            return;
        }
        let (length, rate) = (host.among(8..=60), host.among(900..=2_500) * KILOBIT);
        let watched = if host.one_in(2) { length } else { host.among(2..=length) };
        self.next = host.now() + watched;
        let id = host.pick(&self.hosts);
        // The rest of this one, as far as it is watched, and the first part of one further ahead.
        host.fetch(id, (rate * watched).saturating_sub(PART) + PART);
        if host.one_in(4) {
            // Comments, pictures of people, and what was looked at.
            host.exchange(4_000, 30_000);
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        self.hosts.drain(..).for_each(|id| host.finish(id));
    }
}
