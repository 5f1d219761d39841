//! What became of each connection since the last look: how fast it is, and for how long it is known.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::conntrack::flow::{Endpoint, Protocol};
use crate::flow_list::ListedFlow;

/// What tells a connection from all others at a time: within its zone the kernel has no two that begin alike
/// (`nf_conntrack_tuple_taken`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlowKey {
    protocol: Protocol,
    zone: u16,
    source: Endpoint,
    destination: Endpoint,
}

impl FlowKey {
    /// That of this connection.
    pub(super) const fn of(listed: &ListedFlow) -> Self {
        let flow = &listed.flow;
        let (source, destination) = (flow.original.source, flow.original.destination);
        Self { protocol: flow.protocol, zone: flow.zone, source, destination }
    }
}

/// Bits per second, as the device sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rate {
    /// Received.
    pub(super) rx: f64,
    /// Sent.
    pub(super) tx: f64,
}

/// Bytes received and sent so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) rx: u64,
    pub(super) tx: u64,
}

/// How fast a connection was between two looks. Not known if no time has passed, or if counters fell: another program has set
/// them back, or it is another connection.
pub(super) fn rate(before: Bytes, now: Bytes, elapsed: Duration) -> Option<Rate> {
    let seconds = elapsed.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown to three digits")]
    let per_second = |before: u64, now: u64| {
        now.checked_sub(before).filter(|_| seconds > 0.0).map(|bytes| bytes as f64 * 8.0 / seconds)
    };
    Some(Rate { rx: per_second(before.rx, now.rx)?, tx: per_second(before.tx, now.tx)? })
}

/// What is known of a connection by having looked twice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Progress {
    /// How fast it is; not known of one that was just met.
    pub(super) rate: Option<Rate>,
    /// Since when it is there, if it began while somebody looked.
    pub(super) age: Option<Duration>,
}

/// The connections of the last look.
#[derive(Debug, Default)]
pub(super) struct LastLook {
    /// When that was (time since boot); `None` before the first.
    boot: Option<Duration>,
    flows: HashMap<FlowKey, Seen, RandomState>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    bytes: Option<Bytes>,
    /// When it was first seen (time since boot), if it was not there at the look before.
    began: Option<Duration>,
}

impl LastLook {
    /// Tells of each connection what became of it, and remembers those that there are at `boot` (time since boot).
    pub(super) fn compare(&mut self, flows: &[ListedFlow], boot: Duration) -> Vec<Progress> {
        let before = std::mem::take(self);
        self.boot = Some(boot);
        let elapsed = before.boot.map(|last| boot.saturating_sub(last));
        let compared = flows.iter().map(|listed| {
            let (key, bytes) = (FlowKey::of(listed), bytes(listed));
            let known = before.flows.get(&key);
            let began = known.map_or(before.boot.map(|_| boot), |known| known.began);
            self.flows.insert(key, Seen { bytes, began });
            let rate = known.and_then(|known| rate(known.bytes?, bytes?, elapsed?));
            Progress { rate, age: began.map(|began| boot.saturating_sub(began)) }
        });
        compared.collect()
    }
}

fn bytes(listed: &ListedFlow) -> Option<Bytes> {
    Some(Bytes { rx: listed.received()?.bytes, tx: listed.sent()?.bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow_list::fixture::flow;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_rate_is_of_the_real_time_between_two_looks() {
        for (before, now, elapsed, expected) in [
            ([0, 0], [1_000, 500], seconds(1), Some([8_000.0, 4_000.0])),
            ([1_000, 500], [1_000, 500], seconds(5), Some([0.0, 0.0])),
            ([0, 0], [1_000, 0], Duration::from_millis(2_500), Some([3_200.0, 0.0])),
            // Set back, one way or both; and no time at all.
            ([1_000, 500], [10, 600], seconds(1), None),
            ([1_000, 500], [0, 0], seconds(1), None),
            ([0, 0], [1_000, 500], Duration::ZERO, None),
            ([0, 0], [u64::MAX, 0], seconds(8), Some([1.844_674_407_370_955_2e19, 0.0])),
        ] {
            let [before, now] = [before, now].map(|[rx, tx]| Bytes { rx, tx });
            let rate = rate(before, now, elapsed).map(|rate| [rate.rx, rate.tx]);
            assert_eq!(rate, expected, "{before:?} {now:?} {elapsed:?}");
        }
    }

    #[test]
    fn what_turns_up_has_an_age_and_what_was_there_a_rate() {
        let old = flow("tv", "192.0.2.1:1000", "198.51.100.1:443");
        let new = flow("tv", "192.0.2.1:1001", "198.51.100.1:443");
        let mut last = LastLook::default();
        assert_eq!(last.compare(std::slice::from_ref(&old), seconds(10)), [Progress::default()]);
        let mut moved = old.clone();
        moved.flow.reply.counters.as_mut().unwrap().bytes += 4_000;
        let compared = last.compare(&[new.clone(), moved.clone()], seconds(12));
        let rate = Some(Rate { rx: 16_000.0, tx: 0.0 });
        assert_eq!(
            compared,
            [Progress { rate: None, age: Some(Duration::ZERO) }, Progress { rate, age: None }]
        );
        // Nothing more has passed; another zone's is another.
        let zone = {
            let mut other = new.clone();
            other.flow.zone = 1;
            other
        };
        let compared = last.compare(&[zone, new], seconds(17));
        assert_eq!(compared[0], Progress { rate: None, age: Some(Duration::ZERO) });
        assert_eq!(compared[1], Progress { rate: Some(Rate::default()), age: Some(seconds(5)) });
        // One that was away has begun anew; without counters there is no rate.
        moved.flow.reply.counters = None;
        let compared = last.compare(&[moved], seconds(18));
        assert_eq!(compared, [Progress { rate: None, age: Some(Duration::ZERO) }]);
    }
}
