//! A filter for tcpdump (pcap-filter(7)) that captures what the LAN sees of these flows.

use std::collections::BTreeSet;
use std::net::IpAddr;

use thiserror::Error;

use crate::conntrack::flow::{Endpoint, Protocol};
use crate::flow_list::ListedFlow;

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::cli) enum CaptureFilterError {
    /// There are no flows.
    #[error("no connection is like that now: there is nothing to capture")]
    NoFlow,
    /// They are of several devices.
    #[error(
        "{flows} connections of {devices} devices are like that: a capture is of one device, such as device=NAME, or of one connection"
    )]
    ManyDevices {
        /// How many flows.
        flows: usize,
        /// Of how many devices.
        devices: usize,
    },
}

/// The filter for one flow, or for all that one device does.
pub(super) fn of(flows: &[ListedFlow]) -> Result<String, CaptureFilterError> {
    let devices: BTreeSet<&str> = flows.iter().map(|flow| &*flow.device).collect();
    match flows {
        [] => Err(CaptureFilterError::NoFlow),
        [flow] => Ok(of_flow(flow) + "\n"),
        _ if devices.len() > 1 => {
            Err(CaptureFilterError::ManyDevices { flows: flows.len(), devices: devices.len() })
        }
        _ => Ok(of_addresses(&flows.iter().map(|flow| flow.local().address).collect()) + "\n"),
    }
}

fn of_flow(listed: &ListedFlow) -> String {
    let (local, remote, protocol) = (listed.local(), listed.remote, listed.flow.protocol);
    let hosts = format!("host {} and host {}", local.address, remote.address);
    match protocol {
        Protocol::TCP => format!("tcp and {hosts} and {}", ports(local, remote)),
        Protocol::UDP => format!("udp and {hosts} and {}", ports(local, remote)),
        // Others have no ports.
        Protocol(number) => format!("{hosts} and {} proto {number}", family(local.address)),
    }
}

fn ports(local: Endpoint, remote: Endpoint) -> String {
    format!("port {} and port {}", local.port, remote.port)
}

const fn family(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "ip",
        IpAddr::V6(_) => "ip6",
    }
}

fn of_addresses(addresses: &BTreeSet<IpAddr>) -> String {
    let hosts: Vec<String> = addresses.iter().map(|address| format!("host {address}")).collect();
    hosts.join(" or ")
}
