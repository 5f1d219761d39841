//! Devices of the past that move bytes, and the table that a kernel would have of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::past::CALLED;

/// Bytes by device, direction and service.
pub(crate) type Moved = BTreeMap<[String; 3], i64>;

/// What every device has one connection for: its label, protocol and port, and whether somebody outside has begun it.
const SERVICES: [(&str, &str, u16, bool); 4] = [
    ("HTTPS", "tcp", 443, false),
    ("QUIC", "udp", 443, false),
    ("unlisted", "tcp", 50_123, false),
    ("unlisted", "tcp", 50_124, true),
];

/// The most that a connection receives and sends in a step.
const MOST: [i64; 2] = [30_000_000, 1_000_000];

/// A device that leaves for a while.
const LEAVES: usize = 3;

/// The devices, each with its connections.
pub(crate) struct Household {
    connections: BTreeMap<(usize, usize), Connection>,
    ports: u16,
    /// Whether connections are replaced by new ones, stand still for more than a minute, and go and come back.
    restless: bool,
}

/// A connection, and what has been counted of it.
struct Connection {
    /// The port of whoever began it.
    port: u16,
    received: i64,
    sent: i64,
}

impl Household {
    /// Devices that have done nothing yet.
    pub(crate) const fn new(restless: bool) -> Self {
        Self { connections: BTreeMap::new(), ports: 0, restless }
    }

    /// What is moved in a step.
    pub(crate) fn live(&mut self, step: i64) -> Moved {
        let mut moved = Moved::new();
        for (device, (_, name)) in CALLED.iter().enumerate() {
            for (place, (service, ..)) in SERVICES.iter().enumerate() {
                let [received, sent] = self.move_bytes(device, place, step);
                for (direction, bytes) in [("rx", received), ("tx", sent)] {
                    *moved.entry([name, direction, service].map(str::to_owned)).or_default() += bytes;
                }
            }
        }
        moved
    }

    /// What one connection receives and sends in a step.
    fn move_bytes(&mut self, device: usize, place: usize, step: i64) -> [i64; 2] {
        let number = i64::try_from(device * SERVICES.len() + place).expect("a small number");
        let key = (device, place);
        if self.restless && device == LEAVES && (35..50).contains(&(step % 60)) {
            self.connections.remove(&key);
            return [0, 0];
        }
        if self.restless && (step + number) % 9 == 0 {
            self.connections.remove(&key);
        }
        let ports = &mut self.ports;
        let connection = self.connections.entry(key).or_insert_with(|| {
            *ports += 1;
            Connection { port: 1024 + *ports, received: 0, sent: 0 }
        });
        if self.restless && number % 5 == 1 && (20..34).contains(&(step % 60)) {
            return [0, 0];
        }
        let bytes = MOST.map(|most| scattered(step, number, most));
        connection.received += bytes[0];
        connection.sent += bytes[1];
        bytes
    }

    /// The table as the kernel prints it.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        for ((device, place), Connection { port, received, sent }) in &self.connections {
            let (_, protocol, service, from_outside) = SERVICES.get(*place).expect("one of them");
            let (head, address) = (head(protocol), format!("192.168.8.1{}", 20 + device));
            let _ = if *from_outside {
                writeln!(
                    table,
                    "{head}src=198.51.100.9 dst=203.0.113.10 sport={port} dport={service} packets=1 bytes={received} \
                     src={address} dst=198.51.100.9 sport={service} dport={port} packets=1 bytes={sent} [ASSURED] use=2"
                )
            } else {
                writeln!(
                    table,
                    "{head}src={address} dst=198.51.100.7 sport={port} dport={service} packets=1 bytes={sent} \
                     src=198.51.100.7 dst=203.0.113.10 sport={service} dport={port} packets=1 bytes={received} \
                     [ASSURED] use=2"
                )
            };
        }
        table
    }
}

fn head(protocol: &str) -> &'static str {
    match protocol {
        "tcp" => "ipv4     2 tcp      6 99 ESTABLISHED ",
        _ => "ipv4     2 udp      17 99 ",
    }
}

/// A number from 1 to `most`, another one in every step and for every connection, and the same in every run.
fn scattered(step: i64, number: i64, most: i64) -> i64 {
    (step * 1_000_003 + number * 7_919).wrapping_mul(2_654_435_761).rem_euclid(most) + 1
}
