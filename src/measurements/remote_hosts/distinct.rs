//! How many different hosts there are among many.

/// So many are counted exactly.
const EXACT: usize = 64;
/// Registers of the sketch: 2⁷.
const REGISTERS: usize = 128;
const REGISTER_BITS: u32 = 7;

/// Hosts, each by its 64-bit hash: counted exactly to 64, then by a sketch.
#[derive(Clone, Debug)]
pub(super) enum DistinctHosts {
    /// Each, in order.
    Exact(Vec<u64>),
    /// Hyperloglog: of the hashes that fall to a register, the most leading zeros and one.
    Sketch(Box<[u8; REGISTERS]>),
}

impl Default for DistinctHosts {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl DistinctHosts {
    /// One more host, or one that was there before.
    pub(super) fn insert(&mut self, host: u64) {
        match self {
            Self::Sketch(registers) => note(registers, host),
            Self::Exact(hosts) => {
                if let Err(place) = hosts.binary_search(&host) {
                    hosts.insert(place, host);
                }
                if hosts.len() > EXACT {
                    let mut registers = Box::new([0; REGISTERS]);
                    for host in hosts.iter() {
                        note(&mut registers, *host);
                    }
                    *self = Self::Sketch(registers);
                }
            }
        }
    }

    /// All of `other`'s as well.
    pub(super) fn merge(&mut self, other: &Self) {
        match other {
            Self::Exact(hosts) => hosts.iter().for_each(|host| self.insert(*host)),
            Self::Sketch(theirs) => {
                let mut merged = theirs.clone();
                match self {
                    Self::Exact(hosts) => hosts.iter().for_each(|host| note(&mut merged, *host)),
                    Self::Sketch(ours) => {
                        merged.iter_mut().zip(ours.iter()).for_each(|(one, other)| *one = (*one).max(*other));
                    }
                }
                *self = Self::Sketch(merged);
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Exact(hosts) => hosts.len().try_into().unwrap_or(u64::MAX),
            Self::Sketch(registers) => estimate(registers),
        }
    }
}

/// The upper bits choose the register, the rest is what it notes.
fn note(registers: &mut [u8; REGISTERS], host: u64) {
    let place = usize::try_from(host >> (u64::BITS - REGISTER_BITS)).unwrap_or_default();
    let rank = (host << REGISTER_BITS).leading_zeros().min(u64::BITS - REGISTER_BITS) + 1;
    if let (Some(register), Ok(rank)) = (registers.get_mut(place), u8::try_from(rank)) {
        *register = (*register).max(rank);
    }
}

/// The harmonic mean of the registers, or where many are empty, how many those are ("linear counting").
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 2^64 / 128 × 128, never negative"
)]
fn estimate(registers: &[u8; REGISTERS]) -> u64 {
    const M: f64 = 128.0;
    const ALPHA: f64 = 0.7213 / (1.0 + 1.079 / M);
    let sum: f64 = registers.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
    let raw = ALPHA * M * M / sum;
    let empty = registers.iter().filter(|rank| **rank == 0).fold(0.0, |empty, _| empty + 1.0);
    let corrected = if raw <= 2.5 * M && empty > 0.0 { M * (M / empty).ln() } else { raw };
    corrected.round() as u64
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use foldhash::quality::FixedState;

    use super::*;

    fn hosts(numbers: std::ops::Range<u64>) -> DistinctHosts {
        let mut distinct = DistinctHosts::default();
        for number in numbers {
            let host = FixedState::default().hash_one(number);
            distinct.insert(host);
            distinct.insert(host);
        }
        distinct
    }

    #[test]
    fn up_to_64_are_counted_exactly() {
        for count in [0, 1, 63, 64] {
            assert_eq!(hosts(0..count).count(), count);
        }
    }

    #[test]
    fn more_are_counted_within_a_quarter() {
        // The standard error of 128 registers is 9.2 %: a quarter is 2.7 of it, and the hashes are always the same.
        for count in [65, 100, 300, 1000, 10_000, 100_000] {
            let counted = hosts(0..count).count();
            assert!(counted.abs_diff(count) * 4 <= count, "{counted} of {count}");
        }
    }

    #[test]
    fn the_typical_error_is_nine_per_cent() {
        let errors = (1..=200).map(|times: u64| {
            let (begin, count) = (times * 1_000_000, 500.0);
            let counted = hosts(begin..begin + 500).count();
            let error = (f64::from(u32::try_from(counted).unwrap()) - count) / count;
            error * error
        });
        let typical = (errors.sum::<f64>() / 200.0).sqrt();
        assert!((0.05..0.12).contains(&typical), "{typical}");
    }

    #[test]
    fn what_is_merged_counts_as_if_it_had_been_one() {
        for (one, other) in
            [(0..10, 5..20), (0..50, 30..80), (0..100, 90..95), (0..10, 0..200), (0..300, 200..500)]
        {
            let all = one.start.min(other.start)..one.end.max(other.end);
            let mut merged = hosts(one);
            merged.merge(&hosts(other));
            assert_eq!(merged.count(), hosts(all).count());
        }
    }
}
