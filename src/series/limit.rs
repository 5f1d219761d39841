//! The bound on the series of one measurement.

use std::rc::Rc;

use super::point::Tags;

/// A row and the series under which it goes out.
pub type Row<T> = (Rc<Tags>, T);

/// Which series have a place. What the last snapshot held keeps its own; new series enter in the order of their tags
/// while there is room.
#[derive(Debug, Default)]
pub struct SeriesLimit {
    /// The series of the last snapshot, in order.
    last: Vec<Rc<Tags>>,
}

impl SeriesLimit {
    /// Parts the rows of one snapshot into those that have a place among `max` series and the surplus. Rows of one
    /// series, of which there may be several, go the same way.
    pub fn apply<T>(&mut self, max: usize, mut rows: Vec<Row<T>>) -> (Vec<Row<T>>, Vec<Row<T>>) {
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut series: Vec<_> = rows.iter().map(|(tags, _)| Rc::clone(tags)).collect();
        series.dedup();
        if series.len() <= max {
            self.last = series;
            return (rows, Vec::new());
        }
        self.last = self.choose(max, series);
        let has_place = |tags: &Rc<Tags>| self.last.binary_search(tags).is_ok();
        rows.into_iter().partition(|(tags, _)| has_place(tags))
    }

    fn choose(&self, max: usize, series: Vec<Rc<Tags>>) -> Vec<Rc<Tags>> {
        let held = |tags: &Rc<Tags>| self.last.binary_search(tags).is_ok();
        let (mut chosen, new): (Vec<_>, Vec<_>) = series.into_iter().partition(held);
        let room = max.saturating_sub(chosen.len());
        chosen.extend(new.into_iter().take(room));
        chosen.sort_unstable();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the names have a place, and which don't.
    fn apply(limit: &mut SeriesLimit, max: usize, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let row = |name: &&str| {
            let tags = Tags::new(vec![("device_name", Rc::from(*name))], &[].into());
            (Rc::new(tags), (*name).to_owned())
        };
        let (kept, surplus) = limit.apply(max, names.iter().map(row).collect());
        let names =
            |rows: Vec<(Rc<Tags>, String)>| rows.into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        (names(kept), names(surplus))
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn new_series_enter_in_order_while_there_is_room_and_old_ones_stay() {
        let mut limit = SeriesLimit::default();
        assert_eq!(apply(&mut limit, 2, &["c", "d", "b"]), (owned(&["b", "c"]), owned(&["d"])));
        assert_eq!(apply(&mut limit, 2, &["a", "c", "d"]), (owned(&["a", "c"]), owned(&["d"])));
        assert_eq!(
            apply(&mut limit, 1, &["a", "c", "b"]),
            (owned(&["a", "c"]), owned(&["b"])),
            "none is turned out"
        );
        assert_eq!(apply(&mut limit, 9, &["b", "a"]), (owned(&["a", "b"]), owned(&[])));
    }

    #[test]
    fn rows_of_one_series_go_the_same_way() {
        let mut limit = SeriesLimit::default();
        assert_eq!(apply(&mut limit, 1, &["b", "a", "a", "b"]), (owned(&["a", "a"]), owned(&["b", "b"])));
    }
}
