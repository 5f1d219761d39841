//! Tables of TOML, of which one key after another is taken; what is left over is a mistake.
//!
//! Not by serde's derived code, which for this configuration was a ninth of the router's program.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// A value as it is written, and where.
pub(super) type Given<'a> = Spanned<DeValue<'a>>;

/// What is wrong.
#[derive(Debug)]
pub(super) struct Mistake {
    /// The byte of the text where it begins.
    pub(super) offset: usize,
    /// What is wrong and what would be right.
    pub(super) problem: String,
}

impl Mistake {
    pub(super) fn at<T>(place: &Spanned<T>, problem: String) -> Self {
        Self { offset: place.span().start, problem }
    }

    /// Something else was wanted.
    pub(super) fn instead(given: &Given<'_>, wanted: &str) -> Self {
        let shown = match given.get_ref() {
            DeValue::String(text) => format!("{text:?}"),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        Self::at(given, format!("{shown} is not {wanted}"))
    }

    fn of_syntax(error: &Error) -> Self {
        let problem = match error.message() {
            "duplicate key" => "this key or table stands there twice: once would be right".to_owned(),
            message => message.replace('\n', ", "),
        };
        Self { offset: error.span().map_or(0, |span| span.start), problem }
    }
}

/// What can be made of a value.
pub(super) trait Read: Sized {
    /// Makes it.
    fn read(given: &Given<'_>) -> Result<Self, Mistake>;
}

/// What is written as a text.
pub(super) trait Text: Sized {
    /// What would be right, to end "… is not".
    const WANTED: &'static str;

    /// Makes it, or says what is wrong.
    fn parse(text: &str) -> Result<Self, String>;
}

impl<T: Text> Read for T {
    fn read(given: &Given<'_>) -> Result<Self, Mistake> {
        match given.get_ref() {
            DeValue::String(text) => Self::parse(text).map_err(|problem| Mistake::at(given, problem)),
            _ => Err(Mistake::instead(given, Self::WANTED)),
        }
    }
}

/// Reads a list of texts.
pub(super) fn list<T: Text>(given: &Given<'_>) -> Result<Vec<T>, Mistake> {
    match given.get_ref() {
        DeValue::Array(elements) => elements.iter().map(T::read).collect(),
        _ => Err(Mistake::instead(given, "a list of strings in brackets, such as [\"one\", \"two\"]")),
    }
}

/// Reads a whole number within `allowed`.
pub(super) fn whole(
    given: &Given<'_>,
    wanted: &str,
    allowed: RangeInclusive<usize>,
) -> Result<usize, Mistake> {
    let number = match given.get_ref() {
        DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let right = number.filter(|number| allowed.contains(number));
    right.ok_or_else(|| Mistake::instead(given, wanted))
}

/// Looks for a word among those that mean something.
pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        format!("{text:?} is none of {}", words.join(", "))
    })
}

/// A table while its keys are taken.
pub(super) struct Table<'a> {
    entries: DeTable<'a>,
    keys: Vec<&'static str>,
    first: Option<Mistake>,
}

impl<'a> Table<'a> {
    /// Understands a whole text.
    pub(super) fn parse(text: &'a str) -> Result<Self, Mistake> {
        let entries = DeTable::parse(text).map_err(|error| Mistake::of_syntax(&error))?;
        Ok(Self::new(entries.into_inner()))
    }

    fn new(entries: DeTable<'a>) -> Self {
        Self { entries, keys: Vec::new(), first: None }
    }

    /// Sets `into` to what stands at a key, if it is there.
    pub(super) fn take<T: Read>(&mut self, key: &'static str, into: &mut T) {
        self.take_by(key, into, T::read);
    }

    /// Sets `into` to what `read` makes of what stands at a key, if it is there.
    pub(super) fn take_by<T>(
        &mut self,
        key: &'static str,
        into: &mut T,
        read: impl FnOnce(&Given<'_>) -> Result<T, Mistake>,
    ) {
        let Some(given) = self.remove(key) else { return };
        match read(&given) {
            Ok(value) => *into = value,
            Err(mistake) => self.note(mistake),
        }
    }

    /// Takes the keys of a table within this one, if it is there.
    pub(super) fn section(&mut self, key: &'static str, take: impl FnOnce(&mut Table<'a>)) {
        let Some(given) = self.remove(key) else { return };
        let outcome = if given.get_ref().is_table() {
            let DeValue::Table(entries) = given.into_inner() else { return };
            let mut section = Self::new(entries);
            take(&mut section);
            section.finish()
        } else {
            Err(Mistake::instead(&given, &format!("a table: [{key}] on a line of its own")))
        };
        if let Err(mistake) = outcome {
            self.note(mistake);
        }
    }

    fn remove(&mut self, key: &'static str) -> Option<Given<'a>> {
        self.keys.push(key);
        self.entries.remove(key)
    }

    /// Keeps the mistake that stands first in the text.
    fn note(&mut self, mistake: Mistake) {
        if self.first.as_ref().is_none_or(|first| mistake.offset < first.offset) {
            self.first = Some(mistake);
        }
    }

    /// Says the first mistake, among them keys that nobody has taken.
    pub(super) fn finish(mut self) -> Result<(), Mistake> {
        let known = self.keys.join(", ");
        for key in std::mem::take(&mut self.entries).keys() {
            let problem = format!("the key {:?} is none of {known}", key.get_ref());
            self.note(Mistake::at(key, problem));
        }
        self.first.map_or(Ok(()), Err)
    }
}
