//! What has passed through the WAN between two readings of the interfaces' counters.

use super::dev::{InterfaceCounters, NetDev};

/// What has passed through some interfaces, all together, in bytes as their drivers count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WanTraffic {
    /// What came in.
    pub received: u64,
    /// What went out.
    pub sent: u64,
}

impl WanTraffic {
    /// What has passed through the interfaces of these names between the readings `before` and `now`. `None` where that is
    /// not known of each of them: one is new or has gone, or a counter has fallen, since the interface was made anew or its
    /// driver counts in 32 bits. Nor is it known of none.
    pub fn between<'a>(
        before: &NetDev,
        now: &NetDev,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Option<Self> {
        let of_one = |name| Self::of_one(before.get(name)?, now.get(name)?);
        let each = names.into_iter().map(of_one).collect::<Option<Vec<_>>>()?;
        each.into_iter().reduce(|sum, one| Self {
            received: sum.received.saturating_add(one.received),
            sent: sum.sent.saturating_add(one.sent),
        })
    }

    fn of_one(before: &InterfaceCounters, now: &InterfaceCounters) -> Option<Self> {
        Some(Self {
            received: now.received.bytes.checked_sub(before.received.bytes)?,
            sent: now.sent.bytes.checked_sub(before.sent.bytes)?,
        })
    }

    /// Both ways together.
    pub const fn bytes(self) -> u64 {
        self.received.saturating_add(self.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc_net::dev::parse;

    /// Counters of interfaces: name, bytes received, bytes sent.
    fn counters(interfaces: &[(&str, u64, u64)]) -> NetDev {
        let line = |(name, received, sent): &(&str, u64, u64)| {
            format!("{name}: {received} 0 0 0 0 0 0 0 {sent} 0 0 0 0 0 0 0\n")
        };
        parse(interfaces.iter().map(line).collect::<String>().as_bytes())
    }

    #[test]
    fn is_the_sum_over_the_interfaces_if_each_is_known() {
        let before = counters(&[("eth1", 1000, 200), ("ppp0", 50, 60), ("br-lan", 7, 8)]);
        let now = counters(&[("ppp0", 150, 60), ("eth1", 4000, 700), ("wwan0", 9, 9), ("br-lan", 0, 0)]);
        for (names, expected) in [
            (&["eth1"][..], Some((3000, 500))),
            (&["eth1", "ppp0"], Some((3100, 500))),
            (&["eth1", "br-lan"], None),
            (&["eth1", "wwan0"], None),
            (&["usb0"], None),
            (&[], None),
        ] {
            let traffic = WanTraffic::between(&before, &now, names.iter().copied());
            assert_eq!(traffic.map(|moved| (moved.received, moved.sent)), expected, "{names:?}");
        }
        let gone = WanTraffic::between(&now, &before, ["wwan0"]);
        assert_eq!(gone, None);
    }

    #[test]
    fn no_sum_wraps() {
        let (before, now) =
            (counters(&[("a", 0, 0), ("b", 0, 0)]), counters(&[("a", u64::MAX, 1), ("b", 2, 3)]));
        let traffic = WanTraffic::between(&before, &now, ["a", "b"]).unwrap();
        assert_eq!((traffic.received, traffic.sent, traffic.bytes()), (u64::MAX, 4, u64::MAX));
    }
}
