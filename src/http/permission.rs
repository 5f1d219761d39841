//! Where it may listen, and who may look.

use std::net::IpAddr;

use ipnet::IpNet;

use super::config::HttpConfig;
use crate::lan::Lan;

/// Why it doesn't listen where it was told to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Every address of the router, the WAN's among them.
    #[error("{0} is every address, that on the internet's side too: http.allow must say who may look")]
    Everywhere(IpAddr),
    /// Nobody has this address.
    #[error("{0} is not an address of this router now")]
    NotOurs(IpAddr),
    /// It is another side's.
    #[error(
        "{0} is not on the LAN: an address of the LAN would be right, or a prefix in http.allow that holds it"
    )]
    NotLan(IpAddr),
}

/// Whether it may listen where `config` says. Loopback addresses are the router's alone. Any other must be the router's and in
/// the LAN, unless the owner has written down who may look.
pub fn may_listen(config: &HttpConfig, lan: &Lan) -> Result<(), ListenError> {
    let Some(address) = config.listen.address().map(|address| address.ip()) else { return Ok(()) };
    if address.is_loopback() {
        return Ok(());
    }
    if address.is_unspecified() {
        return if config.allow.is_empty() { Err(ListenError::Everywhere(address)) } else { Ok(()) };
    }
    if !lan.router_addresses().contains(&address) {
        return Err(ListenError::NotOurs(address));
    }
    let holds = |net: &IpNet| net.contains(&address);
    let is_lan = lan.prefixes().any(|net| holds(&net));
    if is_lan || config.allowed().iter().any(holds) { Ok(()) } else { Err(ListenError::NotLan(address)) }
}

/// From where one may look: `http.allow`, or the LAN. The router itself may, by its loopback addresses.
pub fn audience(config: &HttpConfig, lan: &Lan) -> Vec<IpNet> {
    let mut prefixes = if config.allow.is_empty() { lan.prefixes().collect() } else { config.allowed() };
    // A LAN may span one prefix twice.
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lan::interfaces::Interface;

    fn lan() -> Lan {
        let interface = |name: &str, addresses: &[&str]| Interface {
            name: name.to_owned(),
            link_layer: true,
            addresses: addresses.iter().map(|net| net.parse().unwrap()).collect(),
            broadcast: None,
        };
        let mut lan = Lan::new(&["br-lan".to_owned()], &[]);
        let interfaces = vec![
            interface("br-lan", &["192.168.8.1/24", "fd00:8::1/64", "fe80::1/64"]),
            interface("eth0", &["203.0.113.10/24"]),
            interface("lo", &["127.0.0.1/8", "::1/128"]),
        ];
        lan.observe(interfaces, Duration::ZERO);
        lan
    }

    fn judge(listen: &str, allow: &[&str]) -> Result<(), ListenError> {
        let config = HttpConfig {
            listen: listen.to_owned().try_into().unwrap(),
            allow: allow.iter().map(|prefix| (*prefix).to_owned().try_into().unwrap()).collect(),
            names: Vec::new(),
        };
        may_listen(&config, &lan())
    }

    #[cfg(feature = "http")]
    #[test]
    fn on_the_lan_or_where_somebody_has_written_down_who_may_look() {
        let wan = ["203.0.113.0/24"].as_slice();
        for (listen, allow) in [
            ("", &[][..]),
            ("127.0.0.1:1", &[]),
            ("127.8.8.8:1", &[]),
            ("[::1]:1", &[]),
            ("127.0.0.1:1", wan),
            ("192.168.8.1:1", &[]),
            ("[fd00:8::1]:1", &[]),
            ("192.168.8.1:1", wan),
            ("203.0.113.10:1", wan),
            ("0.0.0.0:1", wan),
            ("[::]:1", wan),
        ] {
            assert_eq!(judge(listen, allow), Ok(()), "{listen} {allow:?}");
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn anywhere_else_is_refused() {
        let lan = ["192.168.8.0/24"].as_slice();
        for (listen, allow, error) in [
            ("0.0.0.0:1", &[][..], ListenError::Everywhere as fn(IpAddr) -> ListenError),
            ("[::]:1", &[], ListenError::Everywhere),
            ("192.168.8.2:1", &[], ListenError::NotOurs),
            ("192.168.8.2:1", lan, ListenError::NotOurs),
            ("203.0.113.10:1", &[], ListenError::NotLan),
            ("203.0.113.10:1", lan, ListenError::NotLan),
            // On every interface, that to the provider too.
            ("[fe80::1]:1", &[], ListenError::NotLan),
        ] {
            let address = listen.parse::<std::net::SocketAddr>().unwrap().ip();
            assert_eq!(judge(listen, allow), Err(error(address)), "{listen} {allow:?}");
        }
    }

    #[test]
    fn those_who_may_look_are_the_lan_or_who_was_named() {
        assert_eq!(judge("", &[]), Ok(()));
        let shown = |config: &HttpConfig| {
            audience(config, &lan()).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(shown(&HttpConfig::default()), ["192.168.8.0/24", "fd00:8::/64"]);
        let allow = vec!["10.8.0.2".to_owned().try_into().unwrap()];
        assert_eq!(shown(&HttpConfig { allow, ..HttpConfig::default() }), ["10.8.0.2/32"], "instead of it");
    }
}
