//! With how many hosts on a port, or ports of a host, a device has begun to talk within a minute.
//!
//! Up to 64 are known one by one. Where there are more, those 64 are kept whose hashes are the lowest, and the highest of
//! them tells how many there are: the "k minimum values" of Bar-Yossef et al. ("Counting distinct elements in a data
//! stream", 2002), typically 12 % off. They are an even sample of all, so the share of them that was answered is that of all.

/// So many are known one by one.
const EXACT: usize = 64;
/// How many hashes there are.
const HASHES: f64 = 4_294_967_296.0;

/// A host or port with which it was begun to talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// What it is known by.
    pub(super) hash: u32,
    /// When it was last asked, in seconds.
    pub(super) asked: u32,
    /// Whether it has answered.
    pub(super) answered: bool,
}

/// Hosts or ports, each once: 12 bytes for each of at most 64.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// In order of their hashes.
    known: Vec<Peer>,
    left_out: Option<LeftOut>,
}

/// That there are more than are known.
#[derive(Clone, Copy, Debug)]
struct LeftOut {
    /// The lowest hash that was left out in the last pass in which any was: all below are known.
    from: u32,
    /// When that was, in seconds.
    last: u32,
}

impl Peers {
    /// One that was asked, for the first time or again. Whether one more is known now.
    pub(super) fn note(&mut self, peer: Peer) -> bool {
        let before = self.known.len();
        match self.known.binary_search_by_key(&peer.hash, |known| known.hash) {
            Ok(at) => self.known.get_mut(at).into_iter().for_each(|known| {
                *known = Peer { answered: known.answered || peer.answered, ..peer };
            }),
            Err(at) => self.add(at, peer),
        }
        self.known.len() > before
    }

    /// Adds one that isn't known. Of 65 the one with the highest hash is left out.
    fn add(&mut self, at: usize, peer: Peer) {
        if self.known.len() < EXACT {
            self.known.insert(at, peer);
        } else if at >= EXACT {
            self.leave_out(peer.hash, peer.asked);
        } else if let Some(highest) = self.known.pop() {
            self.known.insert(at, peer);
            self.leave_out(highest.hash, peer.asked);
        }
    }

    /// What was left out in earlier passes counts no more: there may be room again, and fewer of them.
    fn leave_out(&mut self, hash: u32, now: u32) {
        let so_far = self.left_out.filter(|left_out| left_out.last == now);
        let from = so_far.map_or(hash, |left_out| left_out.from.min(hash));
        self.left_out = Some(LeftOut { from, last: now });
    }

    /// This one has answered.
    pub(super) fn answer(&mut self, hash: u32) {
        if let Ok(at) = self.known.binary_search_by_key(&hash, |known| known.hash) {
            self.known.get_mut(at).into_iter().for_each(|known| known.answered = true);
        }
    }

    /// Forgets those that weren't asked since.
    pub(super) fn forget_before(&mut self, time: u32) {
        self.known.retain(|peer| peer.asked >= time);
        self.left_out = self.left_out.filter(|left_out| left_out.last >= time);
    }

    /// How many are known one by one.
    pub(super) fn known(&self) -> usize {
        self.known.len()
    }

    /// Whether [`Peers::count`] counts, rather than estimates.
    pub(super) const fn is_exact(&self) -> bool {
        self.left_out.is_none()
    }

    /// How many there are.
    pub(super) fn count(&self) -> f64 {
        let known = whole(self.known.len());
        let Some(LeftOut { from, .. }) = self.left_out else { return known };
        let below = self.known.partition_point(|peer| peer.hash < from);
        (whole(below) * HASHES / f64::from(from.max(1))).round().max(known)
    }

    /// How many of a hundred haven't answered; none where there are none.
    pub(super) fn unanswered_percent(&self) -> f64 {
        let unanswered = self.known.iter().filter(|peer| !peer.answered).count();
        100.0 * whole(unanswered) / whole(self.known.len().max(1))
    }

    /// How much memory is held, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.known.capacity() * size_of::<Peer>()
    }
}

fn whole(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many at one time, evenly spread, of which every fifth has answered.
    fn ask(peers: &mut Peers, numbers: std::ops::Range<u32>, asked: u32) {
        for number in numbers {
            let hash = number.wrapping_mul(0x9e37_79b1);
            peers.note(Peer { hash, asked, answered: number % 5 == 0 });
        }
    }

    #[test]
    fn it_is_exact_to_64_and_near_beyond() {
        let mut peers = Peers::default();
        for (upto, at_least, at_most) in [
            (1, 1.0, 1.0),
            (63, 63.0, 63.0),
            (64, 64.0, 64.0),
            (200, 150.0, 250.0),
            (60_000, 40_000.0, 80_000.0),
        ] {
            ask(&mut peers, 0..upto, 7);
            ask(&mut peers, 0..upto, 7);
            assert!((at_least..=at_most).contains(&peers.count()), "{upto}: {}", peers.count());
            assert_eq!(peers.is_exact(), upto <= 64);
        }
        assert!((70.0..=90.0).contains(&peers.unanswered_percent()), "{}", peers.unanswered_percent());
        assert!(peers.known() == 64 && peers.bytes() <= 64 * 12, "{}", peers.bytes());
    }

    #[test]
    fn what_is_old_is_forgotten_and_what_was_left_out_with_it() {
        let mut peers = Peers::default();
        ask(&mut peers, 0..10_000, 10);
        ask(&mut peers, 10_000..10_100, 20);
        assert!(peers.count() > 5_000.0, "{}", peers.count());
        peers.forget_before(11);
        let count = peers.count();
        assert!((10.0..200.0).contains(&count), "{count}: those of 20 s, as far as there was room");
        ask(&mut peers, 20_000..20_020, 40);
        peers.forget_before(21);
        assert_eq!((peers.count(), peers.is_exact()), (20.0, true));
        ask(&mut peers, 20_000..20_010, 50);
        assert_eq!(
            (peers.count(), peers.unanswered_percent()),
            (20.0, 80.0),
            "asked again, they are the same"
        );
        peers.forget_before(51);
        assert_eq!((peers.count(), peers.unanswered_percent()), (0.0, 0.0));
    }

    #[test]
    fn after_many_few_are_counted_one_by_one_again() {
        let mut peers = Peers::default();
        ask(&mut peers, 0..60_000, 10);
        peers.forget_before(11);
        ask(&mut peers, 60_000..60_005, 20);
        assert_eq!((peers.count(), peers.is_exact()), (5.0, true));
    }

    #[test]
    fn one_that_answers_later_has_answered() {
        let mut peers = Peers::default();
        let asked = |hash| Peer { hash, asked: 1, answered: false };
        assert!(peers.note(asked(5)) && peers.note(asked(9)) && !peers.note(asked(5)));
        peers.answer(5);
        peers.answer(7);
        assert_eq!((peers.known(), peers.unanswered_percent()), (2, 50.0));
        peers.note(asked(5));
        assert_eq!((peers.known(), peers.unanswered_percent()), (2, 50.0), "it has answered once");
    }
}
