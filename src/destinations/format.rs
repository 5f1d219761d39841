//! The form of a list of networks: a line for each prefix.
//!
//! `198.51.100.0/24 Example Video`, `2001:db8:7::/48 Example Updates update`. What follows `#` is a comment.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::devices::formats::{lines, owners_lines};
use crate::devices::name::Name;

/// How many lines count at most.
pub const LINES_AT_MOST: usize = 4096;

/// The word behind a name that marks networks from which updates are downloaded.
const UPDATE: &str = "update";

/// A line: a prefix and whose it is. Shown, it is such a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The addresses, without bits behind the mask.
    pub prefix: IpNet,
    /// What they are called.
    pub name: Name,
    /// Whether updates are downloaded from there.
    pub is_update: bool,
}

/// A line that can't be understood, and so is passed over.
pub type LineError = owners_lines::LineError<LineErrorKind>;

/// Why a line can't be understood, or doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineErrorKind {
    /// It doesn't begin with an address or a prefix.
    #[error(
        "not a prefix, expected a line such as `198.51.100.0/24 Name`, `2001:db8:7::/48 Name` or \
         `192.0.2.7 Name update`"
    )]
    Prefix,
    /// There are bits set behind the mask.
    #[error("bits are set behind the mask: {0} would be right")]
    BehindMask(IpNet),
    /// There is a blank within the prefix.
    #[error("a prefix stands without blanks, as in `198.51.100.0/24`")]
    Blank,
    /// It gives no name.
    #[error("a name is missing behind the prefix")]
    NoName,
    /// A line before it has the prefix.
    #[error("{0} has a name already, by a line above")]
    Again(IpNet),
    /// There are more lines than count.
    #[error("only the first {LINES_AT_MOST} lines with prefixes are heard")]
    TooManyLines,
}

/// Understands a whole list: each line that says something, with its number.
pub fn parse(text: &[u8]) -> impl Iterator<Item = (usize, Result<Entry, LineErrorKind>)> {
    lines::entries(text).map(|(number, line)| (number, entry(line)))
}

fn entry(line: &[u8]) -> Result<Entry, LineErrorKind> {
    let mut parts = line.splitn(2, u8::is_ascii_whitespace);
    let prefix = prefix(parts.next().unwrap_or_default())?;
    let rest = parts.next().unwrap_or_default().trim_ascii();
    if rest.starts_with(b"/") {
        return Err(LineErrorKind::Blank);
    }
    let (name, is_update) = unmarked(rest);
    let name = Name::clean(name).ok_or(LineErrorKind::NoName)?;
    Ok(Entry { prefix, name, is_update })
}

/// A prefix; an address alone is that of one host.
fn prefix(text: &[u8]) -> Result<IpNet, LineErrorKind> {
    let text = str::from_utf8(text).map_err(|_| LineErrorKind::Prefix)?;
    let host = || text.parse().map(|address: IpAddr| IpNet::from(address));
    let prefix: IpNet = text.parse().or_else(|_| host()).map_err(|_| LineErrorKind::Prefix)?;
    let masked = prefix.trunc();
    if prefix == masked { Ok(prefix) } else { Err(LineErrorKind::BehindMask(masked)) }
}

/// What stands before the word that marks updates, and whether that is there.
fn unmarked(text: &[u8]) -> (&[u8], bool) {
    let name = text.strip_suffix(UPDATE.as_bytes());
    let name = name.filter(|name| name.last().is_none_or(u8::is_ascii_whitespace));
    name.map_or((text, false), |name| (name.trim_ascii_end(), true))
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, name, is_update } = self;
        write!(f, "{prefix} {name}{}", if *is_update { " update" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &[u8]) -> Vec<String> {
        parse(text).map(|(line, found)| format!("{line}: {}", found.unwrap())).collect()
    }

    #[test]
    fn every_form() {
        let text = b"\xef\xbb\xbf# mine\r\n\
            198.51.100.0/24 Example\r\n\
            \n  # more\n\
            \t2001:DB8:7::/48\t Two  Words  # and more\n\
            192.0.2.7 Host update\n\
            2001:db8::1 updates#\n\
            0.0.0.0/0 update update\n\
            10.0.0.0/8 a\tb\xff  update";
        let expected = [
            "2: 198.51.100.0/24 Example",
            "5: 2001:db8:7::/48 Two  Words",
            "6: 192.0.2.7/32 Host update",
            "7: 2001:db8::1/128 updates",
            "8: 0.0.0.0/0 update update",
            "9: 10.0.0.0/8 a_b_ update",
        ];
        assert_eq!(shown(text), expected);
        let marks: Vec<bool> = parse(text).map(|(_, entry)| entry.unwrap().is_update).collect();
        assert_eq!(marks, [false, false, true, false, true, true]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let net = |text: &str| text.parse().unwrap();
        for (line, kind) in [
            ("Example 198.51.100.0/24", LineErrorKind::Prefix),
            ("198.51.100.0/33 Example", LineErrorKind::Prefix),
            ("198.51.100/24 Example", LineErrorKind::Prefix),
            ("198.51.100.0/+24 Example", LineErrorKind::Prefix),
            ("198.51.100.0 /24 Example", LineErrorKind::Blank),
            ("2001:db8::/129 Example", LineErrorKind::Prefix),
            ("\u{ff11}98.51.100.0/24 Example", LineErrorKind::Prefix),
            ("198.51.100.7/24 Example", LineErrorKind::BehindMask(net("198.51.100.0/24"))),
            ("2001:db8::7/64 Example", LineErrorKind::BehindMask(net("2001:db8::/64"))),
            ("198.51.100.0/24", LineErrorKind::NoName),
            ("198.51.100.0/24  # only a comment", LineErrorKind::NoName),
            ("198.51.100.0/24 update", LineErrorKind::NoName),
        ] {
            let text = format!("1.0.0.0/8 good\n{line}\n3.0.0.0/8 good");
            let found: Vec<_> = parse(text.as_bytes()).collect();
            assert!(found[0].1.is_ok() && found[2].1.is_ok());
            assert_eq!(found[1], (2, Err(kind)), "{line}");
        }
    }

    #[test]
    fn an_error_names_its_line_and_what_would_be_right() {
        let (line, found) = parse(b"198.51.100.7/24 Example").next().unwrap();
        let said = LineError { line, kind: found.unwrap_err() }.to_string();
        assert_eq!(said, "line 1: bits are set behind the mask: 198.51.100.0/24 would be right");
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "[0-9a-f:./ #\r\nupdate]{0,60}") {
            for text in [text.as_slice(), likely.as_bytes()] {
                for (_, found) in parse(text) {
                    prop_assert!(found.is_err() || found.is_ok_and(|entry| entry.prefix == entry.prefix.trunc()));
                }
            }
        }

        #[test]
        fn an_entry_is_read_again(address: IpAddr, length in 0..=128_u8, name in "[^#\n]{1,40}", is_update: bool) {
            let longest = if address.is_ipv4() { 32 } else { 128 };
            let prefix = IpNet::new(address, length.min(longest)).unwrap().trunc();
            let name = Name::clean(name.as_bytes()).filter(|name| !name.as_str().starts_with('/'));
            let Some(name) = name else { return Ok(()) };
            let is_marked = name.as_str().ends_with("update");
            let entry = Entry { prefix, name, is_update: is_update || is_marked };
            let text = entry.to_string();
            prop_assert_eq!(parse(text.as_bytes()).collect::<Vec<_>>(), [(1, Ok(entry))]);
        }
    }
}
