//! Large files: as fast as the line and the other side are, over one connection or several; and new versions of systems and
//! games, from a network that is known for them. A file is as large as its spell is long.

use std::net::Ipv4Addr;

use super::UPDATE_NETWORK;
use super::activity::Activity;
use super::host::{Host, REQUEST};
use super::line::{Both, MEGABIT};
use super::stream::{Far, Transport};
use super::streams::StreamId;
use crate::household::router::Server;

pub(crate) struct Download {
    connections: Vec<StreamId>,
    /// Bytes of a part, of which one is asked for after the other.
    part: u64,
    /// Every so many seconds nothing is fetched for so many, since what has come is checked.
    checks: Option<(u64, u64)>,
    begun: u64,
}

impl Download {
    /// A browser's.
    pub(crate) fn single(host: &mut Host<'_>) -> Self {
        let server = host.server(Transport::Tcp, 443);
        Self::begin(host, server, 1, u64::MAX / 4)
    }

    /// A manager's, or a shop's for games.
    pub(crate) fn parallel(host: &mut Host<'_>) -> Self {
        let server = host.server(Transport::Tcp, 443);
        let connections = host.among(4..=10);
        Self::begin(host, server, connections, 20_000_000)
    }

    pub(crate) fn system_update(host: &mut Host<'_>) -> Self {
        let (server, connections) = (update_server(host, &[80, 443]), host.among(1..=4));
        let checks = (host.among(60..=180), host.among(3..=12));
        let part = host.pick(&[1_000_000, 10_000_000, 50_000_000]);
        Self { checks: Some(checks), ..Self::begin(host, server, connections, part) }
    }

    pub(crate) fn console_update(host: &mut Host<'_>) -> Self {
        let (server, connections) = (update_server(host, &[80]), host.among(4..=8));
        Self::begin(host, server, connections, 10_000_000)
    }

    fn begin(host: &mut Host<'_>, server: Server, connections: u64, part: u64) -> Self {
        host.exchange(2_000, 20_000);
        let far = Far { ceiling: Both::each(host.among(30..=900) * MEGABIT), distance: host.among(8..=60) };
        // A name has several addresses, all in one network.
        let other = host.neighbour(server);
        let connections = (0..connections)
            .map(|number| host.call(if number % 2 == 0 { server } else { other }, Transport::Tcp, far))
            .collect();
        Self { connections, part, checks: None, begun: host.now() }
    }
}

impl Activity for Download {
    fn second(&mut self, host: &mut Host<'_>) {
        let elapsed = host.now() - self.begun;
        if self.checks.is_some_and(|(every, pause)| elapsed % every >= every - pause.min(every)) {
            return;
        }
        for id in &self.connections {
            let Some(stream) = host.streams.get_mut(*id) else { continue };
            // Parts follow each other without a gap, as long as they are smaller than what a second brings.
            let wanted = stream.far.ceiling.down.max(1);
            if stream.left.down < wanted {
                let parts = (wanted - stream.left.down).div_ceil(self.part);
                stream.left += Both { down: parts * self.part, up: parts * REQUEST };
            }
        }
    }

    fn end(&mut self, host: &mut Host<'_>) {
        self.connections.drain(..).for_each(|id| host.reset(id));
    }
}

fn update_server(host: &mut Host<'_>, ports: &[u16]) -> Server {
    let [a, b, c, _] = UPDATE_NETWORK.0.octets();
    let last = u8::try_from(host.among(1..=254)).unwrap();
    let port = host.pick(ports);
    Server { address: Ipv4Addr::new(a, b, c, last), ..host.server(Transport::Tcp, port) }
}
