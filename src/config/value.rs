//! What the values of all sections have in common: how a bad one is told, and those that aren't texts.
//!
//! A value that is written as a text is a newtype with `#[serde(try_from = "String")]`, whose [`ValueError`] says in one
//! sentence what would be right; `toml` adds where it stands.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

/// How many characters of a value messages show.
const SHOWN: usize = 80;

/// A value that can't be used, and what would be right, in one sentence without a newline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(String);

impl ValueError {
    /// Something else was expected, which `expected` describes, to end "… is not".
    pub fn is_not(given: &str, expected: &str) -> Self {
        Self(format!("{} is not {expected}", quoted(given)))
    }
}

impl From<String> for ValueError {
    fn from(sentence: String) -> Self {
        Self(sentence)
    }
}

/// A text in quotes, as messages show it: in one line, and cut where it is long.
pub fn quoted(text: &str) -> String {
    format!("{:?}", cut(text))
}

/// A text of which messages show no more than the beginning.
pub(super) fn cut(text: &str) -> String {
    let rest = text.char_indices().nth(SHOWN).map(|(end, _)| end);
    rest.and_then(|end| text.get(..end)).map_or_else(|| text.to_owned(), |shown| format!("{shown}…"))
}

/// Reads a whole number within `allowed`, which `expected` describes, to end "… is not".
pub fn whole_number<'de, D: Deserializer<'de>>(
    deserializer: D,
    allowed: RangeInclusive<usize>,
    expected: &'static str,
) -> Result<usize, D::Error> {
    deserializer.deserialize_any(WholeNumber { allowed, expected })
}

struct WholeNumber {
    allowed: RangeInclusive<usize>,
    expected: &'static str,
}

impl Visitor<'_> for WholeNumber {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_i64<E: Error>(self, given: i64) -> Result<usize, E> {
        let number = usize::try_from(given).ok().filter(|number| self.allowed.contains(number));
        number.ok_or_else(|| E::invalid_value(Unexpected::Signed(given), &self))
    }
}

/// Reads a number with or without a fraction, within `allowed`, which `expected` describes, to end "… is not".
pub fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
    allowed: RangeInclusive<f64>,
    expected: &'static str,
) -> Result<f64, D::Error> {
    deserializer.deserialize_any(Number { allowed, expected })
}

struct Number {
    allowed: RangeInclusive<f64>,
    expected: &'static str,
}

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_f64<E: Error>(self, given: f64) -> Result<f64, E> {
        let fits = self.allowed.contains(&given);
        if fits { Ok(given) } else { Err(E::invalid_value(Unexpected::Float(given), &self)) }
    }

    fn visit_i64<E: Error>(self, given: i64) -> Result<f64, E> {
        #[expect(clippy::cast_precision_loss, reason = "what is too large to be exact is too large anyway")]
        let number = given as f64;
        let fits = self.allowed.contains(&number);
        if fits { Ok(number) } else { Err(E::invalid_value(Unexpected::Signed(given), &self)) }
    }
}

/// Reads a list so that an error points at the element that is wrong: toml adds the place of what is in a newtype, where
/// that of a bare element whose `try_from` fails would be that of the whole list.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Element<T>(T);

    let elements: Vec<Element<T>> = Vec::deserialize(deserializer)?;
    Ok(elements.into_iter().map(|Element(value)| value).collect())
}

/// Reads a section: a table and nothing else, where a derived `Deserialize` alone would also take a list of the values in
/// the order of the fields.
pub(super) fn section<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(Section(PhantomData))
}

struct Section<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Section<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
        assert_eq!(quoted(&"ü".repeat(80)), format!("\"{}\"", "ü".repeat(80)));
        assert_eq!(quoted(&"ü".repeat(81)), format!("\"{}…\"", "ü".repeat(80)));
    }
}
