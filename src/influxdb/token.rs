//! The token: the first line of a file. It is shown to nobody but the server.

use std::fmt;
use std::path::Path;

use hyper::header::HeaderValue;
use thiserror::Error;

use crate::root::Root;

/// So long a file may be, in bytes; InfluxDB's own tokens have 88.
const LONGEST: u64 = 4096;

/// What the header `Authorization` says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(HeaderValue);

/// Why there is no token.
#[derive(Debug, Error)]
pub(crate) enum TokenError {
    /// Its file can't be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Nothing is in it.
    #[error("its first line is empty: the token belongs there")]
    Empty,
    /// Something else is in it.
    #[error("its first line is no token: that is visible ASCII characters")]
    NotAToken,
}

impl Token {
    /// Reads the token from the file at `path`.
    pub(crate) fn read(root: &Root, path: &Path) -> Result<Self, TokenError> {
        Self::parse(&root.read(path, LONGEST)?)
    }

    fn parse(text: &[u8]) -> Result<Self, TokenError> {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        if line.is_empty() {
            return Err(TokenError::Empty);
        }
        if !line.iter().all(u8::is_ascii_graphic) {
            return Err(TokenError::NotAToken);
        }
        let mut value =
            HeaderValue::from_bytes(&[b"Token ", line].concat()).map_err(|_| TokenError::NotAToken)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// A text with dots in the token's place.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        let token = self.0.to_str().unwrap_or_default().trim_start_matches("Token ");
        if token.is_empty() { text.to_owned() } else { text.replace(token, "…") }
    }

    /// The header's value.
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// Without what it is.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_token() {
        for text in ["abc==", "abc==\n", "  abc== \r\nsomething else\n"] {
            assert_eq!(Token::parse(text.as_bytes()).unwrap().header(), "Token abc==");
        }
        assert!(matches!(Token::parse(b"\nabc"), Err(TokenError::Empty)));
        for text in ["a b", "a\u{7}", "ü"] {
            assert!(matches!(Token::parse(text.as_bytes()), Err(TokenError::NotAToken)), "{text}");
        }
    }

    #[test]
    fn it_is_not_shown() {
        let token = Token::parse(b"secret").unwrap();
        assert!(!format!("{token:?} {:?}", token.header()).contains("secret"));
        assert_eq!(token.hide_in("Token secret is not known"), "Token … is not known");
    }
}
