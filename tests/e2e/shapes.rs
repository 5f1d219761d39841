//! What panels make of figures: the same few shapes as the generator of the dashboards has, worked out plainly.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::grafana::{SECOND, View, rfc3339};
use crate::oracle::{Shown, exact};
use crate::store::{Figure, Store, Tags, Value};

/// What is made of the values of one window.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Max,
    Min,
    Mean,
    Sum,
    Last,
}

/// The values of one window.
#[derive(Clone, Debug)]
struct Window {
    count: usize,
    sum: f64,
    least: f64,
    most: f64,
    last: Value,
}

impl Window {
    const fn new() -> Self {
        Self { count: 0, sum: 0.0, least: f64::MAX, most: f64::MIN, last: Value::Number(0.0) }
    }

    fn take(&mut self, value: &Value) {
        self.count += 1;
        self.last = value.clone();
        if let Value::Number(number) = value {
            self.sum += number;
            self.least = self.least.min(*number);
            self.most = self.most.max(*number);
        }
    }

    /// The highest; of texts the last.
    fn highest(&self) -> Value {
        match &self.last {
            Value::Text(text) => Value::Text(text.clone()),
            Value::Number(_) => self.of(Function::Max),
        }
    }

    fn of(&self, function: Function) -> Value {
        Value::Number(match function {
            Function::Last => return self.last.clone(),
            Function::Max => self.most,
            Function::Min => self.least,
            Function::Sum => self.sum,
            Function::Mean => self.sum / exact(self.count),
        })
    }
}

/// Windows of labels.
type Windows = BTreeMap<(String, i128), Window>;

/// One field, and the labels of its series; a series without one isn't meant.
struct Part<'a> {
    labels: Vec<Option<String>>,
    figures: &'a [Figure],
}

/// Figures that a panel is about, each with its label.
pub(crate) struct Picked<'a> {
    view: &'a View,
    parts: Vec<Part<'a>>,
}

impl<'a> Picked<'a> {
    /// The figures of a field whose tags are meant, with a label made of the tags.
    pub(crate) fn new(
        store: &'a Store,
        view: &'a View,
        [measurement, field]: [&str; 2],
        is_meant: impl Fn(&Tags) -> bool,
        label: impl Fn(&Tags) -> String,
    ) -> Self {
        let labels = store.series().iter().map(|tags| is_meant(tags).then(|| label(tags))).collect();
        Self { view, parts: vec![Part { labels, figures: store.of(measurement, field) }] }
    }

    /// Those of other fields as well.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// All figures that are meant, field by field and in order of time, each with its label.
    fn figures(&self) -> impl Iterator<Item = (&str, &'a Figure)> {
        self.parts.iter().flat_map(|part| {
            let label = |figure: &'a Figure| Some((part.labels.get(figure.series)?.as_deref()?, figure));
            part.figures.iter().filter_map(label)
        })
    }

    /// Each series in the windows of `view`: its label, where the window begins, and what is in it.
    fn by_series(&self, view: &View) -> Vec<(String, usize, i128, Window)> {
        let mut all = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let mut windows: HashMap<(usize, i128), Window> = HashMap::new();
            for figure in part.figures.iter().filter(|figure| view.holds(figure.at)) {
                if part.labels.get(figure.series).is_some_and(Option::is_some) {
                    let key = (figure.series, view.window_of(figure.at));
                    windows.entry(key).or_insert_with(Window::new).take(&figure.value);
                }
            }
            for ((series, at), window) in windows {
                let label =
                    part.labels.get(series).cloned().flatten().expect("those that are meant have one");
                all.push((label, series * self.parts.len() + number, at, window));
            }
        }
        all.sort_by_key(|(_, series, at, _)| (*series, *at));
        all
    }

    /// `function` of each window of each series; of several of one label the highest.
    pub(crate) fn each(&self, function: Function) -> Shown {
        let mut windows = Windows::new();
        for (label, _, at, window) in self.by_series(self.view) {
            put(&mut windows, label, at, &window.of(function));
        }
        shown(self.view, &windows, 1.0)
    }

    /// The highest of each window, where it is above `above`.
    pub(crate) fn above(&self, above: f64) -> Shown {
        let mut highest = self.each(Function::Max);
        for value in highest.values_mut().filter(|value| value.parse().is_ok_and(|value: f64| value <= above))
        {
            value.clear();
        }
        let seen: BTreeSet<String> = highest
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|((label, _), _)| label.clone())
            .collect();
        highest.retain(|(label, _), _| seen.contains(label));
        highest
    }

    /// What was added in each whole window, per second, times `factor`; of several series of one label the most, or all.
    pub(crate) fn rate(&self, factor: f64, across: Function) -> Shown {
        let whole = |time: i128| time - time.rem_euclid(self.view.window);
        let [start, stop] = [self.view.start, self.view.stop].map(whole);
        // Of less than a window, all there is.
        let stop = if stop > start { stop } else { self.view.stop };
        let view = View { start, stop, ..self.view.clone() };
        let seconds = u32::try_from(view.window / SECOND).map_or(f64::MAX, f64::from);
        let mut windows: BTreeMap<(String, i128), f64> = BTreeMap::new();
        for (label, _, at, window) in self.by_series(&view) {
            let rate = window.sum * factor / seconds;
            let known = windows.entry((label, at)).or_default();
            *known = if matches!(across, Function::Sum) { *known + rate } else { known.max(rate) };
        }
        filled(&view, windows)
    }

    /// By how much counters rose from the last of one window to the last of the next; a fall is a start from 0.
    pub(crate) fn rises(&self) -> Shown {
        let view = View { start: self.view.start - self.view.window, ..self.view.clone() };
        let rose = self.steps(&view).into_iter().filter(|(_, at, ..)| self.view.holds(*at));
        let rose =
            rose.map(|(label, at, before, now)| ((label, at), if now < before { now } else { now - before }));
        told_where_known(&rose.collect())
    }

    /// By how much each rose from the last of one window to the last of the next, if it didn't fall.
    pub(crate) fn differences(&self) -> BTreeMap<(String, i128), f64> {
        let rose = self.steps(self.view).into_iter().filter(|(_, _, before, now)| now >= before);
        rose.map(|(label, at, before, now)| ((label, at), now - before)).collect()
    }

    /// From the last of one window to the last of the next of each series: label, beginning of the window, and both.
    fn steps(&self, view: &View) -> Vec<(String, i128, f64, f64)> {
        let mut steps = Vec::new();
        let mut before: Option<(usize, f64)> = None;
        for (label, series, at, window) in self.by_series(view) {
            let now = window.last.number();
            if let Some((_, last)) = before.filter(|(of, _)| *of == series) {
                steps.push((label, at, last, now));
            }
            before = Some((series, now));
        }
        steps
    }

    /// What there is in the chosen time, in order of time.
    pub(crate) fn within(&self) -> Vec<(String, i128, Value)> {
        let here = self.figures().filter(|(_, figure)| self.view.holds(figure.at));
        here.map(|(label, figure)| (label.to_owned(), figure.at, figure.value.clone())).collect()
    }

    /// How many there are in the chosen time, by windows.
    pub(crate) fn counted(&self) -> BTreeMap<i128, usize> {
        let mut counted = BTreeMap::new();
        for (_, _, at, window) in self.by_series(self.view) {
            *counted.entry(at).or_default() += window.count;
        }
        counted
    }

    /// The values at one snapshot, half a second wide, each with its label.
    pub(crate) fn at(&self, newest: Option<i128>) -> Vec<(String, Value)> {
        let Some(newest) = newest else { return Vec::new() };
        let of_snapshot = newest - SECOND / 2..=newest;
        let here = self.figures().filter(|(_, figure)| of_snapshot.contains(&figure.at));
        here.map(|(label, figure)| (label.to_owned(), figure.value.clone())).collect()
    }

    /// The last value of each series within so long before now.
    pub(crate) fn last(&self, back: i128) -> Vec<(String, i128, Value)> {
        let recent = self.view.recent(back);
        let mut last: BTreeMap<(&str, usize), &Figure> = BTreeMap::new();
        for (label, figure) in self.figures().filter(|(_, figure)| recent.contains(&figure.at)) {
            last.insert((label, figure.series), figure);
        }
        last.into_iter().map(|((label, _), it)| (label.to_owned(), it.at, it.value.clone())).collect()
    }
}

fn put(windows: &mut Windows, label: String, at: i128, value: &Value) {
    windows.entry((label, at)).or_insert_with(Window::new).take(value);
}

/// Every window of every label that has any: those without a value are told as well.
fn shown(view: &View, windows: &Windows, factor: f64) -> Shown {
    let mut shown = Shown::new();
    let mut before: Option<&str> = None;
    for (label, _) in windows.keys().filter(|(label, _)| before.replace(label) != Some(label)) {
        for at in view.windows() {
            let window = windows.get(&(label.clone(), at));
            let value = window.map_or_else(String::new, |window| told(&window.highest(), factor));
            shown.insert((label.clone(), rfc3339(at)), value);
        }
    }
    shown
}

/// Numbers of windows, those without any among them.
pub(crate) fn filled(view: &View, numbers: BTreeMap<(String, i128), f64>) -> Shown {
    let mut windows = Windows::new();
    for ((label, at), number) in numbers {
        put(&mut windows, label, at, &Value::Number(number));
    }
    shown(view, &windows, 1.0)
}

/// Numbers of windows; an empty cell where another label has one.
pub(crate) fn told_where_known(numbers: &BTreeMap<(String, i128), f64>) -> Shown {
    let labels: BTreeSet<&String> = numbers.keys().map(|(label, _)| label).collect();
    let times: BTreeSet<i128> = numbers.keys().map(|(_, at)| *at).collect();
    let mut shown = Shown::new();
    for (label, at) in labels.iter().flat_map(|label| times.iter().map(|at| ((*label).clone(), *at))) {
        let value = numbers.get(&(label.clone(), at)).map_or_else(String::new, f64::to_string);
        shown.insert((label, rfc3339(at)), value);
    }
    shown
}

/// A value as text.
pub(crate) fn told(value: &Value, factor: f64) -> String {
    match value {
        Value::Number(number) => (number * factor).to_string(),
        Value::Text(text) => text.clone(),
    }
}
