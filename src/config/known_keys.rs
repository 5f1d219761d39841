//! Which keys there are, in which sections, and what each is unless it is set: what hints are made of.

use toml::{Table, Value};

use super::Config;
use super::hints::CURLY;
use super::value::cut;

/// Keys longer than this are meant for none of ours, and comparing them takes time.
const LONGEST_COMPARED: usize = 40;

/// The default configuration as a table, which holds every key.
pub(super) struct KnownKeys(Table);

impl KnownKeys {
    /// All of them.
    pub(super) fn new() -> Self {
        Self(Table::try_from(Config::default()).unwrap_or_default())
    }

    /// Whether the key at a path is that of a section.
    pub(super) fn is_section<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> bool {
        self.default_of(path).is_some_and(Value::is_table)
    }

    /// What the key at a path is by default.
    pub(super) fn default_of<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Value> {
        let mut path = path.into_iter();
        let first = self.0.get(path.next()?)?;
        path.try_fold(first, |value, key| value.get(key))
    }

    /// Keys beside the sections that they stand in; above the first section, that is none.
    pub(super) fn keys(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.0.iter().flat_map(|(name, value)| {
            let within = value.as_table().into_iter().flat_map(Table::keys);
            let above = Some((None, &**name)).filter(|_| !value.is_table());
            above.into_iter().chain(within.map(move |key| (Some(&**name), &**key)))
        })
    }

    /// How a key of a section is set, written rightly: to what was `given`, or to its default.
    pub(super) fn assignment(&self, section: Option<&str>, key: &str, given: &str) -> String {
        let default = self.default_of(path(section, key));
        let given = given.trim();
        let value = match default {
            Some(default) if given.is_empty() => default.clone(),
            None if given.is_empty() => "…".into(),
            Some(Value::Array(list)) if list.first().is_some_and(|element| !element.is_str()) => {
                Value::Array(list.clone())
            }
            Some(Value::Array(_)) => {
                let elements = given.trim_matches(['[', ']']).split(',').map(unquoted);
                let elements = elements.filter(|element| !element.is_empty()).take(4);
                Value::Array(elements.map(|element| cut(element).into()).collect())
            }
            Some(default @ Value::Boolean(_)) => switch(unquoted(given)).map_or(default.clone(), Value::from),
            Some(default @ Value::Integer(_)) => {
                let number = unquoted(given).parse::<i64>();
                number.map_or(default.clone(), Value::from)
            }
            Some(default @ Value::Float(_)) => {
                let number =
                    unquoted(given).replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
                number.map_or(default.clone(), Value::from)
            }
            _ => Value::from(cut(unquoted(given))),
        };
        format!("{} = {value}", cut(key))
    }

    /// What is wrong with a value that is neither quoted nor a number, `true` or `false`: to be said behind it.
    pub(super) fn expected_instead_of_bare(&self, section: Option<&str>, key: &str) -> &'static str {
        match self.default_of(path(section, key)) {
            Some(Value::Boolean(_)) => "is neither true nor false",
            Some(Value::Integer(_)) => "is no whole number",
            Some(Value::Float(_)) => "is no number",
            _ => "must stand in quotes",
        }
    }
}

/// The keys that lead to one of a section, which may be within another.
fn path<'a>(section: Option<&'a str>, key: &'a str) -> impl Iterator<Item = &'a str> {
    section.into_iter().flat_map(|section| section.split('.')).chain(key.split('.'))
}

/// What to write instead of a word that isn't among `allowed`: the likeliest of these.
pub(super) fn nearest<'a>(given: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > LONGEST_COMPARED {
        return None;
    }
    let given = given.to_lowercase();
    let distances = allowed.into_iter().map(|word| (strsim::damerau_levenshtein(&given, word), word));
    let near = distances.filter(|(distance, word)| *distance <= (word.len() / 3).max(1));
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// A text without quotes of whatever kind around it.
pub(super) fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'', '`']).trim_matches(CURLY)
}

/// What other languages of configuration write for `true` and `false`.
fn switch(word: &str) -> Option<bool> {
    match word.to_lowercase().as_str() {
        "true" | "on" | "yes" | "enabled" | "1" => Some(true),
        "false" | "off" | "no" | "disabled" | "0" => Some(false),
        _ => None,
    }
}
