//! What is answered at which path.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use tokio::sync::watch;

use super::flows::{self, Selection};
use super::published::{Published, Shared};
use super::response::{Refusal, json};

/// What handlers are given.
pub(super) type Last = watch::Receiver<Shared>;

/// Every path there is.
pub(super) fn router(last: Last) -> Router {
    let router = Router::new()
        .route("/api/v1/overview", get(overview))
        .route("/api/v1/status", get(status))
        .route("/api/v1/devices", get(devices))
        .route("/api/v1/alerts", get(alerts))
        .route("/api/v1/flows", get(flows))
        .fallback(nothing_there);
    #[cfg(feature = "page")]
    let router = router.merge(super::page::router());
    #[cfg(feature = "prometheus")]
    let router = router.route("/metrics", get(super::metrics::answer));
    router.with_state(last)
}

/// What was published last: a handler that takes this is not asked before the first snapshot.
pub(super) struct Answered(pub(super) Arc<Published>);

impl FromRequestParts<Last> for Answered {
    type Rejection = Refusal;

    async fn from_request_parts(_: &mut Parts, last: &Last) -> Result<Self, Refusal> {
        let published = last.borrow().published.clone();
        published.map(Self).ok_or(Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            why: "there was no snapshot yet: ask again in a moment",
        })
    }
}

async fn overview(Answered(published): Answered) -> Response {
    json(published.overview())
}

async fn status(Answered(published): Answered) -> Response {
    json(published.status())
}

async fn alerts(Answered(published): Answered) -> Response {
    json(published.alerts())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DevicesQuery {
    device: Option<String>,
}

async fn devices(
    Answered(published): Answered,
    query: Result<Query<DevicesQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) = query.map_err(|_| bad_query("only device is asked for here, and once"))?;
    let Some(name) = query.device else { return Ok(json(published.devices())) };
    published
        .device(&name)
        .map(json)
        .ok_or(Refusal { status: StatusCode::NOT_FOUND, why: "no device has this name" })
}

async fn flows(
    Answered(published): Answered,
    query: Result<Query<flows::Query>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) =
        query.map_err(|_| bad_query("device, filter and limit (a number) are asked for here, each once"))?;
    let selection = Selection::try_from(query).map_err(|error| bad_query(error.0))?;
    let flows = published.flows.clone().unwrap_or_default();
    Ok(json(flows::body(flows, selection)))
}

const fn bad_query(why: &'static str) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, why }
}

async fn nothing_there(State(_): State<Last>) -> Refusal {
    Refusal { status: StatusCode::NOT_FOUND, why: "there is nothing at this path" }
}

#[cfg(test)]
mod tests;
