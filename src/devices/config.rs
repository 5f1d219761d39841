//! `[devices]`: where devices and their names are found.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::absolute_path::AbsolutePath;
use super::name::Name;
use super::name_source::NameSource;
use crate::config::value::{ValueError, list};

/// `[devices]`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DevicesConfig {
    /// The owner's own file of names.
    pub registry: AbsolutePath,
    /// dnsmasq's lease files.
    #[serde(deserialize_with = "list")]
    pub leases: Vec<AbsolutePath>,
    /// odhcpd's lease files.
    #[serde(deserialize_with = "list")]
    pub odhcpd: Vec<AbsolutePath>,
    /// Files of vendors, the first that exists is read.
    #[serde(deserialize_with = "list")]
    pub vendors: Vec<AbsolutePath>,
    /// The sources of names, the best first.
    pub names: NameSources,
    /// How long addresses learned from neighbours are kept.
    pub remember: Remember,
    /// Optional tags.
    pub tags: Vec<DeviceTag>,
}

impl DevicesConfig {
    /// What [`super::Devices`] wants to know; the `router` is called by a name of its own section.
    pub fn settings(&self, router: &Name) -> Settings {
        let paths = |list: &[AbsolutePath]| list.iter().map(PathBuf::from).collect();
        Settings {
            leases: paths(&self.leases),
            odhcpd: paths(&self.odhcpd),
            registry: PathBuf::from(&self.registry),
            vendors: paths(&self.vendors),
            names: self.names.sources().to_vec(),
            remember: self.remember.duration(),
            router: Some(router.clone()),
        }
    }
}

impl Default for DevicesConfig {
    fn default() -> Self {
        let vendors = [
            "/usr/share/nmap/nmap-mac-prefixes",
            "/usr/share/ieee-data/oui.txt",
            "/usr/share/wireshark/manuf",
        ];
        Self {
            registry: AbsolutePath::of_ours("/etc/conntrack-exporter.devices"),
            leases: vec![AbsolutePath::of_ours("/tmp/dhcp.leases")],
            odhcpd: ["/tmp/hosts/odhcpd", "/tmp/odhcpd.leases"].map(AbsolutePath::of_ours).to_vec(),
            vendors: vendors.map(AbsolutePath::of_ours).to_vec(),
            names: NameSources::default(),
            remember: Remember::default(),
            tags: Vec::new(),
        }
    }
}

/// One of `devices.tags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceTag {
    /// What sort of thing it is.
    DeviceType,
    /// The leading address.
    Ip,
    /// The lowest MAC.
    Mac,
}

/// `devices.names`: sources of names, at least one and each at most once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<NameSource>", into = "Vec<NameSource>")]
pub struct NameSources(Vec<NameSource>);

impl NameSources {
    /// The sources, the best first.
    pub fn sources(&self) -> &[NameSource] {
        &self.0
    }
}

impl TryFrom<Vec<NameSource>> for NameSources {
    type Error = ValueError;

    fn try_from(sources: Vec<NameSource>) -> Result<Self, ValueError> {
        if sources.is_empty() {
            let sentence = "an empty list would leave every device without a name: [\"registry\"] would hear your own \
                            file only, and without this line all sources are heard";
            return Err(sentence.to_owned().into());
        }
        let is_again =
            |(place, source): &(usize, &NameSource)| sources.iter().take(*place).any(|one| one == *source);
        match sources.iter().enumerate().find(is_again) {
            Some((_, twice)) => {
                Err(format!("{:?} stands there twice: once would be right", twice.name()).into())
            }
            None => Ok(Self(sources)),
        }
    }
}

impl From<NameSources> for Vec<NameSource> {
    fn from(names: NameSources) -> Self {
        names.0
    }
}

impl Default for NameSources {
    fn default() -> Self {
        Self(NameSource::ALL.to_vec())
    }
}

/// `devices.remember`: 1 minute to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Remember(Duration);

impl Remember {
    /// The time.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl TryFrom<String> for Remember {
    type Error = ValueError;

    fn try_from(time: String) -> Result<Self, ValueError> {
        let allowed = Duration::from_mins(1)..=Duration::from_hours(30 * 24);
        let duration = humantime::parse_duration(&time).ok().filter(|duration| allowed.contains(duration));
        let expected = "a time from \"1m\" to \"30d\", such as \"24h\"";
        duration.map(Self).ok_or_else(|| ValueError::is_not(&time, expected))
    }
}

impl From<Remember> for String {
    fn from(Remember(duration): Remember) -> Self {
        humantime::format_duration(duration).to_string()
    }
}

impl Default for Remember {
    /// A day.
    fn default() -> Self {
        Self(Duration::from_hours(24))
    }
}
