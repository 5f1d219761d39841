//! A flow as JSON, for whoever prints or serves flows. What isn't known is absent.

use std::net::IpAddr;

use serde::Serialize;

use super::ListedFlow;
use crate::conntrack::flow::Counters;

/// A flow, to be written as an object.
#[derive(Debug, Serialize)]
pub(crate) struct FlowObject<'a> {
    device: &'a str,
    protocol: &'static str,
    protocol_number: u8,
    state: &'static str,
    direction: &'static str,
    local_address: IpAddr,
    local_port: u16,
    remote_address: IpAddr,
    remote_port: u16,
    service: &'a str,
    #[serde(flatten)]
    moved: Option<Moved>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_seconds: Option<u32>,
    offloaded: bool,
    mark: u32,
    zone: u16,
}

#[derive(Debug, Serialize)]
struct Moved {
    rx_bytes: u64,
    rx_packets: u64,
    tx_bytes: u64,
    tx_packets: u64,
}

impl<'a> From<&'a ListedFlow> for FlowObject<'a> {
    fn from(listed: &'a ListedFlow) -> Self {
        let (local, remote, flow) = (listed.local(), listed.remote, &listed.flow);
        let moved = listed.received().zip(listed.sent());
        Self {
            device: &listed.device,
            protocol: flow.protocol.name(),
            protocol_number: flow.protocol.0,
            state: flow.state.name(),
            direction: listed.direction.name(),
            local_address: local.address,
            local_port: local.port,
            remote_address: remote.address,
            remote_port: remote.port,
            service: &listed.service,
            moved: moved.map(|(received, sent)| Moved::new(received, sent)),
            idle_seconds: listed.idle,
            timeout_seconds: flow.timeout,
            offloaded: flow.flags.offloaded(),
            mark: flow.mark,
            zone: flow.zone,
        }
    }
}

impl Moved {
    const fn new(received: Counters, sent: Counters) -> Self {
        Self {
            rx_bytes: received.bytes,
            rx_packets: received.packets,
            tx_bytes: sent.bytes,
            tx_packets: sent.packets,
        }
    }
}
