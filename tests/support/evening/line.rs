//! The line to the provider, which everybody in the house shares.

use std::ops::{Add, AddAssign};

/// So much towards the house, and so much away from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Both {
    pub(crate) down: u64,
    pub(crate) up: u64,
}

/// What the provider has sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Adsl,
    Vdsl,
    Cable,
    Fibre,
}

impl Both {
    /// The same in both directions.
    pub(crate) const fn each(amount: u64) -> Self {
        Self { down: amount, up: amount }
    }

    pub(crate) const fn is_nothing(self) -> bool {
        self.down == 0 && self.up == 0
    }

    /// What is left of it without `other`, not less than nothing.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self { down: self.down.saturating_sub(other.down), up: self.up.saturating_sub(other.up) }
    }

    pub(crate) fn at_most(self, other: Self) -> Self {
        Self { down: self.down.min(other.down), up: self.up.min(other.up) }
    }

    /// So many of a hundred.
    pub(crate) const fn percent(self, part: u64) -> Self {
        Self { down: self.down * part / 100, up: self.up * part / 100 }
    }
}

impl Add for Both {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { down: self.down + other.down, up: self.up + other.up }
    }
}

impl AddAssign for Both {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Line {
    pub(crate) const ALL: [Self; 4] = [Self::Adsl, Self::Vdsl, Self::Cable, Self::Fibre];

    /// Mbit/s, down and up.
    pub(crate) const fn megabits(self) -> Both {
        match self {
            Self::Adsl => Both { down: 16, up: 1 },
            Self::Vdsl => Both { down: 50, up: 10 },
            Self::Cable => Both { down: 250, up: 40 },
            Self::Fibre => Both { down: 1000, up: 500 },
        }
    }

    /// Bytes a second that the line never exceeds, Ethernet headers included.
    pub(crate) const fn capacity(self) -> Both {
        let Both { down, up } = self.megabits();
        Both { down: down * MEGABIT, up: up * MEGABIT }
    }
}

/// Bytes a second of 1 Mbit/s.
pub(crate) const MEGABIT: u64 = 125_000;
/// Bytes a second of 1 kbit/s.
pub(crate) const KILOBIT: u64 = 125;

/// Shares a capacity so that nobody gets more than they want, and whoever gets less gets as much as anybody: what a queue for
/// each flow gives (`fq_codel`, RFC 8290), which is OpenWrt's default.
pub(crate) fn share(capacity: u64, wants: &[u64]) -> Vec<u64> {
    let mut by_want: Vec<usize> = (0..wants.len()).collect();
    by_want.sort_by_key(|place| wants[*place]);
    let mut granted = vec![0; wants.len()];
    let (mut left, mut waiting) = (capacity, wants.len() as u64);
    for place in by_want {
        granted[place] = wants[place].min(left / waiting);
        left -= granted[place];
        waiting -= 1;
    }
    granted
}
