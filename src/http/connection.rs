//! One connection: how long it may last, how much it may say, and how its requests are answered.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::http::{Request, Response, header};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tracing::debug;

use super::guard::{self, Ends};
use super::response::harden;
use super::routes::Last;

/// How long a request may be on its way, and how long a connection may be silent between two.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
/// For how long whoever has asked may read nothing of the answer.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// After this long a connection is asked to end: the request that it is at is the last.
const KEPT: Duration = Duration::from_secs(60);
/// Within this time it has to.
const LAST_ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Bytes of a request, without its body.
const HEADERS_AT_MOST: usize = 8 * 1024;
const NUMBER_OF_HEADERS_AT_MOST: usize = 64;

/// Answers requests until either end has enough.
pub(super) async fn serve(stream: TcpStream, ends: Ends, router: Router, last: Last) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(READ_WITHIN));
    let service = service_fn(|request| answer(request, ends, &router, &last));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_headers(NUMBER_OF_HEADERS_AT_MOST)
        // What is read at once, and what waits to be written.
        .max_buf_size(HEADERS_AT_MOST)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = pin!(connection);
    let outcome = if let Ok(outcome) = timeout(KEPT, connection.as_mut()).await {
        Ok(outcome)
    } else {
        connection.as_mut().graceful_shutdown();
        timeout(LAST_ANSWER_WITHIN, connection).await
    };
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!("a connection from {} ended: {error}", ends.peer),
        Err(_) => debug!("a connection from {} was ended: it took too long", ends.peer),
    }
}

async fn answer(
    request: Request<Incoming>,
    ends: Ends,
    router: &Router,
    last: &Last,
) -> Result<Response<Body>, Infallible> {
    let asked = guard::Request {
        method: request.method(),
        uri: request.uri(),
        headers: request.headers(),
        has_body: !request.body().is_end_stream(),
    };
    let guard = last.borrow().guard.clone();
    let mut response = match guard.refuses(&asked, ends) {
        Some(refusal) => {
            let mut response = refusal.into_response();
            // Whatever else it says is not heard.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
        None => TowerToHyperService::new(router.clone()).call(request).await?,
    };
    harden(response.headers_mut());
    Ok(response)
}
