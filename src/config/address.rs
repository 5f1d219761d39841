//! `telegraf.address`: a host and a port.

use std::fmt;

use super::reading::Text;

/// Where Telegraf listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// A name, or an IPv4 or IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The UDP port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Text for Address {
    const WANTED: &'static str =
        "\"host:port\", such as \"127.0.0.1:8094\", \"[::1]:8094\" or \"telegraf.lan:8094\"";

    fn parse(text: &str) -> Result<Self, String> {
        let wanted = Self::WANTED;
        let bad = || format!("{text:?} is not {wanted}");
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let digits = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let port = digits.and_then(|port| port.parse().ok()).filter(|port| *port > 0).ok_or_else(bad)?;
        let host = match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
            Some(inner) => inner.filter(|inner| inner.contains(':')).ok_or_else(bad)?,
            None if host.contains(':') => return Err(bad()),
            None => host,
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(bad());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl Default for Address {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 8094 }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}
