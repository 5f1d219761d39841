//! Many routers, on real servers: rows expected against rows stored.
//!
//! The numbers are small here, and large in `make fleet-test` (see `numbers`); the code is the same.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on has failed, and these words say where"
)]

#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../kernel/connections.rs"]
mod connections;
#[path = "../support/place.rs"]
mod directory;
#[expect(dead_code, reason = "the example can send of instants that have passed")]
#[path = "../support/fleet/mod.rs"]
mod fleet;
#[expect(dead_code, reason = "other tests look at more of it")]
#[path = "../support/household/mod.rs"]
mod household;
#[expect(dead_code, reason = "other tests look at heads of answers, too")]
#[path = "../e2e/http.rs"]
mod http;
#[expect(dead_code, reason = "shared with the tests of the whole road, which use all of it")]
#[path = "../e2e/influx.rs"]
mod influx;
#[path = "../e2e/internal.rs"]
mod internal;
#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../kernel/namespace.rs"]
mod namespace;
#[expect(dead_code, reason = "the tests have namespaces, the demonstration has this machine")]
#[path = "../e2e/place.rs"]
mod place;
#[expect(dead_code, reason = "shared with the tests of the whole road, which use all of it")]
#[path = "../e2e/programs.rs"]
mod programs;
#[path = "../support/restore.rs"]
mod restore;
#[path = "../kernel/wait.rs"]
mod wait;

mod buffers;
mod dashboard;
mod kafka;
mod network;
mod numbers;
mod server;
mod stored;
mod telegraf;
mod usual;
mod victoria;
