//! What is wrong with a value or a key: serde's own messages in sentences that say what would be right.
//!
//! The one place that knows how serde and toml word their errors. Sentences of our own values pass as they are.

use toml::de::{DeTable, DeValue, Error};
use toml::{Spanned, Value};

use super::error::ParseError;
use super::known_keys::{KnownKeys, nearest};
use super::value::{cut, quoted};

/// Says what serde found wrong in the document that `text` holds.
pub(super) fn explain(text: &str, document: &DeTable<'_>, error: &Error) -> ParseError {
    let offset = error.span().map_or(0, |span| span.start);
    let message = error.message();
    let is = |kind: &str| message.starts_with(kind);
    let expected = message.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    let sentence = match (find(document, offset, Place::Key), find(document, offset, Place::Value)) {
        (Some(key), _) if is("unknown field ") => unknown_key(&key, &names_in(expected)),
        (Some(_), None) if is("unknown variant ") => "a table is not a value in quotes".to_owned(),
        (_, Some(value)) if is("unknown variant ") => unknown_word(&value, &names_in(expected)),
        // A date is a table to serde, with a key of toml's own.
        (_, Some(value)) if is("unknown field ") => wrong_type(&value, "a table"),
        (_, Some(value)) if is("invalid ") => wrong_type(&value, expected),
        // An enum that isn't given as a text.
        (_, Some(value)) if is("wanted ") || is("expected ") => wrong_type(&value, "a string"),
        (_, Some(value)) if message.ends_with("number overflowed") => {
            format!("{} is too large", shown(value.value))
        }
        _ => message.to_owned(),
    };
    ParseError::at(text, offset, &sentence)
}

/// Refuses dates in place of sections: serde takes a date for a table, and so `[tags]` would.
pub(super) fn refuse_dates(text: &str, document: &DeTable<'_>) -> Result<(), ParseError> {
    let Some((key, date)) = document.iter().find(|(_, value)| value.get_ref().is_datetime()) else {
        return Ok(());
    };
    let found = Found { path: vec![key.get_ref()], value: date.get_ref() };
    Err(ParseError::at(text, date.span().start, &wrong_type(&found, "a table")))
}

/// A value in a document, with the keys that lead to it.
struct Found<'a> {
    path: Vec<&'a str>,
    value: &'a DeValue<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where the key begins, of which it is the value.
    Key,
    /// Where it begins itself.
    Value,
}

/// Finds the outermost value whose place is at a byte.
fn find<'a>(table: &'a DeTable<'a>, offset: usize, place: Place) -> Option<Found<'a>> {
    table.iter().find_map(|(key, value)| {
        let mut found = if place == Place::Key && key.span().start == offset {
            Found { path: Vec::new(), value: value.get_ref() }
        } else {
            find_within(value, offset, place)?
        };
        found.path.insert(0, key.get_ref());
        Some(found)
    })
}

fn find_within<'a>(value: &'a Spanned<DeValue<'a>>, offset: usize, place: Place) -> Option<Found<'a>> {
    if place == Place::Value && value.span().start == offset {
        return Some(Found { path: Vec::new(), value: value.get_ref() });
    }
    match value.get_ref() {
        DeValue::Table(table) => find(table, offset, place),
        DeValue::Array(elements) => elements.iter().find_map(|one| find_within(one, offset, place)),
        _ => None,
    }
}

/// The names between backticks in a message of serde's.
fn names_in(expected: &str) -> Vec<&str> {
    expected.split('`').skip(1).step_by(2).collect()
}

fn unknown_key(found: &Found<'_>, expected: &[&str]) -> String {
    let known = KnownKeys::new();
    let Some((key, above)) = found.path.split_last() else { return String::new() };
    let section = above.first().copied();
    if section.is_some() && found.value.is_table() && known.is_section([*key]) {
        return format!("[{key}] is a section of its own: it can't be within another");
    }
    if let Some((home, _)) = known.keys().find(|(home, name)| name == key && *home != section) {
        return match home {
            None => format!("{key} belongs above the first [section]"),
            Some(home) if known.is_section([home, key]) => format!("[{home}.{key}] would be right"),
            Some(home) => format!("{key} belongs below [{home}]"),
        };
    }
    // Where there are keys and sections, it shows which of them is meant.
    let names_section = |name: &str| known.is_section(above.iter().copied().chain([name]));
    let is_section = found.value.is_table() && expected.iter().any(|name| names_section(name));
    let written = |name: &str| {
        let path: Vec<&str> = above.iter().copied().chain([name]).collect();
        if is_section { format!("[{}]", path.join(".")) } else { name.to_owned() }
    };
    let expected: Vec<&str> =
        expected.iter().copied().filter(|name| names_section(name) == is_section).collect();
    let all: Vec<String> = expected.iter().map(|name| written(name)).collect();
    let hint = match nearest(key, expected) {
        Some(nearest) => format!(": did you mean {}?", written(nearest)),
        None if is_section => String::new(),
        None => elsewhere(&known, key),
    };
    let what = if is_section { "section" } else { "key" };
    format!("the {what} {} is none of {}{hint}", quoted(key), all.join(", "))
}

/// The key of another section that may be meant.
fn elsewhere(known: &KnownKeys, key: &str) -> String {
    let nearest = nearest(key, known.keys().map(|(_, name)| name));
    match known.keys().find(|(_, name)| Some(*name) == nearest) {
        Some((Some(home), name)) if known.is_section([home, name]) => {
            format!(": did you mean [{home}.{name}]?")
        }
        Some((Some(home), name)) => format!(": did you mean {name} below [{home}]?"),
        Some((None, name)) => format!(": did you mean {name} above the first [section]?"),
        None => String::new(),
    }
}

fn unknown_word(found: &Found<'_>, expected: &[&str]) -> String {
    let Some(word) = found.value.as_str() else { return wrong_type(found, "a string") };
    let all: Vec<String> = expected.iter().map(|word| format!("{word:?}")).collect();
    let hint = nearest(word, expected.iter().copied());
    let hint = hint.map_or_else(String::new, |nearest| format!(": did you mean {nearest:?}?"));
    format!("{} is none of {}{hint}", quoted(word), all.join(", "))
}

/// What is given is not what was expected, in serde's words or in those of a visitor of ours.
fn wrong_type(found: &Found<'_>, expected: &str) -> String {
    let known = KnownKeys::new();
    let default = known.default_of(found.path.iter().copied());
    let list = default.and_then(Value::as_array).filter(|list| !list.is_empty());
    let expected = match expected {
        "a string" => {
            let example = list.and_then(|list| list.first()).or(default).filter(|example| example.is_str());
            let example = example.map_or_else(String::new, |example| format!(", such as {example}"));
            format!("a value in quotes{example}")
        }
        "a sequence" => {
            let example: Value = list.map_or_else(|| vec!["one".into(), "two".into()], Clone::clone).into();
            format!("a list in brackets, such as {example}")
        }
        "a boolean" => "true or false".to_owned(),
        "a table" => {
            format!("a table: [{}] on a line of its own", cut(&found.path.join(".")))
        }
        other => other.to_owned(),
    };
    format!("{} is not {expected}", shown(found.value))
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => cut(&number.to_string()),
        DeValue::Float(number) => cut(&number.to_string()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
