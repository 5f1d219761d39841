//! Flows for tests.

use std::net::SocketAddr;

use super::ListedFlow;
use crate::attribution::Direction;
use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

/// An established connection of TCP that this device began, behind NAT: 1,000 bytes sent, 2,000 received, silent for 5 s.
pub(crate) fn flow(device: &str, local: &str, remote: &str) -> ListedFlow {
    let [local, remote] = [local, remote].map(endpoint);
    let outside = Endpoint { port: local.port, ..endpoint("203.0.113.10:0") };
    let tuple = |source, destination, bytes| Tuple {
        source,
        destination,
        counters: Some(Counters { packets: bytes / 100, bytes }),
    };
    ListedFlow {
        flow: Flow {
            protocol: Protocol::TCP,
            state: State::Established,
            flags: Flags::ASSURED,
            timeout: Some(7435),
            mark: 0,
            zone: 0,
            original: tuple(local, remote, 1_000),
            reply: tuple(remote, outside, 2_000),
        },
        device: device.into(),
        direction: Direction::Outbound,
        remote,
        service: "HTTPS".into(),
        idle: Some(5),
    }
}

/// The same, of a connection that the other end began and a port forward led to the device.
pub(crate) fn inbound(device: &str, local: &str, remote: &str) -> ListedFlow {
    let outbound = flow(device, local, remote);
    let Flow { original, reply, .. } = outbound.flow;
    let outside = Tuple { destination: reply.destination, ..original };
    let original = Tuple { source: outbound.remote, ..outside };
    let reply = Tuple { source: endpoint(local), destination: outbound.remote, ..reply };
    ListedFlow { flow: Flow { original, reply, ..outbound.flow }, direction: Direction::Inbound, ..outbound }
}

fn endpoint(text: &str) -> Endpoint {
    let address: SocketAddr = text.parse().unwrap();
    Endpoint { address: address.ip(), port: address.port() }
}
