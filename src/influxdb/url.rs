//! Where InfluxDB is: `http://host:port/path`.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::config::Address;
use crate::config::value::ValueError;

/// What is left as it is in a query: the unreserved characters (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of a server's API, without what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Url {
    scheme: Scheme,
    address: Address,
    /// What stands before the paths of the API; without a slash at its end.
    prefix: String,
    /// Whether the port was written, or is the scheme's own.
    has_port: bool,
}

/// How the server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// By TLS.
    Https,
}

impl Scheme {
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Url {
    /// How it is spoken to.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host and port.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// What the header `Host` says (RFC 9110, section 7.2).
    pub fn authority(&self) -> String {
        let text = self.address.to_string();
        if self.has_port {
            text
        } else {
            text.trim_end_matches(&format!(":{}", self.address.port())).to_owned()
        }
    }

    /// The path of `endpoint`, with a query of those parameters that aren't empty.
    pub fn target(&self, endpoint: &str, parameters: &[(&str, &str)]) -> String {
        let given = parameters.iter().filter(|(_, value)| !value.is_empty());
        let given: Vec<_> =
            given.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ESCAPED))).collect();
        let query = if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) };
        format!("{}{endpoint}{query}", self.prefix)
    }
}

impl TryFrom<String> for Url {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        let bad =
            || ValueError::is_not(&without_user(&given), "an address such as \"http://192.168.8.10:8086\"");
        let (scheme, rest) = given.split_once("://").ok_or_else(bad)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" if cfg!(feature = "tls") => Scheme::Https,
            "https" => {
                let sentence =
                    "https:// is not in this build: it takes the feature tls (docs/influxdb.md says how)";
                return Err(sentence.to_owned().into());
            }
            _ => return Err(bad()),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        if authority.contains('@') {
            let sentence = "no user and password in it: a token goes into influxdb.token_file";
            return Err(sentence.to_owned().into());
        }
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&byte);
        if !path.bytes().all(is_plain) {
            let sentence =
                "a path of visible characters is all that may follow the host: org and bucket have keys";
            return Err(sentence.to_owned().into());
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let with_port =
            if has_port { authority.to_owned() } else { format!("{authority}:{}", scheme.port()) };
        let address = Address::try_from(with_port).map_err(|_| bad())?;
        Ok(Self { scheme, address, prefix: path.trim_end_matches('/').to_owned(), has_port })
    }
}

/// Messages don't show what may be a password.
fn without_user(given: &str) -> String {
    match (given.split_once("://"), given.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        (_, None) => given.to_owned(),
    }
}

impl From<Url> for String {
    fn from(url: Url) -> Self {
        url.to_string()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.authority(), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<Url, String> {
        Url::try_from(text.to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_with_or_without_port_and_path() {
        for (text, shown, authority, port) in [
            ("http://192.168.8.10:8086", "http://192.168.8.10:8086", "192.168.8.10:8086", 8086),
            ("http://nas.lan", "http://nas.lan", "nas.lan", 80),
            ("HTTP://nas.lan/", "http://nas.lan", "nas.lan", 80),
            ("http://[fd00::5]:8086/influx/", "http://[fd00::5]:8086/influx", "[fd00::5]:8086", 8086),
            ("http://[fd00::5]/a", "http://[fd00::5]/a", "[fd00::5]", 80),
        ] {
            let url = url(text).unwrap();
            assert_eq!((url.to_string().as_str(), url.authority().as_str()), (shown, authority));
            assert_eq!((url.address().port(), url.scheme()), (port, Scheme::Http));
        }
    }

    #[test]
    fn what_is_asked_stands_behind_the_path_and_is_escaped() {
        let url = url("http://nas:8086/influx").unwrap();
        let parameters = [("org", "Anna's home & more"), ("bucket", ""), ("precision", "ns")];
        let target = url.target("/api/v2/write", &parameters);
        assert_eq!(target, "/influx/api/v2/write?org=Anna%27s%20home%20%26%20more&precision=ns");
        assert_eq!(url.target("/health", &[]), "/influx/health");
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused_with_what_would_be_right() {
        for (wrong, told) in [
            ("192.168.8.10:8086", "http://192.168.8.10:8086"),
            ("udp://192.168.8.10:8086", "http://192.168.8.10:8086"),
            ("http://", "http://192.168.8.10:8086"),
            ("http://a:0", "http://192.168.8.10:8086"),
            ("http://a:99999", "http://192.168.8.10:8086"),
            ("http://fd00::5:8086", "http://192.168.8.10:8086"),
            ("http://a/b?org=c", "org and bucket have keys"),
            ("http://a/b c", "org and bucket have keys"),
            ("http://anna:secret@nas:8086", "influxdb.token_file"),
        ] {
            let error = url(wrong).unwrap_err();
            assert!(error.contains(told) && !error.contains("secret"), "{wrong}: {error}");
        }
        assert!(!url("anna:secret@nas").unwrap_err().contains("secret"));
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn a_program_without_tls_says_so() {
        assert!(url("https://nas").unwrap_err().contains("the feature tls"));
    }

    #[cfg(feature = "tls")]
    #[test]
    fn by_tls_the_port_is_another() {
        assert_eq!(url("https://nas").unwrap().address().port(), 443);
    }
}
