//! Something large is sent: a backup in parts, a video.

use super::activity::Activity;
use super::host::{Host, QUIC, REQUEST};
use super::line::{Both, MEGABIT};
use super::stream::{Far, Transport};
use super::streams::StreamId;
use crate::household::router::Server;

pub(crate) struct Backup {
    server: Server,
    far: Far,
    /// Bytes of a part, for each of which there is a new connection.
    part: u64,
    sending: Vec<StreamId>,
}

impl Backup {
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        host.exchange(3_000, 30_000);
        let server = host.server(Transport::Tcp, 443);
        let far = Far { ceiling: Both::each(host.among(20..=400) * MEGABIT), distance: host.among(10..=110) };
        let part = host.pick(&[4_000_000, 16_000_000, 100_000_000]);
        let mut backup = Self { server, far, part, sending: Vec::new() };
        for _ in 0..host.among(1..=4) {
            let id = backup.send_part(host);
            backup.sending.push(id);
        }
        backup
    }

    fn send_part(&self, host: &mut Host<'_>) -> StreamId {
        let id = host.call(self.server, Transport::Tcp, self.far);
        host.queue(id, Both { down: REQUEST, up: self.part });
        id
    }
}

impl Activity for Backup {
    fn second(&mut self, host: &mut Host<'_>) {
        for place in 0..self.sending.len() {
            let id = self.sending[place];
            if host.left(id).is_nothing() {
                host.finish(id);
                // What comes next is read and packed first.
                self.sending[place] = self.send_part(host);
            }
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        self.sending.drain(..).for_each(|id| host.finish(id));
    }
}

pub(crate) struct VideoUpload {
    store: StreamId,
    /// Bytes of a piece, each of which is answered.
    piece: u64,
}

impl VideoUpload {
    pub(crate) fn begin(host: &mut Host<'_>) -> Self {
        host.exchange(5_000, 50_000);
        let transport = host.pick(&[Transport::Tcp, QUIC]);
        let server = host.server(transport, 443);
        let far = Far { ceiling: Both::each(host.among(30..=300) * MEGABIT), distance: host.among(8..=40) };
        Self {
            store: host.call(server, transport, far),
            piece: host.pick(&[2_000_000, 8_000_000, 16_000_000]),
        }
    }
}

impl Activity for VideoUpload {
    fn second(&mut self, host: &mut Host<'_>) {
        if host.left(self.store).is_nothing() {
            host.queue(self.store, Both { down: REQUEST, up: self.piece });
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        host.finish(self.store);
    }
}
