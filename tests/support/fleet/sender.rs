//! Sends what is due, when it is due, as the daemon does: whole lines packed into datagrams, with a pause after a burst.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conntrack_exporter::config::Config;
use conntrack_exporter::encode::line_protocol::Lines;

use super::recording::Recording;
use super::router::Router;
use super::rows::Sent;
use super::{Fleet, Pace};

/// After so many datagrams the daemon gives whoever receives a pause.
const BURST: usize = 32;
const PAUSE: Duration = Duration::from_millis(5);

/// A burst of one router's, and how long after the instant it is sent.
struct Burst {
    after: Duration,
    router: usize,
    datagrams: Vec<Vec<u8>>,
}

pub(crate) struct Sender<'a> {
    fleet: &'a Fleet,
    recording: &'a Recording,
    routers: &'a [Router],
    max_datagram: usize,
    lines: Lines,
    sent: Sent,
}

impl<'a> Sender<'a> {
    pub(crate) fn new(fleet: &'a Fleet, recording: &'a Recording, routers: &'a [Router]) -> Self {
        let max_datagram = Config::default().telegraf.max_datagram.bytes();
        Self { fleet, recording, routers, max_datagram, lines: Lines::default(), sent: Sent::default() }
    }

    /// Sends all instants, each of which is made ready before it is due.
    pub(crate) fn run(mut self, snapshots: &AtomicU64) -> Sent {
        let per_snapshot = self.recording.looks_per_snapshot();
        let (interval, looks) =
            (Duration::from_secs(self.fleet.interval), self.fleet.snapshots * per_snapshot);
        let every = interval / u32::try_from(per_snapshot).unwrap();
        let first = self.first_instant();
        for look in 0..looks {
            let instant = first + every * u32::try_from(look).unwrap();
            let bursts = self.make_ready(look, instant, first);
            self.send(instant, &bursts);
            snapshots.store(look / per_snapshot + 1, Ordering::Release);
        }
        self.sent
    }

    /// A whole multiple of the interval: the one after the next, or so far back that all have passed.
    fn first_instant(&self) -> Duration {
        let interval = self.fleet.interval;
        let this = now().as_secs() / interval;
        Duration::from_secs(
            interval
                * match self.fleet.pace {
                    Pace::Real => this + 2,
                    Pace::Fast => this - self.fleet.snapshots,
                },
        )
    }

    /// What is to be sent at an instant, in the order in which it is.
    fn make_ready(&mut self, look: u64, instant: Duration, first: Duration) -> Vec<Burst> {
        let timestamp = i64::try_from(instant.as_nanos()).unwrap();
        let mut bursts = Vec::new();
        for (number, router) in self.routers.iter().enumerate() {
            let points = router.points(self.recording, look, first.as_secs() - 1);
            self.sent.note(router.name(), &points, timestamp);
            self.lines.write(&points, Some(timestamp));
            let datagrams: Vec<Vec<u8>> =
                self.lines.datagrams(self.max_datagram).map(|(_, datagram)| datagram.to_vec()).collect();
            let begins = self.fleet.spread * u32::try_from(number).unwrap() / self.fleet.routers;
            bursts.extend(datagrams.chunks(BURST).enumerate().map(|(burst, datagrams)| Burst {
                after: begins + PAUSE * u32::try_from(burst).unwrap(),
                router: number,
                datagrams: datagrams.to_vec(),
            }));
        }
        bursts.sort_by_key(|burst| burst.after);
        bursts
    }

    fn send(&mut self, instant: Duration, bursts: &[Burst]) {
        let real = self.fleet.pace == Pace::Real;
        if real {
            sleep(instant.saturating_sub(now()));
            self.sent.late = self.sent.late.max(now().saturating_sub(instant));
        }
        let (begun, before) = (now(), self.sent.datagrams);
        for Burst { after, router, datagrams } in bursts {
            sleep((begun + *after).saturating_sub(now()));
            for datagram in datagrams {
                let taken = self.routers[*router].send(datagram);
                self.sent.datagrams += 1;
                self.sent.refused += u64::from(!taken);
                self.sent.bytes += datagram.len() as u64;
            }
        }
        self.sent.burst = self.sent.burst.max(self.sent.datagrams - before);
        self.sent.sending = self.sent.sending.max(now().saturating_sub(begun));
    }
}

/// Since 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}
