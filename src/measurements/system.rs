//! `[system]`: which figures of the router itself are sent.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
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

/// `system.nstat`: a word, or `true` and `false` as for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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

impl<'de> Deserialize<'de> for NstatChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Choice)
    }
}

struct Choice;

impl Visitor<'_> for Choice {
    type Value = NstatChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"off\", \"usual\" or \"all\"")
    }

    fn visit_str<E: Error>(self, given: &str) -> Result<NstatChoice, E> {
        match given {
            "off" => Ok(NstatChoice::Off),
            "usual" => Ok(NstatChoice::Usual),
            "all" => Ok(NstatChoice::All),
            _ => Err(E::unknown_variant(given, &["off", "usual", "all"])),
        }
    }

    fn visit_bool<E: Error>(self, is_on: bool) -> Result<NstatChoice, E> {
        Ok(if is_on { NstatChoice::Usual } else { NstatChoice::Off })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nstat_is_chosen_by_a_word_or_switched() {
        for (text, expected) in [
            ("nstat = \"off\"", NstatChoice::Off),
            ("nstat = \"usual\"", NstatChoice::Usual),
            ("nstat = \"all\"", NstatChoice::All),
            ("nstat = true", NstatChoice::Usual),
            ("nstat = false", NstatChoice::Off),
            ("", NstatChoice::Usual),
        ] {
            let config: SystemConfig = toml::from_str(text).unwrap();
            assert_eq!(config, SystemConfig { nstat: expected, ..SystemConfig::default() }, "{text}");
        }
    }
}
