//! Through which interfaces the router reaches the internet.

use super::interfaces::Interface;

/// Interfaces without link-layer addresses that are uplinks all the same: of PPP, over Ethernet too, and of modems.
const UPLINKS: [&str; 2] = ["ppp", "wwan"];

/// The interfaces of the WAN: each holds a default route, and is no tunnel within another of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WanInterfaces {
    /// In order.
    names: Vec<String>,
}

impl WanInterfaces {
    /// Those of `default_routes`, the interfaces through which default routes lead, that have link-layer addresses or
    /// are uplinks without. What goes through the others, such as a VPN, goes through one of these once more.
    pub fn among(default_routes: impl IntoIterator<Item = String>, interfaces: &[Interface]) -> Self {
        let is_linked = |name: &str| {
            interfaces.iter().any(|interface| interface.link_layer && interface.name == name) && name != "lo"
        };
        let is_wan = |name: &String| is_linked(name) || UPLINKS.iter().any(|uplink| name.starts_with(uplink));
        let mut names: Vec<String> = default_routes.into_iter().filter(is_wan).collect();
        names.sort_unstable();
        names.dedup();
        Self { names }
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_a_default_route_and_are_no_tunnels() {
        let interface = |(name, link_layer): (&str, bool)| Interface {
            name: name.into(),
            link_layer,
            addresses: vec![],
            broadcast: None,
        };
        let interfaces = [
            ("lo", true),
            ("br-lan", true),
            ("eth1", true),
            ("pppoe-wan", false),
            ("wgclient", false),
            ("wwan0", false),
            ("6in4-wan6", false),
        ]
        .map(interface);
        for (routes, expected) in [
            (&["eth1"][..], &["eth1"][..]),
            (&["wwan0", "pppoe-wan", "eth1", "wwan0"], &["eth1", "pppoe-wan", "wwan0"]),
            (&["wgclient", "eth1", "6in4-wan6"], &["eth1"]),
            (&["lo", "*", "eth9"], &[]),
            (&["ppp7"], &["ppp7"]),
            (&[], &[]),
        ] {
            let wan = WanInterfaces::among(routes.iter().map(|name| (*name).to_owned()), &interfaces);
            assert_eq!(wan.names().collect::<Vec<_>>(), expected, "{routes:?}");
        }
    }
}
