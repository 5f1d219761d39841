//! `[system]`: which figures of the router itself are sent.

use serde::{Deserialize, Serialize};

/// `[system]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct SystemConfig {
    /// What the kernel's protocols have counted.
    pub nstat: NstatChoice,
    /// How many sockets are in which state.
    pub netstat: bool,
    /// What passed through each interface, as Telegraf's own input tells it.
    pub net: bool,
    /// How TCP fares.
    pub tcp_health: bool,
    /// How the connections of each service fare.
    pub tcp_service: bool,
    /// Which ports are open.
    pub listening_port: bool,
    /// What each interface is like and does, and all physical ones together.
    pub network_interface: bool,
    /// Uptime, processors and memory.
    pub router_stats: bool,
    /// The rate of what comes in over the WAN.
    pub wan_bandwidth: bool,
    /// Whether it is told which process listens.
    pub processes: bool,
}

impl SystemConfig {
    /// Nothing.
    pub const NOTHING: Self = Self {
        nstat: NstatChoice::Off,
        netstat: false,
        net: false,
        tcp_health: false,
        tcp_service: false,
        listening_port: false,
        network_interface: false,
        router_stats: false,
        wan_bandwidth: false,
        processes: false,
    };
}

impl Default for SystemConfig {
    fn default() -> Self {
        Self {
            nstat: NstatChoice::Usual,
            netstat: true,
            net: true,
            tcp_health: true,
            tcp_service: true,
            listening_port: true,
            network_interface: true,
            router_stats: false,
            wan_bandwidth: false,
            processes: false,
        }
    }
}

/// `system.nstat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NstatChoice {
    /// Nothing.
    Off,
    /// What tells how the router's own connections fare.
    #[default]
    Usual,
    /// All that the kernel counts.
    All,
}
