//! Values that can only be right: each says in one sentence what would be.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::devices::name::Name;
use crate::devices::source::Source;
use crate::point::GlobalTags;

/// Reads a text and makes a value of it. What is wrong is said within the visitor, so that the complaint knows where
/// the text stands.
pub(super) fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    wanted: &'static str,
    make: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Text<F> {
        wanted: &'static str,
        make: F,
    }
    impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Text<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.wanted)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.make)(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text { wanted, make })
}

/// Reads a whole number within `allowed`.
fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
    wanted: &'static str,
    allowed: RangeInclusive<usize>,
) -> Result<usize, D::Error> {
    struct Number {
        wanted: &'static str,
        allowed: RangeInclusive<usize>,
    }
    impl Visitor<'_> for Number {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.wanted)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<usize, E> {
            let right = usize::try_from(number).ok().filter(|number| self.allowed.contains(number));
            right.ok_or_else(|| E::custom(format!("{number} is not {}", self.wanted)))
        }
    }
    deserializer.deserialize_i64(Number { wanted, allowed })
}

/// Reads a list.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of strings in brackets, such as [\"one\", \"two\"]")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = elements.next_element()? {
                list.push(element);
            }
            Ok(list)
        }
    }
    deserializer.deserialize_seq(List(PhantomData))
}

/// `interval`: whole seconds, 1 s to 1 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(Duration);

impl Interval {
    const WANTED: &'static str = "a time in whole seconds from \"1s\" to \"1h\", such as \"30s\" or \"5m\"";

    /// The interval as a time.
    pub const fn duration(self) -> Duration {
        self.0
    }

    fn parse(text: &str) -> Result<Self, String> {
        let wanted = Self::WANTED;
        let duration =
            humantime::parse_duration(text).map_err(|_| format!("{text:?} is no time: {wanted} would be"))?;
        let allowed = (1..=3600).contains(&duration.as_secs()) && duration.subsec_nanos() == 0;
        if allowed { Ok(Self(duration)) } else { Err(format!("{text:?} is not {wanted}")) }
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, Self::WANTED, Self::parse)
    }
}

/// `telegraf.address`: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    const WANTED: &'static str =
        "\"host:port\", such as \"127.0.0.1:8094\", \"[::1]:8094\" or \"telegraf.lan:8094\"";

    /// A name, or an IPv4 or IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The UDP port.
    pub const fn port(&self) -> u16 {
        self.port
    }

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

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, Self::WANTED, Self::parse)
    }
}

/// `telegraf.max_datagram`, in bytes. The least holds the longest line; the most is UDP's over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxDatagram(usize);

impl MaxDatagram {
    const ALLOWED: RangeInclusive<usize> = 1024..=65507;

    /// The number of bytes.
    pub const fn bytes(self) -> usize {
        self.0
    }
}

impl Default for MaxDatagram {
    /// What an Ethernet frame carries, less the headers of IPv6, UDP and `PPPoE` and some room.
    fn default() -> Self {
        Self(1432)
    }
}

impl<'de> Deserialize<'de> for MaxDatagram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer, "a number of bytes from 1024 to 65507", Self::ALLOWED).map(Self)
    }
}

/// One of `[limits]`.
pub(super) fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    number(deserializer, "a number from 1 to 1000000", 1..=1_000_000)
}

/// One of `lan.interfaces`: a shell glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanPattern(String);

impl LanPattern {
    /// The glob.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for LanPattern {
    fn from(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }
}

impl<'de> Deserialize<'de> for LanPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "the name of an interface, such as \"br-lan\"", |pattern| {
            // What no interface is called, and what turns a glob over or into several in some dialects.
            let is_name = |char: char| !char.is_whitespace() && !"/!{}\\".contains(char);
            // A bracket that is never closed would match nothing, in silence.
            let closed = pattern.rfind('[') <= pattern.rfind(']');
            if pattern.is_empty() || !pattern.chars().all(is_name) || !closed {
                return Err(format!(
                    "{pattern:?} is not the name of an interface, such as \"br-lan\" or \"wg*\""
                ));
            }
            Ok(Self::from(pattern))
        })
    }
}

/// One of `lan.prefixes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(pub IpNet);

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a prefix, such as \"192.168.8.0/24\"", |prefix| {
            let wanted = "a prefix such as \"192.168.8.0/24\" or \"fd00:8::/64\"";
            let net: IpNet = prefix.parse().map_err(|_| format!("{prefix:?} is not {wanted}"))?;
            if net.addr() != net.trunc().addr() {
                return Err(format!(
                    "{prefix:?} has bits set behind its mask: {} would be right",
                    net.trunc()
                ));
            }
            Ok(Self(net))
        })
    }
}

/// `lan.router_name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterName(Name);

impl RouterName {
    /// The name.
    pub const fn name(&self) -> &Name {
        &self.0
    }

    fn parse(given: &str) -> Result<Self, String> {
        let clean = Name::clean(given.as_bytes()).filter(|name| name.as_str() == given);
        let is_anothers = |name: &Name| {
            *name.folded() == *"other" || name.as_mac().is_some() || name.as_address().is_some()
        };
        clean.filter(|name| !is_anothers(name)).map(Self).ok_or_else(|| {
            format!(
                "{given:?} is not 1 to 64 bytes of visible characters without backslash, other than \"other\", a MAC \
                 or an address"
            )
        })
    }
}

impl Default for RouterName {
    #[expect(clippy::expect_used, reason = "the literal is a clean name, and a test says so")]
    fn default() -> Self {
        Self(Name::clean(b"router").expect("a clean name"))
    }
}

impl<'de> Deserialize<'de> for RouterName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a name, such as \"router\"", Self::parse)
    }
}

/// `devices.names`: sources of names, each at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSources(Vec<Source>);

impl NameSources {
    /// The sources, the best first.
    pub fn sources(&self) -> &[Source] {
        &self.0
    }
}

impl Default for NameSources {
    fn default() -> Self {
        Self(Source::ALL.to_vec())
    }
}

impl<'de> Deserialize<'de> for NameSources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sources: Vec<Source> = list(deserializer)?;
        match sources
            .iter()
            .enumerate()
            .find(|(place, source)| sources.iter().take(*place).any(|one| one == *source))
        {
            Some((_, twice)) => {
                Err(Error::custom(format!("{:?} stands there twice: once would be right", twice.name())))
            }
            None => Ok(Self(sources)),
        }
    }
}

/// `devices.remember`: 1 minute to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remember(Duration);

impl Remember {
    const WANTED: &'static str = "a time from \"1m\" to \"30d\", such as \"24h\"";

    /// The time.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl Default for Remember {
    fn default() -> Self {
        Self(Duration::from_hours(24))
    }
}

impl<'de> Deserialize<'de> for Remember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, Self::WANTED, |time| {
            let allowed = Duration::from_mins(1)..=Duration::from_hours(30 * 24);
            let duration = humantime::parse_duration(time).ok().filter(|duration| allowed.contains(duration));
            duration.map(Self).ok_or_else(|| format!("{time:?} is not {}", Self::WANTED))
        })
    }
}

/// `log.level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What goes wrong and stops something.
    Error,
    /// What goes wrong.
    Warn,
    /// What begins and ends.
    #[default]
    Info,
    /// Every snapshot.
    Debug,
    /// Everything.
    Trace,
}

/// `[tags]`: the user's own tags.
#[derive(Clone, Debug, PartialEq)]
pub struct UserTags(GlobalTags);

impl UserTags {
    /// The tags in order of their keys.
    pub const fn global(&self) -> &GlobalTags {
        &self.0
    }

    /// The bytes that these tags take in a line at most, with every byte escaped.
    pub(super) fn longest(&self) -> usize {
        self.0.iter().map(|(key, value)| 2 * (key.len() + value.len()) + 2).sum()
    }
}

impl Default for UserTags {
    fn default() -> Self {
        Self([].into())
    }
}

/// Tags that `connection_state` has itself; points with one twice would be refused.
const TAKEN: [&str; 6] = ["device_name", "device_type", "ip", "mac", "protocol", "state"];

impl<'de> Deserialize<'de> for UserTags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tags = BTreeMap::<TagName, TagValue>::deserialize(deserializer)?;
        Ok(Self(tags.into_iter().map(|(name, value)| (name.0, value.0)).collect()))
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct TagName(Box<str>);

impl<'de> Deserialize<'de> for TagName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a name in quotes", |name| {
            if TAKEN.contains(&name) {
                return Err(format!(
                    "the tag {name:?} is one of connection_state's own: choose another name"
                ));
            }
            if name == "time" || name.starts_with('_') {
                return Err(format!(
                    "InfluxDB drops points with the tag {name:?}: choose a name without leading \"_\", not \"time\""
                ));
            }
            clean("name", name).map(Self)
        })
    }
}

struct TagValue(Box<str>);

impl<'de> Deserialize<'de> for TagValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a value in quotes, such as \"home\"", |value| clean("value", value).map(Self))
    }
}

/// A tag's name or value that needs no cleaning.
fn clean(what: &str, text: &str) -> Result<Box<str>, String> {
    let clean = Name::clean(text.as_bytes()).filter(|clean| clean.as_str() == text);
    clean.map(|clean| clean.as_str().into()).ok_or_else(|| {
        format!("the {what} {text:?} of a tag is not 1 to 64 bytes of visible characters without backslash")
    })
}
