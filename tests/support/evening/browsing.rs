//! Pages: every so often a burst of connections to many hosts, some of which stay. Figures: README.md.

use super::activity::Activity;
use super::host::{Host, QUIC};
use super::stream::Transport;
use super::streams::StreamId;

/// Bytes of pages, from the lightest to the heaviest: about the quantiles of the Web Almanac.
const PAGES: [u64; 8] = [450_000, 900_000, 1_400_000, 2_100_000, 2_650_000, 3_600_000, 5_200_000, 9_000_000];
/// How long servers and browsers keep a connection that isn't used, in seconds.
const KEPT: [u64; 4] = [30, 75, 120, 300];

pub(crate) struct Browsing {
    next_page: u64,
    next_more: u64,
    open: Vec<Open>,
}

struct Open {
    id: StreamId,
    kept: u64,
    closes: u64,
}

impl Browsing {
    pub(crate) const fn begin(host: &mut Host<'_>) -> Self {
        Self { next_page: host.now(), next_more: u64::MAX, open: Vec::new() }
    }

    /// The page itself, then what it consists of: from hosts that are known already, and from new ones.
    fn turn_to_a_page(&mut self, host: &mut Host<'_>) {
        let (weight, hosts) = (host.pick(&PAGES), host.among(5..=20));
        for _ in 0..hosts {
            let known = !self.open.is_empty() && host.one_in(3);
            let id = if known { self.open[self.any(host)].id } else { self.connect(host) };
            let part = weight / hosts * host.among(20..=180) / 100;
            let requests = host.among(2..=8);
            (0..requests).for_each(|_| host.fetch(id, part / requests));
        }
        // Reading, looking around, or going on at once.
        let read = host.pick(&[(4, 15), (10, 40), (20, 90), (60, 180)]);
        self.next_page = host.now() + host.among(read.0..=read.1);
        self.next_more = host.now() + host.among(3..=12);
    }

    fn any(&self, host: &mut Host<'_>) -> usize {
        usize::try_from(host.among(0..=self.open.len() as u64 - 1)).unwrap()
    }

    fn connect(&mut self, host: &mut Host<'_>) -> StreamId {
        let transport = host.pick(&[Transport::Tcp, Transport::Tcp, QUIC]);
        let id = host.service(transport);
        let kept = host.pick(&KEPT);
        self.open.push(Open { id, kept, closes: host.now() + kept });
        id
    }

    /// Pictures further down, advertisements, and that somebody is still there.
    fn more(&mut self, host: &mut Host<'_>) {
        if !self.open.is_empty() {
            let id = self.open[self.any(host)].id;
            let bytes = host.among(1_000..=300_000);
            host.fetch(id, bytes);
        }
        self.next_more = host.now() + host.among(5..=25);
    }
}

impl Activity for Browsing {
    fn second(&mut self, host: &mut Host<'_>) {
        let now = host.now();
        if now >= self.next_page {
            self.turn_to_a_page(host);
        } else if now >= self.next_more {
            self.more(host);
        }
        for open in &mut self.open {
            if !host.left(open.id).is_nothing() {
                open.closes = now + open.kept;
            } else if now >= open.closes {
                host.finish(open.id);
            }
        }
        self.open.retain(|open| now < open.closes);
    }

    fn end(&mut self, host: &mut Host<'_>) {
        self.open.drain(..).for_each(|open| host.finish(open.id));
    }
}
