//! A list that is looked through: in which order its rows stand, and which of them is chosen.

use super::column::{Column, compare, known};

/// A list of rows, each of which an `I` tells from all others.
#[derive(Debug)]
pub(super) struct Listing<I> {
    /// The place of the column by which it is sorted.
    pub(super) sorted_by: usize,
    /// Whether it stands the other way round.
    pub(super) is_reversed: bool,
    /// The places of the rows that are shown, in their order.
    order: Vec<usize>,
    /// Which of them is chosen.
    chosen: usize,
    /// Who is chosen, once somebody has: the choice goes with it wherever it moves. Before, it stays at the top.
    held: Option<I>,
}

/// How the choice moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Up(usize),
    Down(usize),
    First,
    Last,
}

impl<I: PartialEq> Listing<I> {
    /// An empty one, sorted by the column of this title.
    pub(super) fn new<T>(columns: &[Column<T>], title: &str) -> Self {
        let sorted_by = columns.iter().position(|column| column.title == title).unwrap_or_default();
        Self { sorted_by, is_reversed: false, order: Vec::new(), chosen: 0, held: None }
    }

    /// Puts those of `rows` in order that are `shown`. Whoever was chosen stays so.
    pub(super) fn arrange<T>(
        &mut self,
        rows: &[T],
        columns: &[Column<T>],
        id: impl Fn(&T) -> I,
        shown: impl Fn(&T) -> bool,
    ) {
        self.order.clear();
        self.order.extend(rows.iter().enumerate().filter(|(_, row)| shown(row)).map(|(place, _)| place));
        if let Some(column) = columns.get(self.sorted_by) {
            let is_reversed = self.is_reversed;
            self.order.sort_by(|one, other| match (rows.get(*one), rows.get(*other)) {
                (Some(one), Some(other)) => compare(column, is_reversed, one, other),
                _ => std::cmp::Ordering::Equal,
            });
        }
        let is_held = |place: &usize| rows.get(*place).map(&id) == self.held;
        if let Some(place) = self.held.as_ref().and_then(|_| self.order.iter().position(is_held)) {
            self.chosen = place;
        }
        self.chosen = self.chosen.min(self.order.len().saturating_sub(1));
    }

    /// Moves the choice.
    pub(super) fn step<T>(&mut self, step: Move, rows: &[T], id: impl Fn(&T) -> I) {
        let last = self.order.len().saturating_sub(1);
        self.chosen = match step {
            Move::Up(by) => self.chosen.saturating_sub(by),
            Move::Down(by) => self.chosen.saturating_add(by).min(last),
            Move::First => 0,
            Move::Last => last,
        };
        self.held = if step == Move::First { None } else { self.row(rows).map(id) };
    }

    /// Nobody is chosen any more.
    pub(super) fn release(&mut self) {
        (self.chosen, self.held) = (0, None);
    }

    /// Sorts by the next column of which something is known, or the one before.
    pub(super) fn sort_by_next<T>(&mut self, rows: &[T], columns: &[Column<T>], is_back: bool) {
        let known = known(columns, rows);
        let behind = known.iter().copied().find(|place| *place > self.sorted_by);
        let before = known.iter().rev().copied().find(|place| *place < self.sorted_by);
        let next = if is_back { before.or(known.last().copied()) } else { behind.or(known.first().copied()) };
        self.sorted_by = next.unwrap_or(self.sorted_by);
        self.is_reversed = false;
    }

    /// The row that is chosen.
    pub(super) fn row<'a, T>(&self, rows: &'a [T]) -> Option<&'a T> {
        rows.get(*self.order.get(self.chosen)?)
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.order.len()
    }

    /// The rows that are shown where there is room for so many, and which of these is chosen: whole pages, so that they stay
    /// where they are while the choice moves.
    pub(super) fn page<'a, T>(&self, rows: &'a [T], room: usize) -> (Vec<&'a T>, usize) {
        let Some(page) = self.chosen.checked_div(room) else { return (Vec::new(), 0) };
        // The last page is full as well.
        let from = (page * room).min(self.order.len().saturating_sub(room));
        let shown = self.order.iter().skip(from).take(room).filter_map(|place| rows.get(*place));
        (shown.collect(), self.chosen.saturating_sub(from))
    }
}
