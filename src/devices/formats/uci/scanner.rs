//! UCI's words: quotes, escapes, comments, and what ends a command.

use super::{LONGEST, LineErrorKind};

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
    line: usize,
}

/// A word in the making.
#[derive(Default)]
struct Word {
    bytes: Vec<u8>,
    too_long: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, line: 1 }
    }

    /// The line, counted from 1.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Goes to the next command, if there is one.
    pub(super) fn next_command(&mut self) -> bool {
        while let Some(byte) = self.rest.first() {
            match byte {
                b'#' => self.skip_line(),
                b';' => self.advance(),
                byte if is_space(*byte) => self.advance(),
                _ => return true,
            }
        }
        false
    }

    /// The word that says what a command is. It knows no quotes.
    pub(super) fn keyword(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| is_space(*byte)).unwrap_or(self.rest.len());
        let (keyword, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        keyword
    }

    /// The next word of a command, which is empty if there is none.
    pub(super) fn word(&mut self) -> Result<Vec<u8>, LineErrorKind> {
        while self.rest.first().is_some_and(|byte| is_space(*byte) && *byte != b'\n') {
            self.advance();
        }
        let mut word = Word::default();
        while let Some(&byte) = self.rest.first() {
            match byte {
                b'\'' | b'"' => {
                    self.advance();
                    self.quoted(byte, &mut word)?;
                }
                b'\\' => self.escaped(&mut word),
                b';' | b'#' => break,
                byte if is_space(byte) => break,
                byte => {
                    word.push(byte);
                    self.advance();
                }
            }
        }
        if word.too_long { Err(LineErrorKind::TooLong(LONGEST)) } else { Ok(word.bytes) }
    }

    /// Goes to the end of a command; libuci ignores words that are too many, and so is done here.
    pub(super) fn finish(&mut self) -> Result<(), LineErrorKind> {
        loop {
            match self.rest.first() {
                None | Some(b'\n' | b';' | b'#') => return Ok(()),
                Some(_) => self.word()?,
            };
        }
    }

    /// Goes behind the end of this line.
    pub(super) fn skip_line(&mut self) {
        let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
        self.rest = self.rest.get(end..).unwrap_or_default();
        self.advance();
    }

    /// What stands in quotes, to the closing one: lines may end within, and only double quotes know escapes.
    fn quoted(&mut self, quote: u8, word: &mut Word) -> Result<(), LineErrorKind> {
        while let Some(&byte) = self.rest.first() {
            if byte == b'\\' && quote == b'"' {
                self.escaped(word);
                continue;
            }
            self.advance();
            if byte == quote {
                return Ok(());
            }
            word.push(byte);
        }
        Err(LineErrorKind::UnclosedQuote)
    }

    /// A backslash stands for what follows it, or for nothing at the end of a line, which goes on with the next.
    fn escaped(&mut self, word: &mut Word) {
        self.advance();
        match self.rest {
            [b'\n', ..] => self.advance(),
            [b'\r', b'\n', ..] => {
                self.advance();
                self.advance();
            }
            [byte, ..] => {
                word.push(*byte);
                self.advance();
            }
            [] => {}
        }
    }

    fn advance(&mut self) {
        if let Some((byte, rest)) = self.rest.split_first() {
            self.line += usize::from(*byte == b'\n');
            self.rest = rest;
        }
    }
}

impl Word {
    /// What is too long is read to its end, so that nothing within is taken for a command.
    fn push(&mut self, byte: u8) {
        if self.bytes.len() < LONGEST {
            self.bytes.push(byte);
        } else {
            self.too_long = true;
        }
    }
}

/// `isspace()` in the C locale, which has the vertical tab besides what Rust calls ASCII whitespace.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}
