//! What is no TOML at all: the likeliest mistakes in sentences that say what to write instead.
//!
//! The parser says where it stopped; the line there usually shows what was meant: another language of configuration
//! (UCI, YAML), a missing quote, the quotes of a word processor.

use toml::de::{DeValue, Error};

use super::error::ParseError;
use super::known_keys::{KnownKeys, unquoted};
use super::value::cut;

/// Quotes as word processors and web pages make them.
pub(super) const CURLY: [char; 9] = ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»'];

/// Says what the first in the text of the parser's errors is about; `None` without errors.
pub(super) fn explain(text: &str, errors: &[Error]) -> Option<ParseError> {
    let place = |error: &Error| error.span().map_or(0..0, |span| span);
    let error = errors.iter().min_by_key(|error| place(error).start)?;
    let (span, message) = (place(error), error.message());
    if message == "duplicate key" {
        let name = cut(text.get(span.clone()).unwrap_or_default().trim());
        return Some(ParseError::at(
            text,
            span.start,
            &format!("{name} stands there twice: once would be right"),
        ));
    }
    let line = Line::at(text, span.start);
    let (column, sentence) = line.hint(message).unwrap_or_else(|| (line.column, in_plain_words(message)));
    Some(ParseError::at(text, line.start + column, &sentence))
}

/// The parser's words for what no hint fits.
fn in_plain_words(message: &str) -> String {
    let known = [
        ("key with no value", "a line is made of a key, \"=\" and a value: \"=\" would be right here"),
        (
            "unexpected key or value",
            "nothing but a comment may follow here: what is next needs a line of its own",
        ),
        ("string values must be quoted", "a text must stand in quotes"),
        (
            "missing escaped value",
            "within double quotes \"\\\" must be written twice; within single quotes once",
        ),
        ("unquoted keys cannot be empty", "a name is missing here"),
        ("invalid unquoted key", "a key is made of letters without accents, digits, \"_\" and \"-\""),
    ];
    let sentence = known.into_iter().find(|(theirs, _)| message.starts_with(theirs));
    sentence.map_or(message, |(_, ours)| ours).to_owned()
}

/// A line of the text, and where in it the parser stopped.
struct Line<'a> {
    text: &'a str,
    /// The byte of the whole text at which it begins.
    start: usize,
    /// The byte of the line.
    column: usize,
    /// The section that the line is in, judged by the lines above.
    section: Option<&'a str>,
}

/// The byte of the line where it is wrong, and a sentence.
type Hint = (usize, String);

impl<'a> Line<'a> {
    fn at(text: &'a str, offset: usize) -> Self {
        let (before, after) = text.split_at_checked(offset).unwrap_or((text, ""));
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = before.len() + after.find('\n').unwrap_or(after.len());
        let header =
            |line: &'a str| line.trim().strip_prefix('[')?.trim_start_matches('[').split([']', ' ']).next();
        Self {
            text: text.get(start..end).unwrap_or_default().trim_end(),
            start,
            column: before.len().saturating_sub(start),
            section: text.get(..start).unwrap_or_default().lines().rev().find_map(header),
        }
    }

    fn hint(&self, message: &str) -> Option<Hint> {
        self.comment()
            .or_else(|| self.curly_quotes(message))
            .or_else(|| self.no_assignment(message))
            .or_else(|| self.never_closed(message))
            .or_else(|| self.value(message))
    }

    /// The text up to a comment.
    fn code(&self) -> &'a str {
        let end = [" #", " ;"].into_iter().filter_map(|mark| self.text.find(mark)).min();
        self.text.get(..end.unwrap_or(self.text.len())).unwrap_or_default().trim_end()
    }

    /// What begins where the parser stopped.
    fn rest(&self) -> &'a str {
        self.text.get(self.column..).unwrap_or_default()
    }

    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    /// How a key would rightly be set in this section.
    fn instead(&self, key: &str, given: &str) -> String {
        format!("{} would be right", KnownKeys::new().assignment(self.section, key, given))
    }

    fn comment(&self) -> Option<Hint> {
        let begins = |mark: &str| self.text.trim_start().starts_with(mark);
        let (place, mark) = match [";", "//"].into_iter().find(|mark| begins(mark)) {
            Some(mark) => (self.indent(), mark),
            None if self.rest().starts_with(';') => (self.column, ";"),
            None => return None,
        };
        Some((place, format!("a comment begins with \"#\", not with {mark:?}")))
    }

    fn curly_quotes(&self, message: &str) -> Option<Hint> {
        let code = self.code();
        let is_end = is_open_string(message) && code.ends_with(CURLY);
        if !is_end && !self.rest().starts_with(CURLY) {
            return None;
        }
        let instead = match code.split_once('=') {
            Some((key, value)) => self.instead(unquoted(key), value),
            None => "straight ones such as in \"30s\" would be right".to_owned(),
        };
        Some((code.find(CURLY)?, format!("these quotes are curly: {instead}")))
    }

    /// A line that begins with no key and `=`.
    fn no_assignment(&self, message: &str) -> Option<Hint> {
        if !["key with no value", "invalid unquoted key"].iter().any(|theirs| message.starts_with(theirs)) {
            return None;
        }
        let code = self.code().trim_start();
        let (first, rest) = code.split_once(char::is_whitespace).unwrap_or((code, ""));
        if ["config", "option", "list"].contains(&first) && !rest.trim_start().starts_with('=') {
            return Some((self.indent(), self.uci(first, rest.trim_start())));
        }
        if let Some((key, value)) = code.split_once(':') {
            let value = value.trim_start_matches('=').trim();
            if is_bare(key.trim()) && !value.contains('=') {
                return Some((self.indent() + key.len(), self.yaml(key.trim(), value)));
            }
        }
        if let Some(name) = code.strip_suffix(']').filter(|name| is_bare(name)) {
            return Some((self.indent(), in_brackets(name)));
        }
        let is_section = KnownKeys::new().is_section(first.split('.')) && ["", "{"].contains(&rest);
        match (is_section, is_bare(first) && !rest.contains('=')) {
            (true, _) => Some((self.indent(), in_brackets(first))),
            (false, true) => {
                let instead = self.instead(first, rest);
                Some((self.column, format!("{} needs \"=\" and a value: {instead}", cut(first))))
            }
            (false, false) => None,
        }
    }

    /// `option interval '30s'`, `list interfaces 'br-lan'`, `config telegraf`: OpenWrt's own form.
    fn uci(&self, verb: &str, rest: &str) -> String {
        let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let name = unquoted(name);
        let instead = match verb {
            "config" => format!("[{}] would be right", cut(name)),
            _ => self.instead(name, value),
        };
        format!("this is the form of the files in /etc/config, not TOML: {instead}")
    }

    /// `interval: "30s"`.
    fn yaml(&self, key: &str, value: &str) -> String {
        if value.is_empty() && KnownKeys::new().is_section(key.split('.')) {
            return in_brackets(key);
        }
        format!("a key and its value are joined by \"=\", not by \":\": {}", self.instead(key, value))
    }

    /// What was opened in this line, or in one above.
    fn never_closed(&self, message: &str) -> Option<Hint> {
        let sentence = match message {
            "unclosed table, expected `]`" | "unclosed array, expected `]`" => "the closing ] is missing",
            "unclosed inline table, expected `}`" => "the closing } is missing",
            _ if message.starts_with("missing key for inline table") => "the closing } is missing",
            _ if is_open_string(message) && message.contains('\'') => "the closing ' is missing",
            _ if is_open_string(message) => "the closing \" is missing",
            _ if message.starts_with("missing comma") && self.begins_something_else() => {
                "the list above is not closed: \"]\" is missing at its end"
            }
            _ if message.starts_with("missing comma") => "a comma is missing between the elements of a list",
            _ => return None,
        };
        Some((self.column, sentence.to_owned()))
    }

    /// Whether the line begins as no element of a list does.
    fn begins_something_else(&self) -> bool {
        let begun = self.text.trim_start();
        let is_key = begun.split_once('=').is_some_and(|(key, _)| is_bare(key.trim()));
        self.column <= self.indent() && (begun.starts_with('[') || is_key)
    }

    /// What stands behind `=`.
    fn value(&self, message: &str) -> Option<Hint> {
        let (key, value) = self.code().split_once('=')?;
        let place = key.len() + 1 + (value.len() - value.trim_start().len());
        let (key, value) = (key.trim(), value.trim());
        let quotes = ['"', '\''];
        if value.is_empty() {
            return Some((self.column, format!("{} has no value: {}", cut(key), self.instead(key, ""))));
        }
        if value.starts_with('=') {
            return Some((self.column, format!("one \"=\" is enough: {}", self.instead(key, ""))));
        }
        if message.starts_with("missing opening quote") {
            let quote = value.chars().next_back().filter(|last| quotes.contains(last)).unwrap_or('"');
            return Some((place, format!("the opening {quote} is missing: {}", self.instead(key, value))));
        }
        if value.starts_with('[') && message.starts_with("string values must be quoted") {
            let sentence =
                format!("the elements of a list must stand in quotes: {}", self.instead(key, value));
            return Some((self.column, sentence));
        }
        let is_bare_value = !value.starts_with(['[', '{']) && !value.contains(quotes) && !value.contains('=');
        if is_bare_value && DeValue::parse(value).is_err() {
            let known = KnownKeys::new();
            let wrong = known.expected_instead_of_bare(self.section, key);
            return Some((place, format!("{} {wrong}: {}", cut(value), self.instead(key, value))));
        }
        None
    }
}

fn in_brackets(section: &str) -> String {
    format!("the name of a section stands in brackets: [{}] would be right", cut(section))
}

fn is_open_string(message: &str) -> bool {
    message.ends_with("string, expected `\"`") || message.ends_with("string, expected `'`")
}

/// Whether a text is a key that needs no quotes, or several joined by dots.
fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|char| char.is_ascii_alphanumeric() || "_-.".contains(char))
}
