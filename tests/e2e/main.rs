//! The whole road: real connections, the program, UDP, the real Telegraf, the real InfluxDB 2, and the queries that
//! Grafana sends. And the router's own figures, which Telegraf's own inputs count as well.
//!
//! `make e2e` builds the servers and runs these; without the feature `e2e` they are not built. Every test has
//! namespaces, servers and files of its own, all of which are gone afterwards.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on has failed, and these words say where"
)]

#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../kernel/connections.rs"]
mod connections;
#[path = "../support/delay.rs"]
mod delay;
#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../kernel/exporter.rs"]
mod exporter;
#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../support/fill.rs"]
mod fill;
#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../support/flush.rs"]
mod flush;
#[path = "../kernel/household.rs"]
mod household;
#[path = "../support/lines.rs"]
mod lines;
#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../kernel/name_server.rs"]
mod name_server;
#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../kernel/namespace.rs"]
mod namespace;
#[expect(dead_code, reason = "shared with the kernel tests, which use all of it")]
#[path = "../kernel/snapshot.rs"]
mod snapshot;
#[path = "../kernel/wait.rs"]
mod wait;
#[path = "../support/week/mod.rs"]
mod week;

mod acknowledged;
mod annotations;
mod audit;
mod bandwidth;
mod clock;
mod device;
mod figures;
mod grafana;
mod http;
#[expect(dead_code, reason = "shared with tests/fleet, which looks at what it costs")]
mod influx;
mod internal;
mod kernel_files;
mod line;
mod live;
mod movers;
mod on_the_router;
mod oracle;
mod outages;
mod panels;
mod past;
#[expect(dead_code, reason = "the tests have namespaces, the demonstration has this machine")]
mod place;
mod programs;
mod prometheus;
mod promql;
mod records;
mod servers;
mod shapes;
mod sockets;
mod store;
mod streaming;
mod system;
mod weeks;
