//! The owner's own file: which device has which name.
//!
//! A line is `MAC=Name`, or `MAC|IP|Name|Type` where either address may be empty. A line that begins with `#` is a
//! comment; further on, `#` and `=` belong to the name, which is taken as it stands.

use std::fmt;
use std::net::IpAddr;

use super::device_type::DeviceType;
use super::lines::{address, numbered};
use super::mac::Mac;

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

/// A line that is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The line, counted from 1.
    pub line: usize,
    /// Why.
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has neither of the two forms.
    Form,
    /// It has more than four fields.
    Fields,
    /// What stands in a MAC's place is none.
    Mac,
    /// What stands in an address's place is none.
    Address,
    /// It doesn't say which device it means.
    Nobody,
    /// It gives no name.
    Name,
    /// Its type isn't one of the list.
    Type,
}

/// Understands a whole file, line by line.
pub fn parse(text: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, Bad>> {
    // Editors on Windows put a byte order mark before the first line.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let lines = numbered(text).map(|(number, line)| (number, line.trim_ascii()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
    lines.map(|(line, text)| entry(text).map_err(|fault| Bad { line, fault }))
}

fn entry(line: &[u8]) -> Result<Entry<'_>, Fault> {
    let fields: Vec<&[u8]> = line.splitn(5, |byte| *byte == b'|').map(<[u8]>::trim_ascii).collect();
    let (mac, ip, name, device_type) = match fields[..] {
        [_] => {
            let (mac, name) = split_equals(line).ok_or(Fault::Form)?;
            (mac, &b""[..], name, &b""[..])
        }
        [_, _] => return Err(Fault::Form),
        [mac, ip, name] => (mac, ip, name, &b""[..]),
        [mac, ip, name, device_type] => (mac, ip, name, device_type),
        _ => return Err(Fault::Fields),
    };
    let mac = optional(mac, Mac::parse_any, Fault::Mac)?;
    let address = optional(ip, address, Fault::Address)?;
    let device_type = optional(device_type, DeviceType::parse, Fault::Type)?;
    if mac.is_none() && address.is_none() {
        return Err(Fault::Nobody);
    }
    if name.is_empty() { Err(Fault::Name) } else { Ok(Entry { mac, address, name, device_type }) }
}

fn split_equals(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = line.iter().position(|byte| *byte == b'=')?;
    Some((line.get(..equals)?.trim_ascii(), line.get(equals + 1..)?.trim_ascii()))
}

/// A field that may be empty, but not wrong.
fn optional<T>(field: &[u8], parse: impl Fn(&[u8]) -> Option<T>, fault: Fault) -> Result<Option<T>, Fault> {
    if field.is_empty() { Ok(None) } else { parse(field).map(Some).ok_or(fault) }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

impl std::error::Error for Bad {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "expected `MAC=Name` or `MAC|IP|Name|Type`",
            Self::Fields => "too many fields, expected `MAC|IP|Name|Type`",
            Self::Mac => "not a MAC, expected one such as `02:00:00:00:00:11`",
            Self::Address => "not an IP address, expected one such as `192.168.8.50`, or nothing",
            Self::Nobody => "which device? expected a MAC, an IP address, or both",
            Self::Name => "a name is missing",
            Self::Type => {
                let names = DeviceType::ALL.map(DeviceType::name).join(", ");
                return write!(f, "not a type, expected nothing or one of: {names}");
            }
        })
    }
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
            020000000011=\xff\0";
        let expected = [
            Ok(entry_of(Some(MAC), "", b"Living Room TV", None)),
            Ok(entry_of(Some(MAC), "", b"a=b # not a comment", None)),
            Ok(entry_of(Some(MAC), "192.168.8.50", b"NAS", Some(DeviceType::Server))),
            Err(Bad { line: 7, fault: Fault::Name }),
            Ok(entry_of(None, "2001:db8::5", b"printer", None)),
            Ok(entry_of(Some(MAC), "", b"tv = big", None)),
            Ok(entry_of(Some(MAC), "", b"\xff\0", None)),
        ];
        assert_eq!(parse(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, fault) in [
            ("Living Room TV", Fault::Form),
            ("020000000011|tv", Fault::Form),
            ("020000000011|192.168.8.5|tv|iot|", Fault::Fields),
            ("a|b|c|d|e|f|g", Fault::Fields),
            ("192.168.8.5=tv", Fault::Mac),
            ("02:00:00:00:00=tv", Fault::Mac),
            ("tv|192.168.8.5|tv|iot", Fault::Mac),
            ("020000000011|192.168.8|tv|iot", Fault::Address),
            ("||tv|iot", Fault::Nobody),
            ("=tv", Fault::Nobody),
            ("|", Fault::Form),
            ("020000000011=", Fault::Name),
            ("020000000011|||", Fault::Name),
            ("020000000011||tv|fridge", Fault::Type),
        ] {
            let text = format!("020000000022=good\n{line}\n020000000022=good");
            let found: Vec<_> = parse(text.as_bytes()).collect();
            assert!(found[0].is_ok() && found[2].is_ok());
            assert_eq!(found[1], Err(Bad { line: 2, fault }), "{line}");
        }
        let bad = Bad { line: 7, fault: Fault::Type };
        let said = "line 7: not a type, expected nothing or one of: \
            iot, mobile, workstation, streaming, network, server, unknown";
        assert_eq!(bad.to_string(), said);
    }

    #[test]
    fn a_long_name_is_one_name() {
        let text = [b"020000000011=", &[b'x'; 10_000][..]].concat();
        assert_eq!(parse(&text).next(), Some(Ok(entry_of(Some(MAC), "", &[b'x'; 10_000], None))));
        let bars = vec![b'|'; 10_000];
        assert_eq!(parse(&bars).next(), Some(Err(Bad { line: 1, fault: Fault::Fields })));
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
        }
    }
}
