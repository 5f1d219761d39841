//! UCI, the syntax of OpenWrt's `/etc/config`.
//!
//! Read as libuci reads it (`uci_import()` in uci's file.c, `uci_set()` and `uci_add_list()` in its list.c), with three
//! differences for the sake of a broken file: options after a broken `config` go to no section instead of the one
//! before, a quote that is never closed costs its own line instead of the rest of the file, and a `;` separates
//! commands wherever it stands outside quotes. All packages of a text count as one.

mod scanner;

use std::collections::BTreeMap;

use super::{LineError, LineErrorKind, lines};
use scanner::Scanner;

/// How many sections are kept at most.
pub const SECTIONS_AT_MOST: usize = 16_384;
/// How many values a section keeps at most: an option has one, a list one per item.
pub const VALUES_AT_MOST: usize = 256;
/// How long a word or a value may be, in bytes.
pub const LONGEST: usize = 4096;
/// How many errors are reported of one text.
pub const ERRORS_AT_MOST: usize = 64;

const TOO_MANY: LineErrorKind = LineErrorKind::TooMany { sections: SECTIONS_AT_MOST, values: VALUES_AT_MOST };

/// What a text holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Its sections, in order.
    pub sections: Vec<Section>,
    /// What couldn't be understood and was passed over: the first [`ERRORS_AT_MOST`].
    pub errors: Vec<LineError>,
}

/// One section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The line of its `config`, counted from 1.
    pub line: usize,
    /// What it is about, such as `host`.
    pub kind: Vec<u8>,
    /// What it is called, if it is.
    pub name: Option<Vec<u8>>,
    /// Its options, each key once.
    pub options: Vec<(Vec<u8>, Value)>,
}

/// What an option is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One value: `option`.
    Option(Vec<u8>),
    /// Several: `list`.
    List(Vec<Vec<u8>>),
}

/// Understands a whole text.
pub fn parse(text: &[u8]) -> Config {
    let mut reader = Reader::default();
    let mut scanner = Scanner::new(text);
    while scanner.next_command() {
        let start = scanner;
        if let Err(kind) = reader.command(&mut scanner) {
            note(&mut reader.config.errors, start.line(), kind);
            if kind == LineErrorKind::UnclosedQuote {
                scanner = start;
            }
            scanner.skip_line();
        }
    }
    reader.config
}

/// Takes note of what is wrong with a record, unless [`ERRORS_AT_MOST`] were noted before.
pub(super) fn note(errors: &mut Vec<LineError>, line: usize, kind: LineErrorKind) {
    if errors.len() < ERRORS_AT_MOST {
        errors.push(LineError { line, kind });
    }
}

impl Section {
    /// Every value of `key`: an option's one, or a list's items.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        let found = self.options.iter().find(|(known, _)| known == key.as_bytes());
        let values = found.map_or(&[][..], |(_, value)| match value {
            Value::Option(one) => std::slice::from_ref(one),
            Value::List(items) => items,
        });
        values.iter().map(Vec::as_slice)
    }

    /// The words of every value of `key`: OpenWrt's scripts take `option mac 'A B'` for two, as they do a list.
    pub fn words(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        self.values(key).flat_map(lines::words)
    }

    fn is_full(&self) -> bool {
        let count = |(_, value): &(Vec<u8>, Value)| match value {
            Value::Option(_) => 1,
            Value::List(items) => items.len(),
        };
        self.options.iter().map(count).sum::<usize>() >= VALUES_AT_MOST
    }

    /// An empty value unsets, as for libuci.
    fn set(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), LineErrorKind> {
        if value.is_empty() {
            self.options.retain(|(known, _)| *known != key);
        } else if let Some((_, old)) = self.options.iter_mut().find(|(known, _)| *known == key) {
            *old = Value::Option(value);
        } else if self.is_full() {
            return Err(TOO_MANY);
        } else {
            self.options.push((key, Value::Option(value)));
        }
        Ok(())
    }

    /// An option that becomes a list is its first item.
    fn add(&mut self, key: Vec<u8>, item: Vec<u8>) -> Result<(), LineErrorKind> {
        if self.is_full() {
            return Err(TOO_MANY);
        }
        match self.options.iter_mut().find(|(known, _)| *known == key) {
            Some((_, Value::List(items))) => items.push(item),
            Some((_, value @ Value::Option(_))) => {
                if let Value::Option(first) = std::mem::replace(value, Value::List(Vec::new())) {
                    *value = Value::List(vec![first, item]);
                }
            }
            None => self.options.push((key, Value::List(vec![item]))),
        }
        Ok(())
    }
}

#[derive(Default)]
struct Reader {
    config: Config,
    /// Where the section is that options go to.
    current: Option<usize>,
    /// Where the section of a name is: a second one of that name adds to it.
    names: BTreeMap<Vec<u8>, usize>,
}

impl Reader {
    /// Nothing is done before the whole command is understood.
    fn command(&mut self, scanner: &mut Scanner<'_>) -> Result<(), LineErrorKind> {
        let line = scanner.line();
        let keyword = scanner.keyword();
        // libuci takes the first letter for the word.
        let is = |word: &[u8]| keyword == word || word.get(..1) == Some(keyword);
        if is(b"config") {
            self.current = None;
        } else if !(is(b"option") || is(b"list") || is(b"package")) {
            return Err(LineErrorKind::UnknownCommand);
        }
        let (first, second) = (scanner.word()?, scanner.word()?);
        scanner.finish()?;
        if is(b"config") {
            self.current = Some(self.section(line, first, second)?);
        } else if is(b"option") {
            self.home(&first)?.set(first, second)?;
        } else if is(b"list") {
            self.home(&first)?.add(first, second)?;
        } else {
            is_made_of(&first, |byte| is_of_name(byte) || byte == b'-')?;
        }
        Ok(())
    }

    fn section(&mut self, line: usize, kind: Vec<u8>, name: Vec<u8>) -> Result<usize, LineErrorKind> {
        is_made_of(&kind, |byte| byte.is_ascii_graphic())?;
        let name = if name.is_empty() { None } else { Some(name) };
        if let Some(name) = &name {
            is_made_of(name, is_of_name)?;
            if let Some(&known) = self.names.get(name) {
                if let Some(section) = self.config.sections.get_mut(known) {
                    section.kind = kind;
                }
                return Ok(known);
            }
        }
        let index = self.config.sections.len();
        if index >= SECTIONS_AT_MOST {
            return Err(TOO_MANY);
        }
        if let Some(name) = &name {
            self.names.insert(name.clone(), index);
        }
        self.config.sections.push(Section { line, kind, name, options: Vec::new() });
        Ok(index)
    }

    fn home(&mut self, key: &[u8]) -> Result<&mut Section, LineErrorKind> {
        is_made_of(key, is_of_name)?;
        let section = self.current.and_then(|index| self.config.sections.get_mut(index));
        section.ok_or(LineErrorKind::OutsideSection)
    }
}

/// `uci_validate_str()` in uci's util.c.
fn is_made_of(word: &[u8], allowed: impl Fn(u8) -> bool) -> Result<(), LineErrorKind> {
    if word.is_empty() {
        Err(LineErrorKind::MissingWord)
    } else if word.iter().all(|byte| allowed(*byte)) {
        Ok(())
    } else {
        Err(LineErrorKind::NameCharacters)
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests;
