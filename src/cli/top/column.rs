//! Columns of a table: what stands in a cell, by what rows are sorted, and how much room there is.

use std::cmp::Ordering;

use ratatui::text::Span;

use crate::cli::flows::end;
use crate::conntrack::flow::Endpoint;

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key<'a> {
    /// Nothing is known: last, whichever way rows are sorted.
    Unknown,
    /// The greatest first.
    Figure(f64),
    /// In the order of the alphabet.
    Text(&'a str),
    /// By address, then by port.
    End(Endpoint),
}

impl Key<'_> {
    fn compare(self, other: Self, is_reversed: bool) -> Ordering {
        let ordering = match (self, other) {
            (Self::Unknown, Self::Unknown) => return Ordering::Equal,
            (Self::Unknown, _) => return Ordering::Greater,
            (_, Self::Unknown) => return Ordering::Less,
            (Self::Figure(one), Self::Figure(other)) => other.total_cmp(&one),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::End(one), Self::End(other)) => one.cmp(&other),
            // A column has keys of one kind.
            _ => Ordering::Equal,
        };
        if is_reversed { ordering.reverse() } else { ordering }
    }
}

/// A column of rows `T`.
pub(super) struct Column<T> {
    /// Above it.
    pub(super) title: &'static str,
    /// How wide it is at least and at most.
    pub(super) width: (u16, u16),
    /// Those of the lowest ranks are shown where there isn't room for all.
    pub(super) rank: u8,
    /// What stands in it. If that is known of no row, it is left out.
    pub(super) what: What<T>,
}

/// What a column tells of a row, if that is known.
pub(super) enum What<T> {
    /// A text.
    Text(for<'a> fn(&'a T) -> Option<&'a str>),
    /// A figure, and how it is written.
    Figure(fn(&T) -> Option<f64>, fn(f64) -> String),
    /// An end of a connection.
    End(fn(&T) -> Option<Endpoint>),
}

impl<T> Column<T> {
    /// What a row is sorted by.
    pub(super) fn key<'a>(&self, row: &'a T) -> Key<'a> {
        match self.what {
            What::Text(text) => text(row).map_or(Key::Unknown, Key::Text),
            What::Figure(figure, _) => figure(row).map_or(Key::Unknown, Key::Figure),
            What::End(end) => end(row).map_or(Key::Unknown, Key::End),
        }
    }

    /// What stands in the cell; nothing if that isn't known.
    pub(super) fn cell(&self, row: &T) -> String {
        let cell = match self.what {
            What::Text(text) => text(row).map(str::to_owned),
            What::Figure(figure, written) => figure(row).map(written),
            What::End(of) => of(row).map(end),
        };
        cell.unwrap_or_default()
    }

    /// How its text stands.
    pub(super) const fn form(&self) -> Form {
        match self.what {
            What::Text(_) => Form::Text,
            What::Figure(..) => Form::Figure,
            What::End(_) => Form::End,
        }
    }
}

/// How text stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// On the left; what doesn't fit is cut off.
    Text,
    /// On the left; what doesn't fit is cut out of the middle, so that the port stays.
    End,
    /// On the right.
    Figure,
}

/// The places of the columns in which something is known.
pub(super) fn known<T>(columns: &[Column<T>], rows: &[T]) -> Vec<usize> {
    let is_known = |column: &Column<T>| rows.iter().any(|row| column.key(row) != Key::Unknown);
    // The first is what a row is called: it stays above a table without rows.
    let known = columns.iter().enumerate().filter(|(place, column)| *place == 0 || is_known(column));
    known.map(|(place, _)| place).collect()
}

/// How two rows stand to each other.
pub(super) fn compare<T>(column: &Column<T>, is_reversed: bool, one: &T, other: &T) -> Ordering {
    column.key(one).compare(column.key(other), is_reversed)
}

/// Which of the `known` columns fit in `room`, in their order, and how wide each is. `wished` is how wide its cells are.
pub(super) fn fit<T>(
    columns: &[Column<T>],
    known: &[usize],
    room: u16,
    wished: impl Fn(&Column<T>) -> u16,
) -> Vec<(usize, u16)> {
    let mut by_rank: Vec<(usize, &Column<T>)> =
        known.iter().filter_map(|place| Some((*place, columns.get(*place)?))).collect();
    by_rank.sort_by_key(|(_, column)| column.rank);
    let (mut left, mut fitting) = (room + 1, Vec::new());
    for (place, column) in by_rank {
        // A blank before each but the first.
        let needed = column.width.0 + 1;
        if needed > left && !fitting.is_empty() {
            break;
        }
        fitting.push((place, column.width.0.min(room)));
        left = left.saturating_sub(needed);
    }
    fitting.sort_unstable_by_key(|(place, _)| *place);
    for (place, width) in &mut fitting {
        let Some(column) = columns.get(*place) else { continue };
        let more = wished(column).min(column.width.1).saturating_sub(*width).min(left);
        *width += more;
        left -= more;
    }
    fitting
}

/// How many places a text takes on the terminal.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text in no more than `room` places, with `…` for what is left out.
pub(super) fn cut(text: &str, form: Form, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(1) else { return String::new() };
    // The longest port with its colon, and a little of the address.
    let tail = if form == Form::End && room > 12 { ending(text, 9) } else { "" };
    format!("{}…{tail}", beginning(text, room - width(tail)))
}

fn beginning(text: &str, room: usize) -> &str {
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let fits = ends.take_while(|end| text.get(..*end).is_some_and(|text| width(text) <= room));
    fits.last().and_then(|end| text.get(..end)).unwrap_or_default()
}

fn ending(text: &str, room: usize) -> &str {
    let begins = text.char_indices().rev().map(|(at, _)| at);
    let fits = begins.take_while(|at| text.get(*at..).is_some_and(|text| width(text) <= room));
    fits.last().and_then(|at| text.get(at..)).unwrap_or_default()
}

/// A figure to two or three digits: `950`, `1.2k`, `35k`, `6.1M`.
pub(super) fn short(figure: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // What is rounded up to the next unit is written in that.
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| figure >= unit * 0.9995) else {
        return format!("{figure:.0}");
    };
    let figure = figure / unit;
    if figure < 9.95 { format!("{figure:.1}{name}") } else { format!("{figure:.0}{name}") }
}

/// A time to its largest unit: `5s`, `12m`, `3h`, `2d`.
pub(super) fn time(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn column(title: &'static str, width: (u16, u16), rank: u8) -> Column<Option<f64>> {
        Column { title, width, rank, what: What::Figure(|row| *row, short) }
    }

    #[test]
    fn figures_and_times_are_short() {
        for (figure, expected) in [
            (0.0, "0"),
            (0.6, "1"),
            (999.4, "999"),
            (999.6, "1.0k"),
            (1_234.0, "1.2k"),
            (9_960.0, "10k"),
            (999_400.0, "999k"),
            (6_140_000.0, "6.1M"),
            (2.5e9, "2.5G"),
            (4e15, "4000T"),
        ] {
            assert_eq!(short(figure), expected);
        }
        for (seconds, expected) in
            [(0, "0s"), (59, "59s"), (60, "1m"), (3_599, "59m"), (7_200, "2h"), (200_000, "2d")]
        {
            assert_eq!(time(seconds), expected);
        }
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        for (text, form, room, expected) in [
            ("laptop", Form::Text, 6, "laptop"),
            ("laptop", Form::Text, 5, "lapt…"),
            ("laptop", Form::Text, 1, "…"),
            ("laptop", Form::Text, 0, ""),
            ("日本語の名前", Form::Text, 6, "日本…"),
            ("[2001:db8:aa:10::1234]:40000", Form::End, 18, "[2001:db…4]:40000"),
            ("192.168.100.200:40000", Form::End, 10, "192.168.1…"),
        ] {
            let cut = cut(text, form, room);
            assert!(width(&cut) <= room, "{cut}");
            if form == Form::Text || room <= 12 {
                assert_eq!(cut, expected);
            } else {
                assert!(cut.ends_with(":40000") && cut.contains('…'), "{cut}");
            }
        }
    }

    #[test]
    fn what_is_not_known_comes_last_either_way() {
        let column = column("A", (1, 1), 0);
        let order = |is_reversed| {
            let mut rows = vec![Some(1.0), None, Some(3.0), Some(2.0)];
            rows.sort_by(|one, other| compare(&column, is_reversed, one, other));
            rows
        };
        assert_eq!(order(false), [Some(3.0), Some(2.0), Some(1.0), None]);
        assert_eq!(order(true), [Some(1.0), Some(2.0), Some(3.0), None]);
        let columns = [self::column("NAME", (4, 8), 0), column];
        assert_eq!(known(&columns, &[None, None]), [0]);
        assert_eq!(known(&columns, &[None, Some(0.0)]), [0, 1], "0 is known");
        assert_eq!(known(&columns, &[]), [0]);
    }

    #[test]
    fn columns_of_the_lowest_rank_stay_and_share_the_room() {
        let columns = [column("A", (4, 8), 0), column("B", (4, 4), 2), column("C", (4, 6), 1)];
        let fitting = |room| fit(&columns, &[0, 1, 2], room, |_| 20);
        assert_eq!(fitting(2), [(0, 2)]);
        assert_eq!(fitting(8), [(0, 8)]);
        assert_eq!(fitting(9), [(0, 4), (2, 4)]);
        assert_eq!(fitting(14), [(0, 4), (1, 4), (2, 4)]);
        assert_eq!(fitting(19), [(0, 8), (1, 4), (2, 5)]);
        assert_eq!(fitting(90), [(0, 8), (1, 4), (2, 6)]);
        assert_eq!(fit(&columns, &[0, 2], 90, |_| 3), [(0, 4), (2, 4)], "no wider than what is in it");
    }
}
