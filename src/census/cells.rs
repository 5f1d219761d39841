//! Counts of one owner in a fixed number of cells, such as one for each protocol and state.

use std::ops::AddAssign;

/// A count for each of `N` cells. No table has 2³² entries; a count beyond is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells<const N: usize>([u32; N]);

impl<const N: usize> Default for Cells<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Cells<N> {
    /// Adds to a cell; one that there isn't takes nothing.
    pub fn add(&mut self, cell: usize, count: u32) {
        if let Some(sum) = self.0.get_mut(cell) {
            *sum = sum.saturating_add(count);
        }
    }

    /// The count of a cell; 0 of one that there isn't.
    pub fn get(&self, cell: usize) -> u32 {
        self.0.get(cell).copied().unwrap_or_default()
    }

    /// The cells that count anything, each with its count.
    pub fn counted(&self) -> impl Iterator<Item = (usize, u32)> {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// All counts, in order of their cells.
    pub const fn into_counts(self) -> [u32; N] {
        self.0
    }

    /// The sum of several owners.
    pub fn sum<'a>(rows: impl Iterator<Item = &'a Self>) -> Self {
        rows.fold(Self::default(), |mut sum, row| {
            sum += *row;
            sum
        })
    }
}

impl<const N: usize> AddAssign for Cells<N> {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, count)| *sum = sum.saturating_add(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_add_up_and_never_wrap() {
        let (mut one, mut other) = (Cells::<3>::default(), Cells::default());
        one.add(0, 2);
        one.add(2, u32::MAX);
        one.add(3, 7);
        other.add(2, 1);
        assert_eq!(one.counted().collect::<Vec<_>>(), [(0, 2), (2, u32::MAX)]);
        assert_eq!(Cells::sum([one, other].iter()).counted().collect::<Vec<_>>(), [(0, 2), (2, u32::MAX)]);
    }
}
