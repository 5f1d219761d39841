//! `[http]` and `[prometheus]`: where it is served what the last snapshots say, and to whom.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::config::value::{ValueError, list, quoted};

/// `[http]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Where it listens.
    pub listen: ListenAddress,
    /// Who may look, instead of the LAN.
    #[serde(deserialize_with = "list")]
    pub allow: Vec<AllowedPrefix>,
    /// Names by which browsers may call the router, besides its addresses.
    #[serde(deserialize_with = "list")]
    pub names: Vec<HostName>,
}

impl HttpConfig {
    /// Whether anything is to be served.
    pub const fn is_on(&self) -> bool {
        self.listen.0.is_some()
    }

    /// Who may look; empty is the LAN.
    pub fn allowed(&self) -> Vec<IpNet> {
        self.allow.iter().map(|prefix| prefix.0).collect()
    }
}

/// `[prometheus]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrometheusConfig {
    /// Whether figures of the router itself are served under the names of `node_exporter`.
    pub node_names: bool,
}

/// `http.listen`: an address and a port, or nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenAddress(Option<SocketAddr>);

impl ListenAddress {
    /// The address, unless it is nowhere.
    pub const fn address(self) -> Option<SocketAddr> {
        self.0
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        if given.is_empty() {
            return Ok(Self(None));
        }
        if !cfg!(feature = "http") {
            let sentence = "not in this build: the small program serves nothing, so \"\" would be right";
            return Err(sentence.to_owned().into());
        }
        let expected =
            "an address of the router and a port, such as \"192.168.8.1:9479\" or \"[fd00::1]:9479\"";
        let address = given.parse().ok().filter(|address: &SocketAddr| address.port() > 0);
        address.map(|address| Self(Some(address))).ok_or_else(|| ValueError::is_not(&given, expected))
    }
}

impl From<ListenAddress> for String {
    fn from(listen: ListenAddress) -> Self {
        listen.0.map(|address| address.to_string()).unwrap_or_default()
    }
}

/// One of `http.allow`: a prefix, or one address. It may be as wide as its owner likes: he has to write it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedPrefix(pub IpNet);

impl TryFrom<String> for AllowedPrefix {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        let expected =
            "a prefix or an address, such as \"192.168.8.0/24\", \"fd00:8::/64\" or \"192.168.8.20\"";
        let address = given.parse::<IpAddr>().map(IpNet::from);
        let net: IpNet =
            address.or_else(|_| given.parse()).map_err(|_| ValueError::is_not(&given, expected))?;
        if net.addr() != net.trunc().addr() {
            let (given, right) = (quoted(&given), net.trunc());
            return Err(format!("{given} has bits set behind its mask: {right} would be right").into());
        }
        Ok(Self(net))
    }
}

impl From<AllowedPrefix> for String {
    fn from(AllowedPrefix(net): AllowedPrefix) -> Self {
        net.to_string()
    }
}

impl fmt::Display for AllowedPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of `http.names`: a host name, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl HostName {
    /// The longest that the DNS has (RFC 1035, section 2.3.4).
    const LONGEST: usize = 253;

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HostName {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let has_labels = !given.split('.').any(str::is_empty);
        let is_name = has_labels && given.len() <= Self::LONGEST && given.bytes().all(plain);
        if !is_name || given.parse::<IpAddr>().is_ok() {
            let expected =
                "a host name without port, such as \"router.lan\" (addresses of the router need no entry)";
            return Err(ValueError::is_not(&given, expected));
        }
        Ok(Self(given.to_ascii_lowercase()))
    }
}

impl From<HostName> for String {
    fn from(HostName(name): HostName) -> Self {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<HttpConfig, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn nowhere_unless_somebody_says_where() {
        assert!(!parse("").unwrap().is_on() && !parse("listen = \"\"").unwrap().is_on());
    }

    #[cfg(feature = "http")]
    #[test]
    fn an_address_and_a_port() {
        for right in ["192.168.8.1:9479", "[fd00::1]:9479", "0.0.0.0:80", "[::]:9479"] {
            let config = parse(&format!("listen = {right:?}")).unwrap();
            assert_eq!(String::from(config.listen), right);
            assert!(config.is_on());
        }
        let bad = [
            "9479",
            ":9479",
            "192.168.8.1",
            "192.168.8.1:0",
            "router.lan:9479",
            "fd00::1:9479",
            " ",
            "1.2:3",
        ];
        for wrong in bad.into_iter().chain(["192.168.8.1:99999", "http://192.168.8.1:9479"]) {
            let error = parse(&format!("listen = {wrong:?}")).unwrap_err();
            assert!(error.contains("an address of the router and a port"), "{wrong}: {error}");
        }
    }

    #[cfg(not(feature = "http"))]
    #[test]
    fn a_program_without_a_server_says_so() {
        assert!(parse("listen = \"127.0.0.1:9479\"").unwrap_err().starts_with("not in this build"));
    }

    #[test]
    fn prefixes_and_single_addresses_are_allowed() {
        let config = parse("allow = [\"192.168.8.0/24\", \"fd00::5\", \"0.0.0.0/0\", \"10.8.0.2\"]").unwrap();
        let shown: Vec<_> = config.allow.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["192.168.8.0/24", "fd00::5/128", "0.0.0.0/0", "10.8.0.2/32"]);
        let error = parse("allow = [\"192.168.8.1/24\"]").unwrap_err();
        assert!(error.ends_with("bits set behind its mask: 192.168.8.0/24 would be right"), "{error}");
        for wrong in ["", "lan", "192.168.8.0/33", "192.168.8.*"] {
            assert!(
                parse(&format!("allow = [{wrong:?}]")).unwrap_err().contains("is not a prefix"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn names_are_compared_in_lower_case() {
        let config = parse("names = [\"Router.LAN\", \"gl-mt2500\"]").unwrap();
        assert_eq!(
            config.names.iter().map(HostName::as_str).collect::<Vec<_>>(),
            ["router.lan", "gl-mt2500"]
        );
        let long = "a".repeat(254);
        for wrong in
            ["", ".", "a..b", "router.lan:9479", "192.168.8.1", "::1", "bü.lan", "a b", "http://a", &long]
        {
            assert!(
                parse(&format!("names = [{wrong:?}]")).unwrap_err().contains("a host name without port"),
                "{wrong}"
            );
        }
    }
}
