//! Whether the kernel's counters of bytes tell all that was carried: what is found here that makes them tell less.
//!
//! Whether they are switched on at all, [`crate::conntrack::Table::accounting`] says. Beyond that a connection may be
//! forwarded past the table by [`flowtables`], by a firewall's target or by hardware, of which [`modules`] tell; and a
//! program that reads the table may set its counters back ([`zeroing`]). All of it is this machine's, never a replayed
//! router's, and is asked once, by `check`.

pub mod flowtables;
pub mod modules;
pub mod zeroing;
