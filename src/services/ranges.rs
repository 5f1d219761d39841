//! Which ports are whose: ranges that never overlap, in order.

use std::ops::RangeInclusive;

use super::labels::ServiceId;
use crate::conntrack::flow::Protocol;

/// Ports of one protocol that are for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PortRange {
    protocol: Protocol,
    first: u16,
    last: u16,
    service: ServiceId,
}

/// Ranges of ports, by protocol and port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PortRanges(Vec<PortRange>);

impl PortRanges {
    /// Whose a port is.
    pub(super) fn find(&self, protocol: Protocol, port: u16) -> Option<ServiceId> {
        let place = self.first_from(protocol, port);
        let range = self.0.get(place).filter(|range| range.protocol == protocol && range.first <= port)?;
        Some(range.service)
    }

    /// Gives `service` those of the `ports` that nobody has yet.
    pub(super) fn claim(&mut self, protocol: Protocol, ports: &RangeInclusive<u16>, service: ServiceId) {
        let begin = self.first_from(protocol, *ports.start());
        let overlaps = |range: &&PortRange| range.protocol == protocol && range.first <= *ports.end();
        let taken: Vec<_> = self.0.iter().skip(begin).take_while(overlaps).copied().collect();
        let (mut merged, mut next) = (Vec::new(), Some(*ports.start()));
        for range in &taken {
            if let Some(first) = next.filter(|first| *first < range.first) {
                merged.push(PortRange { protocol, first, last: range.first - 1, service });
            }
            merged.push(*range);
            next = range.last.checked_add(1);
        }
        if let Some(first) = next.filter(|first| first <= ports.end()) {
            merged.push(PortRange { protocol, first, last: *ports.end(), service });
        }
        self.0.splice(begin..begin + taken.len(), merged);
    }

    /// The place of the first range that ends at `port` or beyond.
    fn first_from(&self, protocol: Protocol, port: u16) -> usize {
        self.0.partition_point(|range| (range.protocol, range.last) < (protocol, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::name::Name;
    use crate::services::labels::Labels;
    use proptest::prelude::*;

    fn ids(count: usize) -> Vec<ServiceId> {
        let mut labels = Labels::default();
        (0..count)
            .map(|number| labels.id(&Name::clean(number.to_string().as_bytes()).unwrap()).unwrap())
            .collect()
    }

    #[test]
    fn whoever_claims_first_keeps_a_port() {
        let ids = ids(3);
        let mut ranges = PortRanges::default();
        ranges.claim(Protocol::TCP, &(100..=200), ids[0]);
        ranges.claim(Protocol::TCP, &(300..=300), ids[0]);
        ranges.claim(Protocol::TCP, &(150..=65535), ids[1]);
        ranges.claim(Protocol::TCP, &(1..=65535), ids[2]);
        ranges.claim(Protocol::TCP, &(1..=65535), ids[0]);
        let found = [1, 99, 100, 200, 201, 299, 300, 301, 65535].map(|port| ranges.find(Protocol::TCP, port));
        let expected = [2, 2, 0, 0, 1, 1, 0, 1, 1].map(|place: usize| Some(ids[place]));
        assert_eq!(found, expected);
        assert_eq!(ranges.find(Protocol::TCP, 0), None);
        assert_eq!(ranges.find(Protocol::UDP, 100), None);
    }

    proptest! {
        #[test]
        fn it_is_as_a_list_of_claims_asked_one_by_one(
            claims in prop::collection::vec((0..2_u8, 0..40_u16, 0..12_u16, any::<bool>()), 0..24),
        ) {
            let ids = ids(claims.len());
            let mut ranges = PortRanges::default();
            // At either end of what there is, where arithmetic would overflow.
            let claims: Vec<_> = claims.iter().zip(&ids).map(|((protocol, first, length, high), id)| {
                let first = if *high { 65535 - first } else { *first };
                (Protocol(*protocol), first..=first.saturating_add(*length), *id)
            }).collect();
            for (protocol, ports, id) in &claims {
                ranges.claim(*protocol, ports, *id);
            }
            for protocol in [0, 1, 2].map(Protocol) {
                for port in (0..60).chain(65480..=65535) {
                    let claim = claims.iter().find(|claim| claim.0 == protocol && claim.1.contains(&port));
                    prop_assert_eq!(ranges.find(protocol, port), claim.map(|claim| claim.2), "{:?} {}", protocol, port);
                }
            }
            let in_order = ranges.0.is_sorted_by(|a, b| (a.protocol, a.last) < (b.protocol, b.first));
            prop_assert!(in_order && ranges.0.iter().all(|range| range.first <= range.last), "{:?}", ranges);
        }
    }
}
