//! Answers: what all of them have in common.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// On every answer. Nothing is loaded from elsewhere, nobody else frames it or reads it, and no browser guesses what it is.
const OF_EVERY_ANSWER: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Adds what every answer has.
pub(super) fn harden(headers: &mut HeaderMap) {
    headers.extend(OF_EVERY_ANSWER);
    // What a router says now is not true later, and is nobody else's.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// JSON that is written already.
pub(super) fn json(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.into()).into_response()
}

/// A value as JSON, and what stands for one that can't be written, of which there is none.
pub(super) fn written(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec()).into()
}

/// Why there is no answer. The sentence is ours: nothing of the request comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) why: &'static str,
}

/// The body of a refusal.
#[derive(Serialize)]
struct ErrorObject {
    error: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, json(written(&ErrorObject { error: self.why }))).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
