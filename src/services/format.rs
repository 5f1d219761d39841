//! The form of a table of services: a line for some ports, in the style of `/etc/services`.
//!
//! `443/tcp HTTPS`, `53 DNS` (by TCP and UDP), `6881-6889/tcp BitTorrent`. What follows `#` is a comment.

use std::fmt;
use std::ops::RangeInclusive;

use super::labels::LABELS_AT_MOST;
use crate::conntrack::flow::Protocol;
use crate::devices::formats::{lines, owners_lines};
use crate::devices::name::Name;

/// The longest label, in bytes.
pub const LONGEST_LABEL: usize = 32;

/// How many lines of the owner's count at most.
pub const LINES_AT_MOST: usize = 1024;

/// What goes out where there is no label (`unlisted`), and for what is beyond a limit (`other`).
const RESERVED: [&str; 2] = ["unlisted", "other"];

/// The protocols that have ports.
const WITH_PORTS: [Protocol; 5] = [Protocol::TCP, Protocol::UDP, Protocol(132), Protocol(33), Protocol(136)];

/// A line: some ports and what they are for. Shown, it is such a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From 1 on.
    pub ports: RangeInclusive<u16>,
    /// One of those with ports; none is TCP and UDP.
    pub protocol: Option<Protocol>,
    /// What goes out, of at most [`LONGEST_LABEL`] bytes.
    pub label: Name,
}

/// A line that can't be understood, and so is passed over.
pub type LineError = owners_lines::LineError<LineErrorKind>;

/// Why a line can't be understood, or doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineErrorKind {
    /// It doesn't begin with a port or a range of ports.
    #[error("not a port, expected a line such as `443/tcp HTTPS`, `53 DNS` or `6881-6889/tcp BitTorrent`")]
    Port,
    /// The range ends before it begins.
    #[error("the first port of a range is the lower one")]
    Backwards,
    /// What stands behind the `/` is no protocol with ports.
    #[error("not a protocol with ports, expected one of: {}", WITH_PORTS.map(Protocol::name).join(", "))]
    Protocol,
    /// There is a blank within what says which ports.
    #[error("ports and protocol stand without blanks, as in `6881-6889/tcp`")]
    Blank,
    /// It gives no label.
    #[error("a label is missing")]
    NoLabel,
    /// The label is too long.
    #[error("the label {0:?} is longer than {LONGEST_LABEL} bytes")]
    TooLong(Name),
    /// The label means something else.
    #[error("the label {0:?} is reserved")]
    Reserved(Name),
    /// There are more lines than count.
    #[error("only the first {LINES_AT_MOST} lines with ports are heard")]
    TooManyLines,
    /// There were more labels since the start than are kept.
    #[error(
        "no room for the label {0:?}, its ports are unlisted: {LABELS_AT_MOST} labels are kept until a restart"
    )]
    TooManyLabels(Name),
}

/// Understands a whole table: each line that says something, with its number.
pub fn parse(text: &[u8]) -> impl Iterator<Item = (usize, Result<Entry, LineErrorKind>)> {
    lines::entries(text).map(|(number, line)| (number, entry(line)))
}

fn entry(line: &[u8]) -> Result<Entry, LineErrorKind> {
    let (key, label) = split(line, u8::is_ascii_whitespace);
    let (ports, protocol) = split(key, |byte| *byte == b'/');
    let ports = self::ports(ports)?;
    let protocol = protocol.map(|name| self::protocol(name).ok_or(LineErrorKind::Protocol)).transpose()?;
    let label = self::label(label.unwrap_or_default().trim_ascii())?;
    Ok(Entry { ports, protocol, label })
}

/// What stands before and behind the first byte that is a separator.
fn split(text: &[u8], is_separator: impl Fn(&u8) -> bool) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, is_separator);
    (parts.next().unwrap_or_default(), parts.next())
}

fn ports(text: &[u8]) -> Result<RangeInclusive<u16>, LineErrorKind> {
    let (first, last) = split(text, |byte| *byte == b'-');
    let first = port(first).ok_or(LineErrorKind::Port)?;
    let last = last.map_or(Some(first), port).ok_or(LineErrorKind::Port)?;
    if first <= last { Ok(first..=last) } else { Err(LineErrorKind::Backwards) }
}

/// A port in digits alone: `u16` itself would also take a `+` before them.
fn port(text: &[u8]) -> Option<u16> {
    let digits = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|port| *port > 0)
}

fn protocol(name: &[u8]) -> Option<Protocol> {
    WITH_PORTS.into_iter().find(|protocol| protocol.name().as_bytes().eq_ignore_ascii_case(name))
}

fn label(text: &[u8]) -> Result<Name, LineErrorKind> {
    if text.starts_with(b"-") || text.starts_with(b"/") {
        return Err(LineErrorKind::Blank);
    }
    let label = Name::clean(text).ok_or(LineErrorKind::NoLabel)?;
    if label.as_str().len() > LONGEST_LABEL {
        return Err(LineErrorKind::TooLong(label));
    }
    if RESERVED.contains(&&*label.folded()) { Err(LineErrorKind::Reserved(label)) } else { Ok(label) }
}

impl Entry {
    /// The protocols that it is about.
    pub fn protocols(&self) -> impl Iterator<Item = Protocol> + use<> {
        let protocols = match self.protocol {
            Some(one) => [Some(one), None],
            None => [Some(Protocol::TCP), Some(Protocol::UDP)],
        };
        protocols.into_iter().flatten()
    }

    /// The line that gives its ports this label.
    pub fn line(&self, label: &str) -> String {
        let (first, last) = (self.ports.start(), self.ports.end());
        let ports = if first == last { first.to_string() } else { format!("{first}-{last}") };
        match self.protocol {
            Some(protocol) => format!("{ports}/{} {label}", protocol.name()),
            None => format!("{ports} {label}"),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(self.label.as_str()))
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
            443/tcp HTTPS\r\n\
            \n  # more\n\
            53 DNS\n\
            \t6881-6889/UDP\t BitTorrent  # and more\n\
            0080/sctp two  words\n\
            65535/dccp last#\n\
            1-65535/UdpLite a\tb\xff\n\
            7-7 seven";
        let expected = [
            "2: 443/tcp HTTPS",
            "5: 53 DNS",
            "6: 6881-6889/udp BitTorrent",
            "7: 80/sctp two  words",
            "8: 65535/dccp last",
            "9: 1-65535/udplite a_b_",
            "10: 7 seven",
        ];
        assert_eq!(shown(text), expected);
        let both = parse(b"53 DNS").next().unwrap().1.unwrap();
        assert!(both.protocols().eq([Protocol::TCP, Protocol::UDP]));
        let one = parse(b"53/dccp DNS").next().unwrap().1.unwrap();
        assert!(one.protocols().eq([Protocol(33)]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let name = |text: &str| Name::clean(text.as_bytes()).unwrap();
        let long = "123456789-123456789-123456789-123";
        for (line, kind) in [
            ("HTTPS 443", LineErrorKind::Port),
            ("0 zero", LineErrorKind::Port),
            ("65536 more", LineErrorKind::Port),
            ("+80 plus", LineErrorKind::Port),
            ("-80 minus", LineErrorKind::Port),
            ("80- open", LineErrorKind::Port),
            ("80-90-100 two", LineErrorKind::Port),
            ("tcp/80 turned", LineErrorKind::Port),
            ("/tcp nothing", LineErrorKind::Port),
            ("90-80 turned", LineErrorKind::Backwards),
            ("80/ none", LineErrorKind::Protocol),
            ("80/icmp none", LineErrorKind::Protocol),
            ("80/tcp/udp two", LineErrorKind::Protocol),
            ("80 - 90 blanks", LineErrorKind::Blank),
            ("80 /tcp blank", LineErrorKind::Blank),
            ("80", LineErrorKind::NoLabel),
            ("80/tcp  # only a comment", LineErrorKind::NoLabel),
            ("80 Unlisted", LineErrorKind::Reserved(name("Unlisted"))),
            ("80 OTHER", LineErrorKind::Reserved(name("OTHER"))),
            (&format!("80 {long}"), LineErrorKind::TooLong(name(long))),
        ] {
            let text = format!("1 good\n{line}\n3 good");
            let found: Vec<_> = parse(text.as_bytes()).collect();
            assert!(found[0].1.is_ok() && found[2].1.is_ok());
            assert_eq!(found[1], (2, Err(kind)), "{line}");
        }
    }

    #[test]
    fn an_error_names_its_line_and_what_would_be_right() {
        let said = |line: &str| {
            let (line, found) = parse(line.as_bytes()).next().unwrap();
            LineError { line, kind: found.unwrap_err() }.to_string()
        };
        assert_eq!(
            said("80/icmp ping"),
            "line 1: not a protocol with ports, expected one of: tcp, udp, sctp, dccp, udplite"
        );
        assert_eq!(said("80 Other"), "line 1: the label \"Other\" is reserved");
        let long = said(&format!("80 {}", "x".repeat(10_000)));
        assert_eq!(long, format!("line 1: the label {:?} is longer than 32 bytes", "x".repeat(64)));
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "[0-9a-z/ #\r\n-]{0,60}") {
            for text in [text.as_slice(), likely.as_bytes()] {
                for (_, found) in parse(text) {
                    if let Ok(entry) = found {
                        prop_assert!(*entry.ports.start() > 0 && entry.ports.start() <= entry.ports.end());
                        prop_assert!((1..=LONGEST_LABEL).contains(&entry.label.as_str().len()));
                    }
                }
            }
        }

        #[test]
        fn an_entry_is_read_again(a in 1_u16.., b in 1_u16.., place in 0..6_usize, label in "[^#\n]{1,40}") {
            let protocol = WITH_PORTS.get(place).copied();
            let Ok(label) = super::label(label.trim().as_bytes()) else { return Ok(()) };
            let entry = Entry { ports: a.min(b)..=a.max(b), protocol, label };
            let text = entry.to_string();
            prop_assert_eq!(parse(text.as_bytes()).collect::<Vec<_>>(), [(1, Ok(entry))]);
        }
    }
}
