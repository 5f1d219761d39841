//! `/metrics`: figures for Prometheus.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::published::Published;
use super::response::Refusal;
use super::routes::Answered;

/// What was published last, as `accept` (the header of whoever asks) has it; and of which content type that is. `None` as long
/// as there is nothing to be told.
fn metrics(_published: &Published, _accept: &str) -> Option<(&'static str, String)> {
    None
}

/// Answers whoever scrapes.
pub(super) async fn answer(Answered(published): Answered, headers: HeaderMap) -> Result<Response, Refusal> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let (content_type, text) = metrics(&published, accept)
        .ok_or(Refusal { status: StatusCode::NOT_FOUND, why: "there are no metrics" })?;
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
