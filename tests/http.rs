//! What the real daemon serves of the sample household, and what it refuses.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's failure is a panic")]
#![expect(clippy::indexing_slicing, reason = "what isn't there is a failure")]

#[path = "http/abuse.rs"]
mod abuse;
#[path = "http/api.rs"]
mod api;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/sample.rs"]
mod sample;
#[path = "http/served.rs"]
mod served;
