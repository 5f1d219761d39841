use axum::body::{Body, HttpBody as _};
use axum::http::Request;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::*;

/// Asks for a path, and gives the status and whether the answer is JSON.
async fn ask(shared: &Last, path: &str) -> (u16, bool) {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let response = TowerToHyperService::new(router(shared.clone())).call(request).await.unwrap();
    let content_type = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    assert!(!response.body().is_end_stream());
    (response.status().as_u16(), content_type == "application/json")
}

const API: [&str; 5] =
    ["/api/v1/overview", "/api/v1/status", "/api/v1/devices", "/api/v1/alerts", "/api/v1/flows"];

#[tokio::test]
async fn before_the_first_snapshot_nothing_is_known() {
    let (sender, last) = watch::channel(Shared::default());
    for path in API.into_iter().chain(["/api/v1/devices?device=tv"]) {
        assert_eq!(ask(&last, path).await, (503, true), "{path}");
    }
    let published = Published::new(Arc::default(), Arc::default(), None);
    sender.send_modify(|shared| shared.published = Some(Arc::new(published)));
    for path in API {
        assert_eq!(ask(&last, path).await, (200, true), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_understood() {
    let published = Published::new(Arc::default(), Arc::default(), None);
    let (_sender, last) =
        watch::channel(Shared { published: Some(Arc::new(published)), ..Shared::default() });
    for (path, status) in [
        ("/api/v1/devices?device=tv", 404),
        ("/api/v1/devices?what=tv", 400),
        ("/api/v1/devices?device=a&device=b", 400),
        ("/api/v1/flows?limit=many", 400),
        ("/api/v1/nothing", 404),
        ("/api/v1/../status", 404),
        ("//", 404),
    ] {
        assert_eq!(ask(&last, path).await, (status, true), "{path}");
    }
}
