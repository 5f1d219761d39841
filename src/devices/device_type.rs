//! What sort of thing a device is.

use std::fmt;

/// A sort of device: a closed list, so that the tag has few values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceType {
    /// Cameras, printers, sensors, household appliances.
    Iot,
    /// Phones, tablets, watches.
    Mobile,
    /// Computers that people sit at.
    Workstation,
    /// Televisions, loudspeakers, games consoles.
    Streaming,
    /// Routers, switches, access points.
    Network,
    /// Servers and network storage.
    Server,
    /// Said to be none of these.
    Unknown,
}

impl DeviceType {
    /// Every type.
    pub const ALL: [Self; 7] = [
        Self::Iot,
        Self::Mobile,
        Self::Workstation,
        Self::Streaming,
        Self::Network,
        Self::Server,
        Self::Unknown,
    ];

    /// Its name, as it is written and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iot => "iot",
            Self::Mobile => "mobile",
            Self::Workstation => "workstation",
            Self::Streaming => "streaming",
            Self::Network => "network",
            Self::Server => "server",
            Self::Unknown => "unknown",
        }
    }

    /// Understands a name, in either case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name().as_bytes().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for DeviceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_again() {
        for device_type in DeviceType::ALL {
            assert_eq!(DeviceType::parse(device_type.name().as_bytes()), Some(device_type));
            assert_eq!(
                DeviceType::parse(device_type.to_string().to_uppercase().as_bytes()),
                Some(device_type)
            );
        }
        for bad in ["", "iots", "phone", " iot", "io\0t"] {
            assert_eq!(DeviceType::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
