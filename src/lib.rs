//! Counts a router's connections per device, protocol and state, and sends them to Telegraf as InfluxDB line protocol.
//!
//! ```text
//!  kernel table ──► flows ──► whose? ──► census ──► measurements ──► snapshot ──► outputs ──► Telegraf
//!   conntrack              attribution                               series      encode
//!                           ▲      ▲
//!                          lan   devices ◄── leases, neighbours, the owner's files
//! ```
//!
//! Data flows one way, through rooms with plain names:
//!
//! - [`conntrack`] reads the kernel's table, entry by entry, into [`conntrack::flow::Flow`]s; it never holds it whole.
//! - [`lan`] knows which prefixes are the LAN, which addresses the router's and which interfaces the WAN's.
//! - [`devices`] knows who is on the LAN: from an address to a device, and from a device to a name that is safe to send.
//! - [`attribution`] says whose a flow is, which way it goes and who is at its other end: six rules. It hands out an
//!   [`attribution::owners::OwnerId`] to each owner, once, and says under which tags the owner's figures go out.
//! - [`destinations`] says whose network is at the other end, by the owner's list and a database.
//! - [`services`] says what a connection is for, by the port that was called: the owner's labels over built-in ones.
//! - [`census`] is the one pass over the flows of a tick: it shows each, with its attribution, to the measurements.
//!   Its [`census::flow_tracker`] remembers flows from pass to pass: what is new, what each has carried, what is gone.
//! - [`history`] remembers what each owner had and did in the last hour, pass by pass, if a measurement needs that.
//! - [`state`] is what is remembered from one run of the program to the next, and the file that holds it.
//! - [`measurements`] count, and give [`series::point::Point`]s, each in a room of its own behind one trait.
//! - [`activity`] tells from plain figures of a device what it is doing, by rules; the measurement `device_activity` has gathered
//!   them.
//! - [`alerts`] are rules over what measurements have found: the measurement `connection_alert` has them judged, and the daemon
//!   runs the owner's program when one begins, changes or ends.
//! - [`sample`] is what a tick reads besides flows: by [`conntrack`], by [`proc_net`] from the kernel's other figures of the
//!   network and of the router's own sockets, by [`machine`] of its processors and memory, and by [`process`] of this
//!   program itself.
//! - [`collector`] takes a tick: sample, census, report. It gives a [`snapshot::Snapshot`], which every way out is handed.
//! - [`outputs`] are the ways out, each with a ledger of what its receiver holds and what was lost; [`encode`] makes bytes of
//!   points.
//! - [`influxdb`] is the HTTP API of a server that acknowledges what is written; until it has, that waits in the [`spool`].
//! - [`overview`] keeps what the last snapshots say, at one look, and [`flow_list`] single flows; [`http`] serves both, if the
//!   configuration says where.
//! - [`byte_counters`] finds what makes the kernel's counters of bytes tell less than was carried, for `check`.
//! - [`netlink`] asks the kernel for a dump and hands out its messages; `conntrack`, `devices` and `byte_counters` understand
//!   theirs.
//! - [`local_time`] is the time on the wall where the router stands, for hours of the week.
//! - [`config`] is the configuration, of which each room defines its own section; [`logging`] says how messages are
//!   written, and keeps those that nobody reads.
//! - `capture` writes what the program reads of a router to a directory; [`recorder`] remembers the last passes over the table,
//!   and has them written by it when something happens.
//! - `nonblocking_write` writes to an inherited descriptor, and never waits for whoever reads.
//! - [`cli`] are the commands, [`daemon`] the clockwork; [`root`] says where the router's files are, `files` opens them, and
//!   [`privileges`] says what the program gives up before any is opened.
//!
//! Who may know whom: a flow knows nobody. `conntrack` and `devices` don't know each other; `attribution` knows both. A
//! measurement sees an observation and a tick, never a device's file or a socket. `encode` knows points, outputs only
//! snapshots and bytes. Only `collector`, `daemon`, `capture` and `cli` join the rooms; only `daemon` reads the clocks by which
//! points are stamped; only `main` exits.
//!
//! There are no statics and no locks: one thread, and one `select!` in which the shutdown is heard. Only a name that is
//! resolved has a second thread, and the keys of `top`; a request to a server is a task on the first. There are four channels: one for its answer, one for keys, one for
//! log lines that could not be written at once, and one that shows the server's tasks, on the same thread, what was
//! published last. Nothing is asked and no file is read in the midst of the pass over the flows.

// Where and why not: clippy.toml.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod activity;
pub mod alerts;
pub mod attribution;
pub mod byte_counters;
mod capture;
pub mod census;
pub mod cli;
pub mod collector;
pub mod config;
pub mod conntrack;
pub mod daemon;
pub mod destinations;
pub mod devices;
mod edge_log;
pub mod encode;
mod files;
pub mod flow_list;
pub mod history;
pub mod http;
pub mod influxdb;
pub mod lan;
pub mod local_time;
pub mod logging;
mod lookup;
pub mod machine;
pub mod measurements;
pub mod netlink;
mod nonblocking_write;
pub mod outputs;
pub mod overview;
pub mod privileges;
pub mod proc_net;
pub mod process;
pub mod prometheus;
pub mod recorder;
pub mod root;
pub mod sample;
pub mod series;
pub mod services;
pub mod snapshot;
pub mod spool;
pub mod state;
#[cfg(test)]
mod test_directory;
mod wording;
