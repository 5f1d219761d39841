//! What a server answers.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde::Deserialize;

/// So many characters of a server's words are told.
const WORDS_AT_MOST: usize = 200;
/// A server may ask to be left in peace for so long at most.
const PATIENCE: Duration = Duration::from_mins(5);

/// A server's answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// For how long the server asks to be left in peace.
    pub retry_after: Option<Duration>,
    /// What it says, as far as that was read.
    pub body: Bytes,
}

/// What InfluxDB and Telegraf say of an error.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(alias = "error")]
    message: String,
}

impl Answer {
    /// An answer whose body was read.
    pub fn new(head: &Response<()>, body: Bytes) -> Self {
        Self { status: head.status(), retry_after: retry_after(head.headers()), body }
    }

    /// The status, and the server's own words on it, in one line.
    pub fn words(&self) -> String {
        let words = match serde_json::from_slice::<ErrorBody>(&self.body) {
            Ok(error) => error.message,
            Err(_) => String::from_utf8_lossy(&self.body).into_owned(),
        };
        let words: Vec<_> = words.split(|char: char| char.is_whitespace() || char.is_control()).collect();
        let words: String = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let shown: String = words.chars().take(WORDS_AT_MOST).collect();
        let rest = if shown.len() < words.len() { "…" } else { "" };
        if shown.is_empty() { self.status.to_string() } else { format!("{}: {shown}{rest}", self.status) }
    }
}

/// Seconds are understood; a date, which nobody sends here, is not.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(PATIENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: &str, body: &[u8]) -> Answer {
        let head = Response::builder().status(status).header(RETRY_AFTER, retry_after).body(()).unwrap();
        Answer::new(&head, Bytes::copy_from_slice(body))
    }

    #[test]
    fn a_servers_words_are_told_in_one_line() {
        for (body, told) in [
            (&br#"{"code":"unauthorized","message":"unauthorized access"}"#[..], "unauthorized access"),
            (br#"{"error":"http: bad request"}"#, "http: bad request"),
            (b"cannot parse\n\x1b[31m\xff", "cannot parse [31m\u{fffd}"),
        ] {
            assert_eq!(answer(400, "", body).words(), format!("400 Bad Request: {told}"));
        }
        assert_eq!(answer(503, "", b" \n").words(), "503 Service Unavailable");
        let long = answer(400, "", &b"x".repeat(5000)).words();
        assert!(long.ends_with("x…") && long.chars().count() < 230, "{long}");
    }

    #[test]
    fn who_asks_for_patience_gets_some() {
        let asked = |text| answer(429, text, b"").retry_after.map(|time| time.as_secs());
        assert_eq!(["7", "99999", "-1", "soon"].map(asked), [Some(7), Some(300), None, None]);
    }
}
