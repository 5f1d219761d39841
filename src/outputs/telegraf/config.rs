//! `[telegraf]`: where snapshots are sent.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::config::value::{ValueError, whole_number};

/// `[telegraf]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelegrafConfig {
    /// Host and UDP port.
    pub address: TelegrafAddress,
    /// The largest datagram, in bytes.
    pub max_datagram: MaxDatagram,
}

/// `telegraf.address`: where Telegraf listens, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TelegrafAddress(pub Option<Address>);

impl TelegrafAddress {
    /// Nothing is sent to Telegraf.
    pub const NOWHERE: Self = Self(None);
}

impl TryFrom<String> for TelegrafAddress {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        if text.is_empty() {
            Ok(Self::NOWHERE)
        } else {
            Address::try_from(text).map(|address| Self(Some(address)))
        }
    }
}

impl From<TelegrafAddress> for String {
    fn from(TelegrafAddress(address): TelegrafAddress) -> Self {
        address.map(Self::from).unwrap_or_default()
    }
}

impl Default for TelegrafAddress {
    fn default() -> Self {
        Self(Some(Address { host: "127.0.0.1".to_owned(), port: 8094 }))
    }
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// A name, or an IPv4 or IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl TryFrom<String> for Address {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        let expected = "\"host:port\", such as \"127.0.0.1:8094\", \"[::1]:8094\" or \"telegraf.lan:8094\"";
        let bad = || ValueError::is_not(&text, expected);
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let digits = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let port = digits.and_then(|port| port.parse().ok()).filter(|port| *port > 0).ok_or_else(bad)?;
        let host = match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
            Some(inner) => inner.filter(|inner| inner.contains(':')).ok_or_else(bad)?,
            None if host.contains(':') => return Err(bad()),
            None => host,
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
        // One dot at the end is the DNS's root; elsewhere an empty label is none (RFC 1035, section 3.1).
        let labels = host.strip_suffix('.').unwrap_or(host);
        if labels.split('.').any(str::is_empty) || !host.bytes().all(plain) {
            return Err(bad());
        }
        refuse_half_an_address(host)?;
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Refuses what was meant as an address and is none, which would be asked for as a name for ever.
///
/// No name ends in a number: no top-level domain is one (RFC 3696, section 2), and the C library takes what does for an
/// address of a form that nobody means, such as 10.1 for 10.0.0.1.
fn refuse_half_an_address(host: &str) -> Result<(), ValueError> {
    if host.contains(':') {
        // Behind the percent sign is an interface (RFC 4007, section 11).
        let address = host.split_once('%').map_or(host, |(address, _)| address);
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err(ValueError::is_not(host, "an IPv6 address, such as \"fd00::5\"")),
        };
    }
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_number && host.parse::<Ipv4Addr>().is_err() {
        let expected =
            "an IPv4 address: four numbers from 0 to 255, such as \"192.168.8.10\", would be right";
        return Err(ValueError::is_not(host, expected));
    }
    Ok(())
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// `telegraf.max_datagram`, in bytes. The least holds the longest line; the most is UDP's over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MaxDatagram(usize);

impl MaxDatagram {
    /// The number of bytes.
    pub const fn bytes(self) -> usize {
        self.0
    }
}

impl<'de> Deserialize<'de> for MaxDatagram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        whole_number(deserializer, 1024..=65507, "a number of bytes from 1024 to 65507").map(Self)
    }
}

impl Default for MaxDatagram {
    /// What an Ethernet frame carries, less the headers of IPv6, UDP and `PPPoE` and some room.
    fn default() -> Self {
        Self(1432)
    }
}
