//! Where snapshots go.

pub mod telegraf;
