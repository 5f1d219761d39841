//! Values that can only be right: each says in one sentence what would be.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::reading::{Given, Mistake, Read, Text, list, one_of, whole};
use crate::conntrack::backend::BackendChoice;
use crate::devices::name::Name;
use crate::devices::name_source::NameSource;

/// `interval`: whole seconds, 1 s to 1 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(Duration);

impl Interval {
    /// The interval as a time.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl Text for Interval {
    const WANTED: &'static str = "a time in whole seconds from \"1s\" to \"1h\", such as \"30s\" or \"5m\"";

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

/// `telegraf.max_datagram`, in bytes. The least holds the longest line; the most is UDP's over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxDatagram(usize);

impl MaxDatagram {
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

impl Read for MaxDatagram {
    fn read(given: &Given<'_>) -> Result<Self, Mistake> {
        whole(given, "a number of bytes from 1024 to 65507", 1024..=65507).map(Self)
    }
}

/// One of `[limits]`.
pub(super) fn limit(given: &Given<'_>) -> Result<usize, Mistake> {
    whole(given, "a number from 1 to 1000000", 1..=1_000_000)
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

impl Text for LanPattern {
    const WANTED: &'static str = "the name of an interface, such as \"br-lan\" or \"wg*\"";

    fn parse(pattern: &str) -> Result<Self, String> {
        // What no interface is called, and what turns a glob over or into several in some dialects.
        let is_name = |char: char| !char.is_whitespace() && !"/!{}\\".contains(char);
        // A bracket that is never closed would match nothing, in silence.
        let closed = pattern.rfind('[') <= pattern.rfind(']');
        if pattern.is_empty() || !pattern.chars().all(is_name) || !closed {
            return Err(format!("{pattern:?} is not {}", Self::WANTED));
        }
        Ok(Self::from(pattern))
    }
}

/// One of `lan.prefixes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(pub IpNet);

impl Text for Prefix {
    const WANTED: &'static str = "a prefix such as \"192.168.8.0/24\" or \"fd00:8::/64\"";

    fn parse(prefix: &str) -> Result<Self, String> {
        let net: IpNet = prefix.parse().map_err(|_| format!("{prefix:?} is not {}", Self::WANTED))?;
        if net.addr() != net.trunc().addr() {
            return Err(format!("{prefix:?} has bits set behind its mask: {} would be right", net.trunc()));
        }
        Ok(Self(net))
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
}

impl Text for RouterName {
    const WANTED: &'static str = "a name, such as \"router\"";

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

/// `devices.names`: sources of names, each at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSources(Vec<NameSource>);

impl NameSources {
    /// The sources, the best first.
    pub fn sources(&self) -> &[NameSource] {
        &self.0
    }
}

impl Default for NameSources {
    fn default() -> Self {
        Self(NameSource::ALL.to_vec())
    }
}

impl Read for NameSources {
    fn read(given: &Given<'_>) -> Result<Self, Mistake> {
        let sources: Vec<NameSource> = list(given)?;
        let is_again =
            |(place, source): &(usize, &NameSource)| sources.iter().take(*place).any(|one| one == *source);
        match sources.iter().enumerate().find(is_again) {
            Some((_, twice)) => {
                Err(Mistake::at(given, format!("{:?} stands there twice: once would be right", twice.name())))
            }
            None => Ok(Self(sources)),
        }
    }
}

impl Text for NameSource {
    const WANTED: &'static str = "a source of names, such as \"registry\"";

    fn parse(text: &str) -> Result<Self, String> {
        one_of(text, &Self::ALL.map(|source| (source.name(), source)))
    }
}

/// `devices.remember`: 1 minute to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remember(Duration);

impl Remember {
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

impl Text for Remember {
    const WANTED: &'static str = "a time from \"1m\" to \"30d\", such as \"24h\"";

    fn parse(time: &str) -> Result<Self, String> {
        let allowed = Duration::from_mins(1)..=Duration::from_hours(30 * 24);
        let duration = humantime::parse_duration(time).ok().filter(|duration| allowed.contains(duration));
        duration.map(Self).ok_or_else(|| format!("{time:?} is not {}", Self::WANTED))
    }
}

/// `log.level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl Text for LogLevel {
    const WANTED: &'static str = "a level, such as \"info\"";

    fn parse(text: &str) -> Result<Self, String> {
        let levels = [
            ("error", Self::Error),
            ("warn", Self::Warn),
            ("info", Self::Info),
            ("debug", Self::Debug),
            ("trace", Self::Trace),
        ];
        one_of(text, &levels)
    }
}

impl Text for BackendChoice {
    const WANTED: &'static str = "a source of the table, such as \"auto\"";

    fn parse(text: &str) -> Result<Self, String> {
        one_of(text, &[Self::Auto, Self::Procfs, Self::Netlink].map(|choice| (choice.name(), choice)))
    }
}

impl Text for PathBuf {
    const WANTED: &'static str = "the path of a file in quotes";

    fn parse(path: &str) -> Result<Self, String> {
        Ok(path.into())
    }
}
