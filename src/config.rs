//! TOML text → a validated [`Config`]: the top level, and the way from a file to it.
//!
//! A section is defined in the room that it configures. Each is read by serde, which finds what is wrong and where;
//! `explain` says it in sentences that somebody at home understands.

pub mod byte_size;
mod error;
mod explain;
mod hints;
mod interval;
mod known_keys;
mod router;
mod tags;
mod traffic;
mod user;
pub mod value;

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, Deserializer};

use crate::activity::ActivityConfig;
use crate::conntrack::backend::BackendChoice;
use crate::measurements::longest_line;
use crate::measurements::switches::Switches;
use crate::series::point::GlobalTags;
use crate::series::schema::SPLIT_LINE_AT_MOST;
use value::{quoted, section};

pub use crate::alerts::config::AlertsConfig;
pub use crate::destinations::config::DestinationsConfig;
pub use crate::devices::config::{DeviceTag, DevicesConfig};
pub use crate::http::config::{HttpConfig, PrometheusConfig};
pub use crate::influxdb::config::InfluxdbConfig;
pub use crate::lan::config::LanConfig;
pub use crate::logging::config::{LogConfig, LogLevel};
pub use crate::measurements::system::SystemConfig;
pub use crate::outputs::telegraf::config::{Address, TelegrafAddress, TelegrafConfig};
pub use crate::recorder::config::RecorderConfig;
pub use crate::series::config::Limits;
pub use crate::spool::config::SpoolConfig;
pub use crate::state::config::StateConfig;
pub use error::{ConfigError, ParseError};
pub use interval::Interval;
pub use router::{RouterConfig, RouterTag};
pub use tags::{TagName, TagValue, UserTags};
pub use traffic::TrafficConfig;
pub use user::User;

/// Where the configuration is unless another file is named.
pub const DEFAULT_PATH: &str = "/etc/conntrack-exporter.toml";

/// So many bytes of a datagram are kept free of the user's own tags. More would refuse tags that were always allowed; a
/// line that is longer, which takes figures that no router reaches, goes in a datagram of its own, which IP cuts.
const LONGEST_BESIDE_TAGS: usize = SPLIT_LINE_AT_MOST;

/// The commented defaults, as they are installed.
pub const SAMPLE: &str = include_str!("../config/conntrack-exporter.toml");

/// The whole configuration; every key has a default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The time from one snapshot to the next.
    pub interval: Interval,
    /// Whether points carry the time of their snapshot.
    pub timestamps: Timestamps,
    /// How the kernel's table is read.
    pub source: BackendChoice,
    /// Whom the program becomes when it was started as root.
    pub user: User,
    /// Where snapshots are sent.
    #[serde(deserialize_with = "section")]
    pub telegraf: TelegrafConfig,
    /// The server that they are written to, and that acknowledges them.
    #[serde(deserialize_with = "section")]
    pub influxdb: InfluxdbConfig,
    /// Where they wait for that.
    #[serde(deserialize_with = "section")]
    pub spool: SpoolConfig,
    /// Which of many routers this one is.
    #[serde(deserialize_with = "section")]
    pub router: RouterConfig,
    /// The user's own tags, on every point.
    #[serde(deserialize_with = "section")]
    pub tags: UserTags,
    /// Which measurements are sent.
    #[serde(deserialize_with = "section")]
    pub measurements: Switches,
    /// What the LAN is.
    #[serde(deserialize_with = "section")]
    pub lan: LanConfig,
    /// Where devices and their names are found.
    #[serde(deserialize_with = "section")]
    pub devices: DevicesConfig,
    /// How often traffic is looked at, and how services are called.
    #[serde(deserialize_with = "section")]
    pub traffic: TrafficConfig,
    /// Which figures of the router itself are sent.
    #[serde(deserialize_with = "section")]
    pub system: SystemConfig,
    /// Where the names of networks are found.
    #[serde(deserialize_with = "section")]
    pub destinations: DestinationsConfig,
    /// By which figures it is told what a device is doing.
    #[serde(deserialize_with = "section")]
    pub activity: ActivityConfig,
    /// What is told when something is wrong.
    #[serde(deserialize_with = "section")]
    pub alerts: AlertsConfig,
    /// Where it is kept what was learned.
    #[serde(deserialize_with = "section")]
    pub state: StateConfig,
    /// The flight recorder.
    #[serde(deserialize_with = "section")]
    pub recorder: RecorderConfig,
    /// Where it is served what the last snapshots say.
    #[serde(deserialize_with = "section")]
    pub http: HttpConfig,
    /// What is served to Prometheus.
    #[serde(deserialize_with = "section")]
    pub prometheus: PrometheusConfig,
    /// Bounds.
    #[serde(deserialize_with = "section")]
    pub limits: Limits,
    /// What is logged.
    #[serde(deserialize_with = "section")]
    pub log: LogConfig,
}

/// `timestamps`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Timestamps {
    /// While the clock is set.
    #[default]
    Auto,
    /// Whatever the clock says.
    Always,
    /// Never: Telegraf stamps points on arrival.
    Never,
}

impl Config {
    /// Understands a configuration, or says what stands in its way first.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (document, errors) = DeTable::parse_recoverable(text);
        if let Some(error) = hints::explain(text, &errors) {
            return Err(error);
        }
        let mut config = Self::deserialize(Deserializer::from(document.clone()))
            .map_err(|error| explain::explain(text, document.get_ref(), &error))?;
        explain::refuse_dates(text, document.get_ref())?;
        config
            .settle_traffic(document.get_ref())
            .map_err(|(at, message)| ParseError::at(text, at, &message))?;
        config.settle_telegraf(document.get_ref());
        config
            .names_the_router_once(document.get_ref())
            .map_err(|(at, message)| ParseError::at(text, at, &message))?;
        config.fits_in_datagrams().map_err(|message| {
            let key = document.get_ref().get_key_value("tags");
            let offset = key.map_or(0, |(key, _)| key.span().start);
            // The section begins with its bracket.
            let header = text.get(..offset).unwrap_or_default().trim_end_matches(['[', ' ', '\t']);
            ParseError::at(text, header.len(), &message)
        })?;
        Ok(config)
    }

    /// A `traffic.interval` that is not set follows `interval`; one that is must divide it. An error is told with its
    /// place.
    fn settle_traffic(&mut self, document: &DeTable<'_>) -> Result<(), (usize, String)> {
        let section = document.get("traffic").and_then(|section| section.get_ref().as_table());
        match section.and_then(|section| section.get("interval")) {
            None => self.traffic.fit(self.interval),
            Some(set) => {
                self.traffic.divides(self.interval).map_err(|message| (set.span().start, message))?;
            }
        }
        Ok(())
    }

    /// Whoever writes to a server by HTTP, and doesn't say where Telegraf is, has none.
    fn settle_telegraf(&mut self, document: &DeTable<'_>) {
        let section = document.get("telegraf").and_then(|section| section.get_ref().as_table());
        let is_set = section.is_some_and(|section| section.contains_key("address"));
        if self.influxdb.is_on() && !is_set {
            self.telegraf.address = TelegrafAddress::NOWHERE;
        }
    }

    /// One tag `router` is enough. An error is told with its place.
    fn names_the_router_once(&self, document: &DeTable<'_>) -> Result<(), (usize, String)> {
        let tags = document.get("tags").and_then(|section| section.get_ref().as_table());
        match (self.router.name.as_str(), tags.and_then(|tags| tags.get_key_value(router::TAG))) {
            (Some(name), Some((key, _))) => {
                let name = quoted(name);
                let message = format!("router.name sets this tag already, to {name}: remove one of the two");
                Err((key.span().start, message))
            }
            _ => Ok(()),
        }
    }

    /// The tags on every point: the user's own, and the router's name.
    pub fn global_tags(&self) -> GlobalTags {
        match self.router.name.as_str() {
            None => self.tags.global().clone(),
            Some(name) => self.tags.with(router::TAG, name),
        }
    }

    /// The configuration as text that is understood again: every key, no comments.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Understands the `bytes` of the file at `path`.
    pub fn parse_file(path: &Path, bytes: &[u8]) -> Result<Self, ConfigError> {
        let text = str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let message = "not UTF-8: save the file in that encoding";
            ParseError::at(&String::from_utf8_lossy(before), before.len(), message)
        });
        text.and_then(Self::parse).map_err(|error| ConfigError::Invalid { path: path.to_path_buf(), error })
    }

    /// A line with the longest name and all tags must fit in a datagram.
    fn fits_in_datagrams(&self) -> Result<(), String> {
        let longest = longest_line().min(LONGEST_BESIDE_TAGS);
        let room = self.telegraf.max_datagram.bytes().saturating_sub(longest);
        let needed = tags::longest(&self.global_tags());
        if needed <= room {
            return Ok(());
        }
        Err(format!(
            "your own tags take up to {needed} bytes of every line, and telegraf.max_datagram leaves {room}: use fewer or \
             shorter tags, or larger datagrams"
        ))
    }
}

#[cfg(test)]
mod tests;
