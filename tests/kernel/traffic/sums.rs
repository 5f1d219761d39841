//! The points of traffic, added up as a database would.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

use super::table::{ByDevice, Carried, Counted};
use crate::connections::udp;
use crate::lines::{Line, Value};
use crate::namespace::Namespace;
use crate::snapshot::Receiver;

/// Sums over all points that have come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    /// Of `device_traffic`.
    pub(crate) carried: ByDevice,
    /// Bytes of `bandwidth`, received and sent.
    pub(crate) bandwidth: BTreeMap<String, [i64; 2]>,
    /// How many snapshots of `interval` have come.
    pub(crate) snapshots: usize,
    /// Of `connection_rate`, by device and protocol.
    pub(crate) turnover: BTreeMap<(String, String), Turnover>,
}

/// What a device did by one protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turnover {
    pub(crate) opened: i64,
    pub(crate) closed: i64,
    pub(crate) unreplied: i64,
}

impl Sums {
    /// Adds points, of which none may be negative, but for a speed that nobody knows.
    pub(crate) fn add(&mut self, lines: &[Line]) {
        for line in lines {
            for (name, value) in &line.fields {
                let unknown = if line.measurement == "net" && name == "speed" { -1 } else { 0 };
                let absurd = match value {
                    Value::Integer(value) => *value < unknown,
                    Value::Float(value) => !(0.0..1e12).contains(value),
                    Value::Text(_) => false,
                };
                assert!(!absurd, "{name} of {line:#?}");
            }
            self.add_one(line);
        }
    }

    fn add_one(&mut self, line: &Line) {
        let tag = |key: &str| line.tags.get(key).cloned().unwrap_or_default();
        let figure = |name: &str| integer(line, name).unwrap_or_default();
        let counted = |direction: &str| Counted {
            bytes: figure(&format!("{direction}_bytes")),
            packets: figure(&format!("{direction}_packets")),
        };
        match line.measurement.as_str() {
            "device_traffic" => {
                let carried = Carried { rx: counted("rx"), tx: counted("tx") };
                *self.carried.entry(tag("device_name")).or_default() += carried;
            }
            "bandwidth" => {
                let [rx, tx] = self.bandwidth.entry(tag("device_name")).or_default();
                *(if tag("direction") == "rx" { rx } else { tx }) += figure("bytes");
            }
            "connection_rate" => {
                let turnover = self.turnover.entry((tag("device_name"), tag("protocol"))).or_default();
                turnover.opened += figure("opened");
                turnover.closed += figure("closed");
                turnover.unreplied += figure("unreplied");
            }
            "conntrack_exporter" => self.snapshots += 1,
            _ => {}
        }
    }

    /// What each device has carried, without those that have carried nothing.
    pub(crate) fn moved(&self) -> ByDevice {
        lively(&self.carried).map(|(device, carried)| (device.clone(), *carried)).collect()
    }

    /// Whether both measurements say this, and nothing else.
    pub(crate) fn say(&self, expected: &ByDevice) -> bool {
        let bytes = |(device, of): (_, &Carried)| (device, [of.rx.bytes, of.tx.bytes]);
        let bandwidth = self.bandwidth.iter().filter(|(_, bytes)| **bytes != [0, 0]);
        lively(&self.carried).eq(lively(expected))
            && bandwidth.map(|(device, bytes)| (device, *bytes)).eq(lively(expected).map(bytes))
    }

    /// What a device did by one protocol.
    pub(crate) fn turnover(&self, device: &str, protocol: &str) -> Turnover {
        self.turnover.get(&(device.to_owned(), protocol.to_owned())).copied().unwrap_or_default()
    }
}

/// Those that have carried anything.
fn lively(all: &ByDevice) -> impl Iterator<Item = (&String, &Carried)> {
    all.iter().filter(|(_, carried)| **carried != Carried::default())
}

/// An integer of a point, if it has it.
pub(crate) fn integer(line: &Line, name: &str) -> Option<i64> {
    match line.fields.get(name) {
        Some(Value::Integer(value)) => Some(*value),
        Some(other) => panic!("{name} is {other:?}"),
        None => None,
    }
}

/// A receiver with room for what comes while a test is busy.
pub(crate) fn roomy(host: &Namespace, address: SocketAddr) -> Receiver {
    let socket = udp(host, address);
    setsockopt(&socket, sockopt::RcvBufForce, &8_000_000).expect("root may have a large buffer");
    Receiver::over(socket)
}

/// Adds up what arrives until it says `what`, for no longer than is waited with patience.
pub(crate) fn add_until(
    receiver: &Receiver,
    sums: &mut Sums,
    what: &str,
    patience: Duration,
    mut holds: impl FnMut(&Sums) -> bool,
) {
    let begun = Instant::now();
    while !holds(sums) {
        assert!(begun.elapsed() < patience, "{what}: not among what arrived: {sums:#?}");
        sums.add(&receiver.datagram());
    }
}
