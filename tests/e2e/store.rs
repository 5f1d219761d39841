//! All points, plainly: as they are in the database, or as they were made up.

use std::collections::{BTreeMap, HashMap};

use crate::grafana::{SECOND, View};
use crate::influx::{Row, text, time};
use crate::servers::Servers;

/// Everything that there is, by measurement and field.
const ALL: &str = r#"
from(bucket: "network")
  |> range(start: -90d, stop: 1h)
  |> group(columns: ["_measurement", "_field"])
"#;

/// What isn't a tag.
const NO_TAGS: [&str; 9] =
    ["", "result", "table", "_start", "_stop", "_time", "_measurement", "_field", "_value"];

/// The tags of a series.
pub(crate) type Tags = BTreeMap<String, String>;

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Text(String),
}

impl Value {
    /// A number; a text is none.
    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => panic!("{text} is no number"),
        }
    }
}

/// A field of a point.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// In nanoseconds since 1970.
    pub(crate) at: i128,
    /// Which of the store's series it is of.
    pub(crate) series: usize,
    pub(crate) value: Value,
}

/// All figures.
#[derive(Default)]
pub(crate) struct Store {
    /// By measurement and field, in order of time.
    columns: HashMap<String, HashMap<String, Vec<Figure>>>,
    series: Vec<Tags>,
}

impl Store {
    /// Reads all that is in the database.
    pub(crate) fn read(servers: &Servers) -> Self {
        let mut store = Self::default();
        let mut known: BTreeMap<Tags, usize> = BTreeMap::new();
        for row in servers.query(ALL) {
            let is_tag = |(name, _): &(&String, &String)| !NO_TAGS.contains(&name.as_str());
            let tags: Tags =
                row.iter().filter(is_tag).map(|(name, value)| (name.clone(), value.clone())).collect();
            let series = *known.entry(tags.clone()).or_insert_with(|| store.series_of(tags));
            let figure = Figure { at: time(&row, "_time"), series, value: value(&row) };
            store.add(text(&row, "_measurement"), text(&row, "_field"), figure);
        }
        let columns = store.columns.values_mut().flat_map(HashMap::values_mut);
        columns.for_each(|column| column.sort_by_key(|figure| figure.at));
        store
    }

    /// Takes in a series; says which one it is.
    pub(crate) fn series_of(&mut self, tags: Tags) -> usize {
        self.series.push(tags);
        self.series.len() - 1
    }

    /// Takes in a figure, which is no older than those before of its field.
    pub(crate) fn add(&mut self, measurement: &str, field: &str, figure: Figure) {
        if !self.columns.contains_key(measurement) {
            self.columns.insert(measurement.to_owned(), HashMap::new());
        }
        let fields = self.columns.get_mut(measurement).expect("it is there");
        if let Some(column) = fields.get_mut(field) {
            column.push(figure);
        } else {
            fields.insert(field.to_owned(), vec![figure]);
        }
    }

    /// The figures of a field, in order of time.
    pub(crate) fn of(&self, measurement: &str, field: &str) -> &[Figure] {
        let column = self.columns.get(measurement).and_then(|fields| fields.get(field));
        column.map_or(&[], Vec::as_slice)
    }

    /// The tags of all series, by their numbers.
    pub(crate) fn series(&self) -> &[Tags] {
        &self.series
    }

    /// The newest snapshot: that of the exporter's last line of the last three intervals.
    pub(crate) fn newest(&self, view: &View) -> Option<i128> {
        let recent = view.recent(view.interval.max(30 * SECOND) * 3);
        let lines = self.of("conntrack_exporter", "sequence").iter().map(|figure| figure.at);
        lines.rev().find(|at| recent.contains(at))
    }
}

/// Numbers without a fraction are numbers as well.
fn value(row: &Row) -> Value {
    let text = text(row, "_value");
    text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Number)
}
