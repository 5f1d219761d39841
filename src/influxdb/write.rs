//! Lines are written: what is asked, and what the answer means.

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};

use super::answer::Answer;
use super::client::Question;
use super::config::InfluxdbConfig;
use super::url::Url;

/// Where lines are written.
const WRITE: &str = "/api/v2/write";
/// What a server says of an error fits in this, in bytes.
const ANSWER_AT_MOST: usize = 4096;

/// What is asked to have lines written, but for the lines.
#[derive(Clone, Debug)]
pub(crate) struct WriteRequest {
    target: String,
}

impl WriteRequest {
    /// Into the bucket of `config`, of the server at `url`; times are in nanoseconds.
    pub(crate) fn new(url: &Url, config: &InfluxdbConfig) -> Self {
        let parameters =
            [("org", config.org.as_str()), ("bucket", config.bucket.as_str()), ("precision", "ns")];
        Self { target: url.target(WRITE, &parameters) }
    }

    /// To write these lines, compressed by gzip.
    pub(crate) fn of(&self, compressed: Bytes) -> Question {
        let mut question = self.of_nothing();
        question.headers.push((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
        question.body = compressed;
        question
    }

    /// To write nothing, by which it is seen what the server would say.
    pub(crate) fn of_nothing(&self) -> Question {
        Question {
            method: Method::POST,
            target: self.target.clone(),
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))],
            body: Bytes::new(),
            answer_at_most: ANSWER_AT_MOST,
        }
    }
}

/// What an answer means for what was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The server has it.
    Taken,
    /// It will never take it, or all of it: a line can't be parsed (400), or a field has another type than before (422).
    Refused,
    /// It would take less at once.
    TooLarge,
    /// It may take it later: a token, an organisation or a bucket that is wrong (401, 403, 404) will be mended, and so will
    /// whatever else stands in the way.
    NotNow,
}

impl Meaning {
    /// What an answer means.
    pub(crate) fn of(answer: &Answer) -> Self {
        match answer.status {
            status if status.is_success() => Self::Taken,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Self::Refused,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::NotNow,
        }
    }
}

/// The server's words on why not, and what would help where that is known.
pub(crate) fn in_words(answer: &Answer) -> String {
    let remedy = match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "; does the token in influxdb.token_file allow to write to influxdb.bucket?"
        }
        StatusCode::NOT_FOUND => "; are influxdb.org and influxdb.bucket as they are called there?",
        status if status.is_redirection() => "; influxdb.url must be where the server itself is",
        _ => "",
    };
    format!("{}{remedy}", answer.words())
}
