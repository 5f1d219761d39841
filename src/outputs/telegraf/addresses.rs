//! The addresses of Telegraf's name, and which of them have refused.

use std::net::{IpAddr, SocketAddr};

use super::route::{self, Route};

/// As many addresses of each family are kept: whoever answers for a name can't make the daemon try thousands.
const EACH_FAMILY: usize = 8;

/// What the name was last found to be.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    address: SocketAddr,
    /// The last snapshot of which something was refused there.
    refused: Option<u64>,
}

impl Addresses {
    /// None of which has refused.
    pub(crate) fn new(found: impl IntoIterator<Item = SocketAddr>) -> Self {
        let known = distinct(found).into_iter().map(|address| Known { address, refused: None });
        Self { known: known.collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(super) fn are_several(&self) -> bool {
        self.known.len() > 1
    }

    /// Takes over a new answer, and says whether it is another set. What was learned of an address still holds; and name
    /// servers turn their answers round and round, so that the same set in another order changes nothing.
    pub(super) fn replace(&mut self, found: impl IntoIterator<Item = SocketAddr>) -> bool {
        let mut new = Self::new(found);
        let same =
            new.known.len() == self.known.len() && new.all().all(|address| self.all().any(|a| a == address));
        if new.is_empty() || same {
            return false;
        }
        new.known.iter_mut().for_each(|known| known.refused = self.refused(known.address));
        *self = new;
        true
    }

    /// Something of this snapshot (they are numbered) was refused at `address`.
    pub(super) fn refuse(&mut self, address: SocketAddr, snapshot: u64) {
        self.known
            .iter_mut()
            .filter(|known| known.address == address)
            .for_each(|known| known.refused = Some(snapshot));
    }

    /// It no longer refuses.
    pub(super) fn clear_refusal(&mut self, address: SocketAddr) {
        self.known.iter_mut().filter(|known| known.address == address).for_each(|known| known.refused = None);
    }

    /// Whether it has refused something.
    pub(super) fn has_refused(&self, address: SocketAddr) -> bool {
        self.refused(address).is_some()
    }

    /// How the router reaches each of them now, in the order in which they are to be tried.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let addresses: Vec<_> = self.all().collect();
        let mut routes = route::survey(&addresses);
        routes.sort_by_key(|route| self.refused(route.to));
        routes
    }

    /// Those that would be tried before `in_use`, had they not refused; without those to which there is no way.
    pub(super) fn refused_before(&self, in_use: SocketAddr) -> Vec<SocketAddr> {
        if !self.all().any(|address| address != in_use && self.has_refused(address)) {
            return Vec::new();
        }
        let addresses: Vec<_> = self.all().collect();
        let before = route::survey(&addresses).into_iter().take_while(|route| route.to != in_use);
        before.filter(|route| route.is_there() && self.has_refused(route.to)).map(|route| route.to).collect()
    }

    /// By this those that have not refused come first, then those whose refusal is longest ago: each in turn.
    fn refused(&self, address: SocketAddr) -> Option<u64> {
        self.known.iter().find(|known| known.address == address)?.refused
    }

    fn all(&self) -> impl Iterator<Item = SocketAddr> {
        self.known.iter().map(|known| known.address)
    }
}

/// Each address once, in its plainest form, and not more than [`EACH_FAMILY`] of one family.
fn distinct(found: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut distinct: Vec<SocketAddr> = Vec::new();
    for address in found.into_iter().map(plain) {
        let family = distinct.iter().filter(|known| known.is_ipv6() == address.is_ipv6());
        if family.count() < EACH_FAMILY && !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    distinct
}

/// An IPv4 address that is written as IPv6 is sent to by IPv4, whose errors the kernel then reports as such.
fn plain(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), 8094)
    }

    const A: &str = "2001:db8::1";
    const B: &str = "192.0.2.1";
    const C: &str = "192.0.2.2";

    /// The order after these refusals, by snapshot.
    fn order(addresses: &Addresses) -> Vec<SocketAddr> {
        let mut order = [A, B, C].map(at).to_vec();
        order.sort_by_key(|address| addresses.refused(*address));
        order
    }

    #[test]
    fn whoever_has_not_refused_comes_first_and_then_each_in_turn() {
        let mut addresses = Addresses::new([A, B, C].map(at));
        for (snapshot, refuses, next) in [
            (7, A, [B, C, A]),
            (8, B, [C, A, B]),
            // All have: whose refusal is longest ago.
            (9, C, [A, B, C]),
            (10, A, [B, C, A]),
            (11, B, [C, A, B]),
            (12, C, [A, B, C]),
        ] {
            addresses.refuse(at(refuses), snapshot);
            assert_eq!(order(&addresses), next.map(at), "{snapshot}");
        }
        addresses.refuse(at("203.0.113.1"), 13);
        assert_eq!(order(&addresses), [A, B, C].map(at), "one that is not known");
    }

    #[test]
    fn the_same_set_in_another_order_keeps_what_was_learned() {
        let mut addresses = Addresses::new([A, B, C].map(at));
        addresses.refuse(at(A), 1);
        assert!(!addresses.replace([C, B, A, A, B].map(at)));
        assert_eq!(order(&addresses), [B, C, A].map(at));
        assert!(!addresses.replace([]), "an empty answer is none");
        assert_eq!(order(&addresses), [B, C, A].map(at));
    }

    #[test]
    fn another_set_keeps_what_was_learned_of_those_that_stay() {
        let mut addresses = Addresses::new([A, B, C].map(at));
        addresses.refuse(at(A), 1);
        addresses.refuse(at(C), 2);
        for other in [&[A, B][..], &[B, A, C, "192.0.2.3"], &[A, B, "192.0.2.3"]] {
            assert!(addresses.replace(other.iter().map(|ip| at(ip))), "{other:?}");
            assert!(addresses.has_refused(at(A)) && !addresses.has_refused(at(B)), "{other:?}");
        }
        assert!(!addresses.has_refused(at(C)), "it was gone");
    }

    #[test]
    fn addresses_are_few_and_distinct_and_plain() {
        let many = (0..=255).map(|last| SocketAddr::from(([192, 0, 2, last], 8094)));
        let found = distinct(many.chain([at(A), at("::ffff:192.0.2.1"), at(A)]));
        assert_eq!(found.len(), EACH_FAMILY + 1);
        assert_eq!(found.last(), Some(&at(A)));
        assert_eq!(distinct([at("::ffff:192.0.2.1"), at(B)]), [at(B)]);
    }
}
