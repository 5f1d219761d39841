//! The page: three files, which are part of the program.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::routes::Last;

/// A file that is part of the program.
#[derive(Clone, Copy, Debug)]
struct StaticFile {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

const FILES: [StaticFile; 3] = [
    StaticFile { path: "/", content_type: "text/html; charset=utf-8", text: include_str!("page/index.html") },
    StaticFile {
        path: "/page.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("page/page.css"),
    },
    StaticFile {
        path: "/page.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("page/page.js"),
    },
];

/// The page's paths.
pub(super) fn router() -> Router<Last> {
    FILES.into_iter().fold(Router::new(), |router, file| {
        // It stays the same for as long as the program runs.
        let tag = HeaderValue::from_str(&format!("\"{:08x}\"", crc32fast::hash(file.text.as_bytes()))).ok();
        router.route(
            file.path,
            get(move |headers: HeaderMap| std::future::ready(file.answer(&headers, tag.clone()))),
        )
    })
}

impl StaticFile {
    /// The file, unless whoever asks has it already.
    fn answer(self, headers: &HeaderMap, tag: Option<HeaderValue>) -> Response {
        let mut known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
        let is_known = |tag: &HeaderValue| known.any(|known| known.trim_ascii() == tag.as_bytes());
        let mut response = if tag.as_ref().is_some_and(is_known) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, self.content_type)], self.text).into_response()
        };
        // Another version of the program has another page.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}
