//! What passed through each network interface: `/proc/net/dev`, as the kernel's `dev_seq_printf_stats()` prints it.
//!
//! The procfs crate understands the figures of a line. It is handed one line at a time, and without its name: of a
//! whole file a single line that it can't understand would cost all the others, and figures that follow a name without
//! a space, as Linux 2.6 prints them, would be taken for a part of it.

use std::io::Read;

use nix::libc::IFNAMSIZ;
use procfs::FromBufRead;
use procfs::net::{DeviceStatus, InterfaceDeviceStatus};

use super::{ProcNetError, beginning};
use crate::root::Root;

/// Where it is.
pub const NET_DEV: &str = "/proc/net/dev";

/// How many interfaces are taken in at most.
pub const INTERFACES_AT_MOST: usize = 1024;
/// How long a line may be: 16 numbers of 20 digits, a name, and room for what a vendor adds.
pub const LINE_AT_MOST: usize = 512;
/// Beyond so many bytes nothing is read.
pub(crate) const FILE_AT_MOST: u64 = (INTERFACES_AT_MOST * LINE_AT_MOST) as u64;

/// What one reading of the file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetDev {
    /// In the kernel's order.
    pub interfaces: Vec<InterfaceCounters>,
    /// How many lines were left out: they can't be understood, or there are more than [`INTERFACES_AT_MOST`].
    pub skipped: usize,
}

impl NetDev {
    /// The counters of the interface of this name; of two the first.
    pub fn get(&self, name: &str) -> Option<&InterfaceCounters> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }
}

/// What passed through an interface since it was made.
///
/// An interface that is made anew, as those of PPP, Wi-Fi and tunnels are, begins at 0 again, and some drivers count
/// in 32 bits: a figure that falls is a new beginning, and no traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceCounters {
    /// Its name, such as `br-lan`. What is no UTF-8 has a sign in its place.
    pub name: String,
    /// What came in. `dropped` is `rx_dropped` and `rx_missed_errors` of `struct rtnl_link_stats64` together.
    pub received: DirectionCounters,
    /// What went out.
    pub sent: DirectionCounters,
}

/// One direction of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectionCounters {
    /// Bytes, as the driver counts them: on Ethernet with the link layer's header.
    pub bytes: u64,
    /// Packets; with GRO and GSO one of them may stand for many on the wire.
    pub packets: u64,
    /// Packets that were damaged or could not be sent.
    pub errors: u64,
    /// Packets for which there was no room, or nobody to take them.
    pub dropped: u64,
}

impl InterfaceCounters {
    /// What came in and went out since the reading `before`; `None` if any counter has fallen: then the others are not of
    /// the time between either.
    pub fn since(&self, before: &Self) -> Option<[DirectionCounters; 2]> {
        Some([self.received.since(before.received)?, self.sent.since(before.sent)?])
    }
}

impl DirectionCounters {
    fn since(self, before: Self) -> Option<Self> {
        Some(Self {
            bytes: self.bytes.checked_sub(before.bytes)?,
            packets: self.packets.checked_sub(before.packets)?,
            errors: self.errors.checked_sub(before.errors)?,
            dropped: self.dropped.checked_sub(before.dropped)?,
        })
    }
}

/// Reads the counters of the router below `root`.
pub fn read(root: &Root) -> Result<NetDev, ProcNetError> {
    Ok(parse(&beginning(root, NET_DEV, FILE_AT_MOST)?))
}

/// Understands the text of the file. Nothing in it is an error: a line that can't be understood is counted.
pub fn parse(text: &[u8]) -> NetDev {
    let mut found = NetDev::default();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        // Two lines of headings. An interface's name may well have a bar in it.
        let is_heading = number < 2 && line.contains(&b'|');
        if is_heading || line.trim_ascii().is_empty() {
            continue;
        }
        match interface(line).filter(|_| found.interfaces.len() < INTERFACES_AT_MOST) {
            Some(interface) => found.interfaces.push(interface),
            None => found.skipped += 1,
        }
    }
    found
}

/// The name ends at the last colon: until Linux 4 it could have some itself.
fn interface(line: &[u8]) -> Option<InterfaceCounters> {
    let line = Some(line).filter(|line| line.len() <= LINE_AT_MOST)?;
    let (name, figures) = line.split_at(memchr::memrchr(b':', line)?);
    let name = Some(name.trim_ascii()).filter(|name| (1..IFNAMSIZ).contains(&name.len()))?;
    let status = status(figures.get(1..)?)?;
    Some(InterfaceCounters {
        name: String::from_utf8_lossy(name).into_owned(),
        received: DirectionCounters {
            bytes: status.recv_bytes,
            packets: status.recv_packets,
            errors: status.recv_errs,
            dropped: status.recv_drop,
        },
        sent: DirectionCounters {
            bytes: status.sent_bytes,
            packets: status.sent_packets,
            errors: status.sent_errs,
            dropped: status.sent_drop,
        },
    })
}

/// Hands the figures of one line to the procfs crate, as a file of this line alone: behind two headings, and a name.
fn status(figures: &[u8]) -> Option<DeviceStatus> {
    let file = b"\n\n-: ".chain(figures);
    InterfaceDeviceStatus::from_buf_read(file).ok()?.0.into_values().next()
}

#[cfg(test)]
mod tests;
