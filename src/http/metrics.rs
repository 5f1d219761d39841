//! `/metrics`: figures for Prometheus.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use super::routes::Answered;
use crate::encode::prometheus::{Format, text};

/// Answers whoever scrapes, in the format that is asked for.
pub(super) async fn answer(Answered(published): Answered, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let format = Format::accepted(accept);
    ([(header::CONTENT_TYPE, format.content_type())], text(&published.metrics, format)).into_response()
}
