//! The exporter against a real kernel: namespaces for two clients, a router with NAT and an internet host, real
//! connections between them, and the program in the router's namespace.
//!
//! They need root, and `ip`, `nft`, dnsmasq, busybox, nmap and strace, so `cargo test` alone doesn't run them: `make test`
//! does, or says how many it had to leave out. Each has namespaces, files and processes of its own, all of which are
//! gone afterwards, also when it fails. Nothing sleeps for as long as something usually takes: what must come is waited
//! for, with a deadline.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on has failed, and these words say where"
)]

mod capture;
mod connections;
mod counters;
mod delivery;
mod exporter;
mod fallback;
mod faults;
#[path = "../support/fill.rs"]
mod fill;
#[path = "../support/flush.rs"]
mod flush;
mod full_disk;
mod household;
mod idle;
mod interfaces;
mod lan;
mod least_privilege;
mod limit;
#[path = "../support/lines.rs"]
mod lines;
mod links;
mod listening;
mod log_pipe;
mod name_server;
mod names;
mod namespace;
mod own_sockets;
mod piping;
mod playing;
mod privileges;
mod recording;
mod reload;
mod resolving;
mod resource_limits;
#[path = "../support/restore.rs"]
mod restore;
#[path = "../support/sample.rs"]
mod sample;
mod scanning;
mod serving;
mod snapshot;
mod sockets;
mod sources;
mod state;
mod stopping;
mod stress;
mod table;
mod traffic;
mod trust;
mod truth;
mod wait;
