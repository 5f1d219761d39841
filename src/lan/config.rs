//! `[lan]`: what the LAN is.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::config::value::{ValueError, list, quoted};
use crate::devices::name::Name;

/// `[lan]`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LanConfig {
    /// Names of interfaces, as shell globs.
    #[serde(deserialize_with = "list")]
    pub interfaces: Vec<LanPattern>,
    /// Prefixes besides those of the interfaces.
    #[serde(deserialize_with = "list")]
    pub prefixes: Vec<Prefix>,
    /// What the router itself is called.
    pub router_name: RouterName,
}

impl LanConfig {
    /// The patterns that make an interface LAN.
    pub fn patterns(&self) -> Vec<String> {
        self.interfaces.iter().map(|pattern| pattern.as_str().to_owned()).collect()
    }

    /// The prefixes that are LAN besides.
    pub fn prefixes(&self) -> Vec<IpNet> {
        self.prefixes.iter().map(|prefix| prefix.0).collect()
    }
}

impl Default for LanConfig {
    fn default() -> Self {
        let interfaces = ["br-lan", "br-guest", "wgserver*"];
        Self {
            interfaces: interfaces.map(|pattern| LanPattern(pattern.to_owned())).to_vec(),
            prefixes: Vec::new(),
            router_name: RouterName::default(),
        }
    }
}

/// One of `lan.interfaces`: a shell glob.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanPattern(String);

impl LanPattern {
    /// The glob.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LanPattern {
    type Error = ValueError;

    fn try_from(pattern: String) -> Result<Self, ValueError> {
        // What no interface is called, and what turns a glob over or into several in some dialects.
        let is_name = |char: char| !char.is_whitespace() && !"/!{}\\".contains(char);
        // A bracket that is never closed would match nothing, in silence.
        let closed = pattern.rfind('[') <= pattern.rfind(']');
        if pattern.is_empty() || !pattern.chars().all(is_name) || !closed {
            let expected = "the name of an interface, such as \"br-lan\" or \"wg*\"";
            return Err(ValueError::is_not(&pattern, expected));
        }
        Ok(Self(pattern))
    }
}

impl From<LanPattern> for String {
    fn from(pattern: LanPattern) -> Self {
        pattern.0
    }
}

/// One of `lan.prefixes`: no wider than the widest that anybody has for their own, 10.0.0.0/8 and `fc00::/7`. A wider one
/// makes devices of the internet's hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(pub IpNet);

impl TryFrom<String> for Prefix {
    type Error = ValueError;

    fn try_from(prefix: String) -> Result<Self, ValueError> {
        let expected = "a prefix such as \"192.168.8.0/24\" or \"fd00:8::/64\"";
        let net: IpNet = prefix.parse().map_err(|_| ValueError::is_not(&prefix, expected))?;
        if net.addr() != net.trunc().addr() {
            let (prefix, right) = (quoted(&prefix), net.trunc());
            return Err(format!("{prefix} has bits set behind its mask: {right} would be right").into());
        }
        let (shortest, example) = match net {
            IpNet::V4(_) => (8, "192.168.8.0/24"),
            IpNet::V6(_) => (7, "fd00:8::/64"),
        };
        if net.prefix_len() < shortest {
            let prefix = quoted(&prefix);
            return Err(format!(
                "{prefix} holds far more than a LAN: /{shortest} or longer would be right, such as {example:?}"
            )
            .into());
        }
        Ok(Self(net))
    }
}

impl From<Prefix> for String {
    fn from(Prefix(net): Prefix) -> Self {
        net.to_string()
    }
}

/// `lan.router_name`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RouterName(Name);

impl RouterName {
    /// The name.
    pub const fn name(&self) -> &Name {
        &self.0
    }
}

impl TryFrom<String> for RouterName {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        let clean = Name::clean(given.as_bytes()).filter(|name| name.as_str() == given);
        let is_anothers = |name: &Name| {
            *name.folded() == *"other" || name.as_mac().is_some() || name.as_address().is_some()
        };
        let expected = "1 to 64 bytes of visible characters without backslash, other than \"other\", a MAC or an \
                        address";
        let own = clean.filter(|name| !is_anothers(name));
        own.map(Self).ok_or_else(|| ValueError::is_not(&given, expected))
    }
}

impl From<RouterName> for String {
    fn from(name: RouterName) -> Self {
        name.0.as_str().to_owned()
    }
}

impl Default for RouterName {
    #[expect(clippy::expect_used, reason = "the literal is a clean name, and a test says so")]
    fn default() -> Self {
        Self(Name::clean(b"router").expect("a clean name"))
    }
}
