//! TOML text → a validated [`Config`]; every default, every complaint.

mod address;
mod complaint;
mod reading;
mod tags;
mod user;
mod values;

use std::io;
use std::path::{Path, PathBuf};

use crate::conntrack::backend::BackendChoice;
use reading::{Mistake, Table, Text, list, one_of};

pub use address::Address;
pub use complaint::{Complaint, ConfigError};
pub use tags::UserTags;
pub use user::User;
pub use values::{Interval, LanPattern, LogLevel, MaxDatagram, NameSources, Prefix, Remember, RouterName};

/// Where the configuration is unless another file is named.
pub const DEFAULT_PATH: &str = "/etc/conntrack-exporter.toml";

/// The commented defaults, as they are installed.
pub const SAMPLE: &str = include_str!("../config/conntrack-exporter.toml");

/// The whole configuration; every key has a default.
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub telegraf: Telegraf,
    /// The user's own tags, on every point.
    pub tags: UserTags,
    /// What the LAN is.
    pub lan: Lan,
    /// Where devices and their names are found.
    pub devices: Devices,
    /// Bounds.
    pub limits: Limits,
    /// What is logged.
    pub log: Log,
}

/// `timestamps`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// While the clock is set.
    #[default]
    Auto,
    /// Whatever the clock says.
    Always,
    /// Never: Telegraf stamps points on arrival.
    Never,
}

impl Text for Timestamps {
    const WANTED: &'static str = "\"auto\", \"always\" or \"never\"";

    fn parse(text: &str) -> Result<Self, String> {
        one_of(text, &[("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)])
    }
}

/// `[telegraf]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Telegraf {
    /// Host and UDP port.
    pub address: Address,
    /// The largest datagram, in bytes.
    pub max_datagram: MaxDatagram,
}

impl Telegraf {
    fn take(&mut self, table: &mut Table<'_>) {
        table.take("address", &mut self.address);
        table.take("max_datagram", &mut self.max_datagram);
    }
}

/// `[lan]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lan {
    /// Names of interfaces, as shell globs.
    pub interfaces: Vec<LanPattern>,
    /// Prefixes besides those of the interfaces.
    pub prefixes: Vec<Prefix>,
    /// What the router itself is called.
    pub router_name: RouterName,
}

impl Default for Lan {
    fn default() -> Self {
        Self {
            interfaces: ["br-lan", "br-guest", "wgserver*"].map(LanPattern::from).to_vec(),
            prefixes: Vec::new(),
            router_name: RouterName::default(),
        }
    }
}

impl Lan {
    fn take(&mut self, table: &mut Table<'_>) {
        table.take_by("interfaces", &mut self.interfaces, list);
        table.take_by("prefixes", &mut self.prefixes, list);
        table.take("router_name", &mut self.router_name);
    }
}

/// `[devices]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Devices {
    /// dnsmasq's lease files.
    pub leases: Vec<PathBuf>,
    /// odhcpd's lease files.
    pub odhcpd: Vec<PathBuf>,
    /// The owner's own file of names.
    pub registry: PathBuf,
    /// Files of vendors, the first that exists is read.
    pub vendors: Vec<PathBuf>,
    /// The sources of names, the best first.
    pub names: NameSources,
    /// How long addresses learned from neighbours are kept.
    pub remember: Remember,
    /// Optional tags.
    pub tags: Vec<DeviceTag>,
}

impl Default for Devices {
    fn default() -> Self {
        Self {
            leases: vec!["/tmp/dhcp.leases".into()],
            odhcpd: vec!["/tmp/hosts/odhcpd".into(), "/tmp/odhcpd.leases".into()],
            registry: "/etc/conntrack-exporter.devices".into(),
            vendors: [
                "/usr/share/nmap/nmap-mac-prefixes",
                "/usr/share/ieee-data/oui.txt",
                "/usr/share/wireshark/manuf",
            ]
            .map(PathBuf::from)
            .to_vec(),
            names: NameSources::default(),
            remember: Remember::default(),
            tags: Vec::new(),
        }
    }
}

impl Devices {
    fn take(&mut self, table: &mut Table<'_>) {
        table.take_by("leases", &mut self.leases, list);
        table.take_by("odhcpd", &mut self.odhcpd, list);
        table.take("registry", &mut self.registry);
        table.take_by("vendors", &mut self.vendors, list);
        table.take("names", &mut self.names);
        table.take("remember", &mut self.remember);
        table.take_by("tags", &mut self.tags, list);
    }
}

/// One of `devices.tags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceTag {
    /// What sort of thing it is.
    DeviceType,
    /// The leading address.
    Ip,
    /// The lowest MAC.
    Mac,
}

impl Text for DeviceTag {
    const WANTED: &'static str = "a tag, such as \"ip\"";

    fn parse(text: &str) -> Result<Self, String> {
        one_of(text, &[("device_type", Self::DeviceType), ("ip", Self::Ip), ("mac", Self::Mac)])
    }
}

/// `[limits]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Devices in a snapshot, and names new within a day.
    pub max_devices: usize,
    /// Series in a snapshot.
    pub max_series: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_devices: 1024, max_series: 8192 }
    }
}

impl Limits {
    fn take(&mut self, table: &mut Table<'_>) {
        table.take_by("max_devices", &mut self.max_devices, values::limit);
        table.take_by("max_series", &mut self.max_series, values::limit);
    }
}

/// `[log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The least important messages shown.
    pub level: LogLevel,
}

impl Config {
    /// Understands a configuration.
    pub fn parse(text: &str) -> Result<Self, Complaint> {
        let complain = |Mistake { offset, problem }| Complaint::at_offset(text, offset, problem);
        let config = Table::parse(text).and_then(Self::take).map_err(complain)?;
        config.fits_in_datagrams(text)?;
        Ok(config)
    }

    fn take(mut table: Table<'_>) -> Result<Self, Mistake> {
        let mut config = Self::default();
        table.take("interval", &mut config.interval);
        table.take("timestamps", &mut config.timestamps);
        table.take("source", &mut config.source);
        table.take("user", &mut config.user);
        table.section("telegraf", |table| config.telegraf.take(table));
        table.take("tags", &mut config.tags);
        table.section("lan", |table| config.lan.take(table));
        table.section("devices", |table| config.devices.take(table));
        table.section("limits", |table| config.limits.take(table));
        table.section("log", |table| table.take("level", &mut config.log.level));
        table.finish().map(|()| config)
    }

    /// Reads the file `named` by the user, or else the one at `default`, which may be absent.
    pub fn read(named: Option<&Path>, default: &Path) -> Result<Self, ConfigError> {
        let path = named.unwrap_or(default);
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {
                return Ok(Self::default());
            }
            Err(source) => return Err(ConfigError::Unreadable { path: path.to_path_buf(), source }),
            Ok(bytes) => bytes,
        };
        let text = str::from_utf8(&bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let problem = "not UTF-8: save the file in that encoding".to_owned();
            Complaint::at_offset(&String::from_utf8_lossy(before), before.len(), problem)
        });
        text.and_then(Self::parse)
            .map_err(|complaint| ConfigError::Invalid { path: path.to_path_buf(), complaint })
    }

    /// A line with the longest name and all tags must fit in a datagram.
    fn fits_in_datagrams(&self, text: &str) -> Result<(), Complaint> {
        let room = self.telegraf.max_datagram.bytes().saturating_sub(LONGEST_LINE_WITHOUT_USER_TAGS);
        let needed = self.tags.longest();
        if needed <= room {
            return Ok(());
        }
        let problem = format!(
            "[tags] take up to {needed} bytes of every line, and telegraf.max_datagram leaves {room}: use fewer or \
             shorter tags, or larger datagrams"
        );
        Err(Complaint::of_tags(text, problem))
    }
}

/// `conntrack_exporter` with every figure at its longest, or a device's line with an escaped name and all tags.
const LONGEST_LINE_WITHOUT_USER_TAGS: usize = 900;

#[cfg(test)]
mod tests;
