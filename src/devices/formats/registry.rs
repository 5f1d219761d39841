//! The owner's own file: which device has which name.
//!
//! A line is `MAC=Name` or `IP=Name`, or `MAC|IP|Name|Type` where either address may be empty. A line that begins with
//! `#` is a comment; further on, `#` and `=` belong to the name, which is taken as it stands.

use std::net::IpAddr;

use super::lines::{address, numbered, without_mark};
use super::{LineError, LineErrorKind};
use crate::devices::device_type::DeviceType;
use crate::devices::mac::Mac;

/// One device, by its MAC, its address, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The link-layer address.
    pub mac: Option<Mac>,
    /// The IP address.
    pub address: Option<IpAddr>,
    /// The name, as it came.
    pub name: &'a [u8],
    /// What sort of thing it is.
    pub device_type: Option<DeviceType>,
}

/// Understands a whole file, line by line.
pub fn parse(text: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, LineError>> {
    let lines = numbered(without_mark(text)).map(|(number, line)| (number, line.trim_ascii()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
    lines.map(|(line, text)| entry(text).map_err(|kind| LineError { line, kind }))
}

fn entry(line: &[u8]) -> Result<Entry<'_>, LineErrorKind> {
    let fields: Vec<&[u8]> = line.splitn(5, |byte| *byte == b'|').map(<[u8]>::trim_ascii).collect();
    let (mac, ip, name, device_type) = match fields[..] {
        [_] => return short_entry(line),
        [_, _] => return Err(LineErrorKind::RegistryForm),
        [mac, ip, name] => (mac, ip, name, &b""[..]),
        [mac, ip, name, device_type] => (mac, ip, name, device_type),
        _ => return Err(LineErrorKind::TooManyFields),
    };
    let mac = optional(mac, Mac::parse_any, LineErrorKind::Mac)?;
    let address = optional(ip, address, LineErrorKind::Address)?;
    let device_type = optional(device_type, DeviceType::parse, LineErrorKind::DeviceType)?;
    named(Entry { mac, address, name, device_type })
}

/// `MAC=Name` or `IP=Name`. What is a MAC in any of its spellings is no address: there are six octets at most in it, and
/// no `::`.
fn short_entry(line: &[u8]) -> Result<Entry<'_>, LineErrorKind> {
    let (key, name) = split_equals(line).ok_or(LineErrorKind::RegistryForm)?;
    let (mac, address) = (Mac::parse_any(key), address(key));
    if mac.is_none() && address.is_none() && !key.is_empty() {
        return Err(LineErrorKind::MacOrAddress);
    }
    named(Entry { mac, address, name, device_type: None })
}

/// The entry, if it says whom it means and how that is called.
const fn named(entry: Entry<'_>) -> Result<Entry<'_>, LineErrorKind> {
    if entry.mac.is_none() && entry.address.is_none() {
        return Err(LineErrorKind::NoDevice);
    }
    if entry.name.is_empty() { Err(LineErrorKind::NoName) } else { Ok(entry) }
}

fn split_equals(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = line.iter().position(|byte| *byte == b'=')?;
    Some((line.get(..equals)?.trim_ascii(), line.get(equals + 1..)?.trim_ascii()))
}

/// A field that may be empty, but not wrong.
fn optional<T>(
    field: &[u8],
    parse: impl Fn(&[u8]) -> Option<T>,
    kind: LineErrorKind,
) -> Result<Option<T>, LineErrorKind> {
    if field.is_empty() { Ok(None) } else { parse(field).map(Some).ok_or(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAC: Mac = Mac([2, 0, 0, 0, 0, 0x11]);

    fn entry_of<'a>(
        mac: Option<Mac>,
        ip: &str,
        name: &'a [u8],
        device_type: Option<DeviceType>,
    ) -> Entry<'a> {
        Entry { mac, address: ip.parse().ok(), name, device_type }
    }

    #[test]
    fn both_forms() {
        let text = b"\xef\xbb\xbf# mine\r\n\
            02:00:00:00:00:11=Living Room TV\r\n\
            \n  # more\n\
            02-00-00-00-00-11 = a=b # not a comment\n\
            0200.0000.0011|192.168.8.50| NAS |Server\n\
            020000000011|||iot\n\
            | 2001:db8::5 |printer\n\
            020000000011||tv = big|\n\
            192.168.8.50=NAS\n\
            2001:db8::5 = a=b\n\
            2:0:0:0:0:11=TV\n\
            020000000011=\xff\0";
        let expected = [
            Ok(entry_of(Some(MAC), "", b"Living Room TV", None)),
            Ok(entry_of(Some(MAC), "", b"a=b # not a comment", None)),
            Ok(entry_of(Some(MAC), "192.168.8.50", b"NAS", Some(DeviceType::Server))),
            Err(LineError { line: 7, kind: LineErrorKind::NoName }),
            Ok(entry_of(None, "2001:db8::5", b"printer", None)),
            Ok(entry_of(Some(MAC), "", b"tv = big", None)),
            Ok(entry_of(None, "192.168.8.50", b"NAS", None)),
            Ok(entry_of(None, "2001:db8::5", b"a=b", None)),
            Ok(entry_of(Some(MAC), "", b"TV", None)),
            Ok(entry_of(Some(MAC), "", b"\xff\0", None)),
        ];
        assert_eq!(parse(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, kind) in [
            ("Living Room TV", LineErrorKind::RegistryForm),
            ("020000000011|tv", LineErrorKind::RegistryForm),
            ("020000000011|192.168.8.5|tv|iot|", LineErrorKind::TooManyFields),
            ("a|b|c|d|e|f|g", LineErrorKind::TooManyFields),
            ("192.168.8.256=tv", LineErrorKind::MacOrAddress),
            ("192.168.8.5/24=tv", LineErrorKind::MacOrAddress),
            ("02:00:00:00:00=tv", LineErrorKind::MacOrAddress),
            ("tv=192.168.8.5", LineErrorKind::MacOrAddress),
            ("192.168.8.5|tv", LineErrorKind::RegistryForm),
            ("192.168.8.5=", LineErrorKind::NoName),
            ("tv|192.168.8.5|tv|iot", LineErrorKind::Mac),
            ("020000000011|192.168.8|tv|iot", LineErrorKind::Address),
            ("||tv|iot", LineErrorKind::NoDevice),
            ("=tv", LineErrorKind::NoDevice),
            ("|", LineErrorKind::RegistryForm),
            ("020000000011=", LineErrorKind::NoName),
            ("020000000011|||", LineErrorKind::NoName),
            ("020000000011||tv|fridge", LineErrorKind::DeviceType),
        ] {
            let text = format!("020000000022=good\n{line}\n020000000022=good");
            let found: Vec<_> = parse(text.as_bytes()).collect();
            assert!(found[0].is_ok() && found[2].is_ok());
            assert_eq!(found[1], Err(LineError { line: 2, kind }), "{line}");
        }
        let bad = LineError { line: 7, kind: LineErrorKind::DeviceType };
        let said = "line 7: not a type, expected nothing or one of: \
            iot, mobile, workstation, streaming, network, server, unknown";
        assert_eq!(bad.to_string(), said);
    }

    #[test]
    fn a_long_name_is_one_name() {
        let text = [b"020000000011=", &[b'x'; 10_000][..]].concat();
        assert_eq!(parse(&text).next(), Some(Ok(entry_of(Some(MAC), "", &[b'x'; 10_000], None))));
        let bars = vec![b'|'; 10_000];
        assert_eq!(parse(&bars).next(), Some(Err(LineError { line: 1, kind: LineErrorKind::TooManyFields })));
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "[0-9a-f:=| #\r\n]{0,60}") {
            for text in [text.as_slice(), likely.as_bytes()] {
                prop_assert!(parse(text).count() <= numbered(text).count());
            }
        }

        #[test]
        fn an_entry_is_read_again(mac: Option<[u8; 6]>, v6: [u8; 16], name in "[^|\r\n\\s]{1,20}", kind in 0..7usize) {
            let (mac, ip, device_type) = (mac.map(Mac), IpAddr::from(v6), DeviceType::ALL[kind]);
            let shown = mac.map(|mac| mac.to_string()).unwrap_or_default();
            let text = format!("{shown}|{ip}|{name}|{device_type}");
            let expected = entry_of(mac, &ip.to_string(), name.as_bytes(), Some(device_type));
            let found: Vec<_> = parse(text.as_bytes()).collect();
            if text.starts_with('#') {
                prop_assert_eq!(found, []);
            } else {
                prop_assert_eq!(found, [Ok(expected)]);
            }
            if let Some(mac) = mac {
                let text = format!("{mac}={name}");
                let found: Vec<_> = parse(text.as_bytes()).collect();
                prop_assert_eq!(found, [Ok(entry_of(Some(mac), "", name.as_bytes(), None))]);
            }
            for ip in [ip, IpAddr::from([v6[0], v6[1], v6[2], v6[3]])] {
                let text = format!("{ip}={name}");
                let found: Vec<_> = parse(text.as_bytes()).collect();
                prop_assert_eq!(found, [Ok(entry_of(None, &ip.to_string(), name.as_bytes(), None))]);
            }
        }
    }
}
