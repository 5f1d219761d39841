//! What GL.iNet's web interface calls the devices: `/etc/config/gl-client`.
//!
//! Its sections have `mac`, `alias` and `class`. The vendor documents none of it: the names and classes are
//! those that others found on their routers.

use super::uci::{self, Section};
use super::{LineError, LineErrorKind};
use crate::devices::device_type::DeviceType;
use crate::devices::mac::Mac;

/// What the owner said of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Which device.
    pub mac: Mac,
    /// What it is called, as it came.
    pub alias: Option<Vec<u8>>,
    /// What sort of thing it is.
    pub class: Option<DeviceType>,
}

/// Understands a whole file: what is said of devices, and what was passed over.
pub fn parse(text: &[u8]) -> (Vec<Alias>, Vec<LineError>) {
    let config = uci::parse(text);
    let mut errors = config.errors;
    let mut aliases = Vec::new();
    for section in &config.sections {
        match section.values("mac").next().map(Mac::parse_any) {
            Some(Some(mac)) => aliases.push(alias(section, mac)),
            Some(None) => uci::note(&mut errors, section.line, LineErrorKind::Value("mac")),
            // Settings of the web interface itself have no MAC.
            None => {}
        }
    }
    errors.sort_by_key(|error| error.line);
    (aliases, errors)
}

fn alias(section: &Section, mac: Mac) -> Alias {
    let alias = section.values("alias").next().filter(|alias| !alias.is_empty());
    let class = section.values("class").next().filter(|class| !class.is_empty());
    Alias { mac, alias: alias.map(<[u8]>::to_vec), class: class.map(device_type) }
}

/// The web interface offers `computer phone pad camera watch laptop printer sound television smartappliances games
/// gateway nas server switch`; the others are words that people and scripts put there.
fn device_type(class: &[u8]) -> DeviceType {
    match &*class.to_ascii_lowercase() {
        b"phone" | b"mobile" | b"pad" | b"tablet" | b"watch" => DeviceType::Mobile,
        b"computer" | b"laptop" | b"pc" | b"desktop" | b"workstation" => DeviceType::Workstation,
        b"camera" | b"printer" | b"smartappliances" | b"sensor" | b"iot" => DeviceType::Iot,
        b"television" | b"tv" | b"stb" | b"sound" | b"games" | b"streaming" => DeviceType::Streaming,
        b"gateway" | b"router" | b"switch" | b"ap" | b"network" => DeviceType::Network,
        b"nas" | b"server" => DeviceType::Server,
        _ => DeviceType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_web_interface_writes() {
        let text = b"config globals 'global'\n\toption enabled '1'\n\n\
            config client\n\toption mac '02:00:00:00:00:44'\n\toption alias 'Anna phone'\n\toption class 'phone'\n\n\
            config client 'cfg02'\n\toption mac '02:00:00:00:00:4A'\n\toption class 'smartappliances'\n\n\
            config client\n\toption mac 'x'\n\toption alias 'nobody'\n\
            config client\n\toption mac '02:00:00:00:00:46'\n\toption alias 'B\xff\nc'\n\toption class ''\n";
        let alias = |last, alias: Option<&[u8]>, class| Alias {
            mac: Mac([2, 0, 0, 0, 0, last]),
            alias: alias.map(<[u8]>::to_vec),
            class,
        };
        let expected = [
            alias(0x44, Some(b"Anna phone"), Some(DeviceType::Mobile)),
            alias(0x4a, None, Some(DeviceType::Iot)),
            alias(0x46, Some(b"B\xff\nc"), None),
        ];
        assert_eq!(
            parse(text),
            (expected.to_vec(), vec![LineError { line: 13, kind: LineErrorKind::Value("mac") }])
        );
    }

    #[test]
    fn classes() {
        for (class, expected) in [
            ("Pad", DeviceType::Mobile),
            ("watch", DeviceType::Mobile),
            ("LAPTOP", DeviceType::Workstation),
            ("printer", DeviceType::Iot),
            ("television", DeviceType::Streaming),
            ("games", DeviceType::Streaming),
            ("gateway", DeviceType::Network),
            ("nas", DeviceType::Server),
            ("toaster", DeviceType::Unknown),
            (" phone", DeviceType::Unknown),
        ] {
            assert_eq!(device_type(class.as_bytes()), expected, "{class}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>) {
            let _ = parse(&text);
        }

        #[test]
        fn an_alias_is_read_again(mac: [u8; 6], alias in "[^']{1,40}", kind in 0..7usize) {
            let (mac, class) = (Mac(mac), DeviceType::ALL[kind]);
            let text = format!("config client\n\toption mac '{mac}'\n\toption alias '{alias}'\n\toption class '{class}'\n");
            let expected = Alias { mac, alias: Some(alias.into_bytes()), class: Some(class) };
            prop_assert_eq!(parse(text.as_bytes()), (vec![expected], vec![]));
        }
    }
}
