//! What rules go by: plain figures of one device.

/// What is known of a device.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// Too little to tell, for this reason.
    Nothing(String),
    /// Only how many connections it has: the kernel doesn't count what they move.
    Connections(u32),
    /// What it moved.
    Traffic(Box<Facts>),
}

/// What a device did in the last minute. Rates are means in Mbit/s.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Received.
    pub down: f64,
    /// Sent.
    pub up: f64,
    /// Connections opened in a second.
    pub opened: f64,
    /// Remote hosts with which something was exchanged.
    pub hosts: u32,
    /// Different remote ports of these.
    pub ports: u32,
    /// Connections that moved something.
    pub flows: u32,
    /// The share of those that go to high ports of no known service, or of `BitTorrent`.
    pub peer_share: f64,
    /// The share of the bytes that the busiest host has.
    pub top_share: f64,
    /// Whether that host lies in a network from which new software comes.
    pub from_update_network: bool,
    /// The share of the bytes on the port of a VPN.
    pub vpn_share: f64,
    /// How much the looks vary in what was received: their standard deviation ÷ their mean. `None` where looks are too rare
    /// to tell.
    pub variation: Option<f64>,
    /// The flows of UDP that were the busiest at every look, by packets and by bytes. None where looks are too rare.
    pub udp: Vec<UdpFlow>,
    /// The most there was.
    pub peaks: Peaks,
    /// The last three minutes.
    pub long: Option<LongFacts>,
    /// Whether looks are too rare for some rules.
    pub is_coarse: bool,
}

/// One flow of UDP over a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UdpFlow {
    /// Packets received in a second.
    pub packets_down: f64,
    /// Packets sent in a second.
    pub packets_up: f64,
    /// Mbit/s received.
    pub down: f64,
    /// Mbit/s sent.
    pub up: f64,
    /// Whether its port is known for calls.
    pub is_call_port: bool,
}

/// What was received at the most within a day, in Mbit/s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peaks {
    /// By the device in a minute; `None` in its first hour.
    pub own: Option<f64>,
    /// By all devices together in a minute; `None` in the first hour.
    pub line: Option<f64>,
    /// By the device from one look to the next, so far.
    pub own_look: Option<f64>,
    /// By all devices together from one look to the next, so far.
    pub line_look: Option<f64>,
}

/// The last three minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LongFacts {
    /// Mbit/s received.
    pub down: f64,
    /// Connections that moved something.
    pub flows: u32,
    /// The share of the bytes that the busiest host has.
    pub top_share: f64,
}

impl UdpFlow {
    /// The mean size of packets received, in bytes.
    pub fn packet_down(&self) -> f64 {
        size(self.down, self.packets_down)
    }

    /// The mean size of packets sent, in bytes.
    pub fn packet_up(&self) -> f64 {
        size(self.up, self.packets_up)
    }
}

impl Facts {
    /// What is sent for each that is received.
    pub fn up_per_down(&self) -> f64 {
        ratio(self.up, self.down)
    }

    /// Different ports for each host.
    pub fn ports_per_host(&self) -> f64 {
        ratio(self.ports.into(), self.hosts.into())
    }
}

fn size(mbits: f64, packets: f64) -> f64 {
    ratio(mbits * 1e6 / 8.0, packets)
}

/// A part of nothing is nothing, and something beside nothing is without bound.
fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 {
        one / other
    } else if one > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
}
