//! Counts a router's connections per device, protocol and state, and sends them to Telegraf as InfluxDB line protocol.
//!
//! ```text
//!  kernel table ──► flows ──► whose? ──► measurements ──► points ──► lines ──► datagrams ──► Telegraf
//!   conntrack                attribution                  point      line_protocol          telegraf
//!                              ▲     ▲
//!                             lan  devices ◄── leases, neighbours, the owner's files
//! ```
//!
//! Data flows one way, through rooms with plain names:
//!
//! - [`conntrack`] reads the kernel's table, entry by entry, into [`conntrack::flow::Flow`]s; it never holds it whole.
//! - [`lan`] knows which prefixes are the LAN and which addresses the router's.
//! - [`devices`] knows who is on the LAN: from an address to a device, and from a device to a name that is safe to send.
//! - [`attribution`] says whose a flow is: six rules, and nothing else.
//! - [`measurements`] count, and give [`series::point`]s: plain values that any way out can write.
//! - [`encode::line_protocol`] makes lines of points and datagrams of lines, [`outputs::telegraf`] sends them.
//! - [`netlink`] asks the kernel for a dump and hands out its messages; `conntrack` and `devices` understand theirs.
//! - [`proc_net`] reads the kernel's other figures of the network, [`process`] what this program itself uses.
//! - [`config`] is the configuration, of which each room defines its own section; [`logging`] says how messages are
//!   written.
//! - [`cli`] are the commands, [`daemon`] the clockwork; [`root`] says where the router's files are, and [`privileges`]
//!   what the program gives up before it opens any of them.
//!
//! Who may know whom: a flow knows nobody. `conntrack` and `devices` don't know each other; both are handed to
//! `attribution` by whoever takes a snapshot. A measurement sees an owner and a flow. `line_protocol` knows points,
//! `telegraf` only bytes. Only `daemon` and `cli` know the rooms; only `daemon` reads clocks; only `main` exits.
//!
//! There are no statics, no locks and no channels: one thread, and one `select!` in which the shutdown is heard.

pub mod attribution;
pub mod cli;
pub mod collector;
pub mod config;
pub mod conntrack;
pub mod daemon;
pub mod devices;
mod edge_log;
pub mod encode;
pub mod lan;
pub mod logging;
pub mod measurements;
pub mod netlink;
pub mod outputs;
pub mod privileges;
pub mod proc_net;
pub mod process;
pub mod root;
pub mod series;
