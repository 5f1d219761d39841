//! Flows as JSON. What isn't known is absent.

use std::net::IpAddr;

use serde::Serialize;

use super::columns::direction;
use crate::conntrack::flow::Counters;
use crate::flow_list::ListedFlow;

#[derive(Debug, Serialize)]
struct FlowObject<'a> {
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
            direction: direction(listed.direction),
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

/// An array.
pub(super) fn array(flows: &[ListedFlow]) -> Result<String, serde_json::Error> {
    let objects: Vec<FlowObject<'_>> = flows.iter().map(FlowObject::from).collect();
    Ok(serde_json::to_string_pretty(&objects)? + "\n")
}

/// One object to a line.
pub(super) fn lines(flows: &[ListedFlow]) -> Result<String, serde_json::Error> {
    flows.iter().map(|flow| Ok(serde_json::to_string(&FlowObject::from(flow))? + "\n")).collect()
}
