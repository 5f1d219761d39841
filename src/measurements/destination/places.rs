//! Which pairs of a device may have rows of their own: so few in a day that no database fills up with them.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::Pair;

/// So many pairs of a device have a place at a time.
const PAIRS_AT_MOST: usize = 64;
/// How long a pair keeps its place after it last had a row.
const KEPT: Duration = Duration::from_hours(24);

/// The pairs that have places, by the device's name; each with when it last had a row, in time since boot.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<Rc<str>, Vec<(Pair, Duration)>, RandomState>);

impl Places {
    /// Whether a pair of the device has a place, or finds one.
    pub(super) fn admit(&mut self, device: &Rc<str>, pair: &Pair, now: Duration) -> bool {
        let places = self.0.entry(Rc::clone(device)).or_default();
        if let Some((_, used)) = places.iter_mut().find(|(known, _)| known == pair) {
            *used = now;
            return true;
        }
        let is_room = places.len() < PAIRS_AT_MOST;
        if is_room {
            places.push((pair.clone(), now));
        }
        is_room
    }

    /// Takes places from pairs that had no row for a day.
    pub(super) fn forget(&mut self, now: Duration) {
        self.0.retain(|_, places| {
            places.retain(|(_, used)| now.saturating_sub(*used) < KEPT);
            !places.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::destination::Remote;
    use crate::services::ServiceId;

    #[test]
    fn a_pair_keeps_its_place_for_a_day() {
        let pair = |number: u32| Pair {
            remote: Remote::Address(std::net::IpAddr::V4(number.into())),
            service: ServiceId::UNLISTED,
        };
        let (mut places, hour) = (Places::default(), Duration::from_hours(1));
        let [tv, phone] = ["tv", "phone"].map(Rc::from);
        let admitted = |places: &mut Places, now| {
            (0..70).filter(|number| places.admit(&tv, &pair(*number), now)).count()
        };
        assert_eq!(admitted(&mut places, hour), PAIRS_AT_MOST);
        assert!(places.admit(&phone, &pair(69), hour), "each device has its own");
        places.forget(hour * 24);
        assert!(places.admit(&tv, &pair(7), hour * 24) && !places.admit(&tv, &pair(69), hour * 24));
        places.forget(hour * 25);
        assert!(places.admit(&tv, &pair(69), hour * 25) && places.admit(&tv, &pair(7), hour * 25));
        assert_eq!(places.0.len(), 1);
        places.forget(hour * 49);
        assert!(places.0.is_empty());
    }
}
