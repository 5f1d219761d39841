//! The series of everybody who was counted, in order: made when they are first needed, kept as long as names hold.

use std::rc::Rc;

use super::{CELLS, Manner, Row, Series, device_tags, meaning};
use crate::attribution::owners::OwnerId;
use crate::devices::Label;
use crate::series::point::Tags;

/// One tag set, and whose counts go out under it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) tags: Series,
    /// The place of its protocol and state in every row.
    pub(super) cell: usize,
    /// One as a rule; devices to which the owner gave one name share theirs.
    pub(super) owners: Vec<OwnerId>,
}

/// Every series needed so far.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    /// In order of the tags.
    known: Vec<Known>,
    /// By [`OwnerId::index`]: which cells have a series, one bit each.
    cells: Vec<u64>,
}

// A cell is a bit.
const _: () = assert!(CELLS <= 64);

impl Catalogue {
    /// The series in order.
    pub(super) fn known(&self) -> &[Known] {
        &self.known
    }

    /// Forgets everything: names or numbers of owners have changed.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.cells.clear();
    }

    /// Makes the series that are lacking for what `rows` have counted of the router, of devices with a label, and of
    /// those who may have to go to `other`.
    pub(super) fn complete(&mut self, rows: &[Row], labels: &[Option<&Label>], manner: &Manner<'_>) {
        let mut counted_of_any = 0;
        for (index, row) in rows.iter().enumerate() {
            let counted = counted_cells(row);
            counted_of_any |= counted;
            if self.lacks(index, counted) == 0 {
                continue;
            }
            if index == OwnerId::ROUTER.index() {
                let tags = [("device_name", Rc::clone(manner.router))];
                self.enter(OwnerId::ROUTER, counted, &tags, manner);
            } else if let Some((place, label)) = labelled(index, labels) {
                self.enter(OwnerId::of_device(place), counted, &device_tags(label, manner.tags), manner);
            }
        }
        self.enter(OwnerId::UNATTRIBUTED, counted_of_any, &[("device_name", "other".into())], manner);
    }

    fn lacks(&self, index: usize, counted: u64) -> u64 {
        counted & !self.cells.get(index).copied().unwrap_or(0)
    }

    fn enter(&mut self, owner: OwnerId, counted: u64, tags: &[(&'static str, Rc<str>)], manner: &Manner<'_>) {
        let lacking = self.lacks(owner.index(), counted);
        for cell in (0..CELLS).filter(|cell| lacking >> cell & 1 == 1) {
            let (protocol, state) = meaning(cell);
            let mut tags = tags.to_vec();
            tags.extend([("protocol", protocol.into()), ("state", state.name().into())]);
            let tags = Tags::new(tags, manner.global);
            match self.known.binary_search_by(|known| (*known.tags).cmp(&tags)) {
                Ok(at) => self.known.get_mut(at).into_iter().for_each(|known| known.owners.push(owner)),
                Err(at) => self.known.insert(at, Known { tags: Rc::new(tags), cell, owners: vec![owner] }),
            }
        }
        if self.cells.len() <= owner.index() {
            self.cells.resize(owner.index() + 1, 0);
        }
        if let Some(cells) = self.cells.get_mut(owner.index()) {
            *cells |= lacking;
        }
    }
}

/// The device at this index, if it has a label.
fn labelled<'a>(index: usize, labels: &[Option<&'a Label>]) -> Option<(usize, &'a Label)> {
    let place = index.checked_sub(OwnerId::of_device(0).index())?;
    Some((place, (*labels.get(place)?)?))
}

/// The cells of a row that count anything, one bit each.
fn counted_cells(row: &Row) -> u64 {
    row.iter().rev().fold(0, |cells, count| cells << 1 | u64::from(*count > 0))
}
