//! One line of the table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::memchr;

use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

/// Why a line could not be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The line does not begin with names and numbers of layer 3 and layer 4.
    Protocols,
    /// Layer 3 is neither IPv4 nor IPv6.
    Family,
    /// An address is none of its family.
    Address,
    /// A number is none, or too large for what it stands for.
    Number,
    /// TCP in a state that has no known name.
    State,
    /// There are not two tuples of source and destination.
    Tuples,
    /// The line is longer than the buffer.
    Length,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Protocols => "no layer 3 and layer 4 protocol at its beginning",
            Self::Family => "neither IPv4 nor IPv6",
            Self::Address => "a bad address",
            Self::Number => "a bad number",
            Self::State => "an unknown TCP state",
            Self::Tuples => "not two tuples of source and destination",
            Self::Length => "longer than the buffer",
        })
    }
}

/// Understands one line, given without its newline.
///
/// The layer 4 protocol is decided by its number. Timeout and state are missing from offloaded entries, ports from
/// protocols that have none, counters and mark where the kernel doesn't keep them; fields not known here are skipped.
///
/// ```
/// # use conntrack_exporter::conntrack::{flow::State, procfs::line::parse};
/// let line = b"ipv4     2 udp      17 28 src=192.168.8.2 dst=9.9.9.9 sport=5353 dport=53 [UNREPLIED] \
///     src=9.9.9.9 dst=203.0.113.10 sport=53 dport=5353 mark=0 use=2";
/// assert_eq!(parse(line).unwrap().state, State::Unreplied);
/// ```
pub fn parse(line: &[u8]) -> Result<Flow, Unreadable> {
    let mut words = Words { rest: line };
    words.skip();
    let family = words.number().map_err(|_| Unreadable::Protocols)?;
    words.skip();
    let number = words.number().map_err(|_| Unreadable::Protocols)?;
    let mut draft =
        Draft::new(Family::of(family)?, Protocol(u8::try_from(number).map_err(|_| Unreadable::Protocols)?));
    while words.advance() {
        draft.take(&mut words)?;
    }
    draft.finish()
}

#[derive(Clone, Copy)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(number: u64) -> Result<Self, Unreadable> {
        match number {
            2 => Ok(Self::V4),
            10 => Ok(Self::V6),
            _ => Err(Unreadable::Family),
        }
    }
}

/// A tuple as far as it was read.
#[derive(Clone, Copy, Default)]
struct TupleDraft {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    source_port: u16,
    destination_port: u16,
    packets: Option<u64>,
    bytes: Option<u64>,
}

impl TupleDraft {
    fn finish(self) -> Result<Tuple, Unreadable> {
        let (Some(source), Some(destination)) = (self.source, self.destination) else {
            return Err(Unreadable::Tuples);
        };
        let counters = self.packets.zip(self.bytes);
        Ok(Tuple {
            source: Endpoint { address: source, port: self.source_port },
            destination: Endpoint { address: destination, port: self.destination_port },
            counters: counters.map(|(packets, bytes)| Counters { packets, bytes }),
        })
    }
}

/// A flow as far as it was read.
struct Draft {
    family: Family,
    protocol: Protocol,
    shown: Option<State>,
    flags: Flags,
    timeout: Option<u32>,
    mark: Option<u32>,
    zone: Option<u16>,
    original: TupleDraft,
    /// Present from the second `src=` on.
    reply: Option<TupleDraft>,
}

impl Draft {
    fn new(family: Family, protocol: Protocol) -> Self {
        Self {
            family,
            protocol,
            shown: None,
            flags: Flags::default(),
            timeout: None,
            mark: None,
            zone: None,
            original: TupleDraft::default(),
            reply: None,
        }
    }

    /// Takes the word that `words` stands at.
    fn take(&mut self, words: &mut Words<'_>) -> Result<(), Unreadable> {
        match words.rest {
            [b's', b'r', b'c', b'=', value @ ..] => {
                let address = words.after(value).address(self.family)?;
                self.begin_tuple()?.source = Some(address);
            }
            [b'd', b's', b't', b'=', value @ ..] => {
                let address = words.after(value).address(self.family)?;
                self.tuple().destination = Some(address);
            }
            [b's', b'p', b'o', b'r', b't', b'=', value @ ..] | [b'i', b'd', b'=', value @ ..] => {
                self.tuple().source_port = words.after(value).number_as()?;
            }
            [b'd', b'p', b'o', b'r', b't', b'=', value @ ..] => {
                self.tuple().destination_port = words.after(value).number_as()?;
            }
            [b'p', b'a', b'c', b'k', b'e', b't', b's', b'=', value @ ..] => {
                self.tuple().packets = Some(words.after(value).number()?);
            }
            [b'b', b'y', b't', b'e', b's', b'=', value @ ..] => {
                self.tuple().bytes = Some(words.after(value).number()?);
            }
            [b'm', b'a', b'r', b'k', b'=', value @ ..] => {
                self.mark = Some(words.after(value).number_as()?);
            }
            [b'z', b'o', b'n', b'e', b'=', value @ ..] => {
                self.zone = Some(words.after(value).number_as()?);
            }
            [b'[', ..] => self.take_flag(words.word()),
            _ => self.take_rarer(words)?,
        }
        Ok(())
    }

    /// What only some protocols print, and what comes before the first tuple.
    fn take_rarer(&mut self, words: &mut Words<'_>) -> Result<(), Unreadable> {
        match words.rest {
            [b't', b'y', b'p', b'e', b'=', value @ ..] => {
                let kind: u8 = words.after(value).number_as()?;
                self.tuple().destination_port |= u16::from(kind) << 8;
            }
            [b'c', b'o', b'd', b'e', b'=', value @ ..] => {
                let code: u8 = words.after(value).number_as()?;
                self.tuple().destination_port |= u16::from(code);
            }
            [b's', b'r', b'c', b'k', b'e', b'y', b'=', b'0', b'x', value @ ..] => {
                self.tuple().source_port = words.after(value).hexadecimal()?;
            }
            [b'd', b's', b't', b'k', b'e', b'y', b'=', b'0', b'x', value @ ..] => {
                self.tuple().destination_port = words.after(value).hexadecimal()?;
            }
            [b'0'..=b'9', ..] if self.original.source.is_none() => {
                self.timeout = Some(u32::try_from(words.number()?).unwrap_or(u32::MAX));
            }
            _ => self.take_word(words.word())?,
        }
        Ok(())
    }

    /// A word without a known key. Before the tuples, one without any key is the protocol's own state.
    fn take_word(&mut self, word: &[u8]) -> Result<(), Unreadable> {
        let is_state = self.original.source.is_none() && !word.contains(&b'=');
        if is_state && self.protocol == Protocol::TCP {
            self.shown = Some(State::tcp(word).ok_or(Unreadable::State)?);
        }
        Ok(())
    }

    fn take_flag(&mut self, word: &[u8]) {
        match word {
            b"[UNREPLIED]" => self.flags.insert(Flags::UNREPLIED),
            b"[ASSURED]" => self.flags.insert(Flags::ASSURED),
            b"[OFFLOAD]" => self.flags.insert(Flags::OFFLOAD),
            b"[HW_OFFLOAD]" => self.flags.insert(Flags::HW_OFFLOAD),
            _ => {}
        }
    }

    fn begin_tuple(&mut self) -> Result<&mut TupleDraft, Unreadable> {
        match (self.original.source, self.reply) {
            (None, _) => Ok(&mut self.original),
            (Some(_), None) => Ok(self.reply.insert(TupleDraft::default())),
            (Some(_), Some(_)) => Err(Unreadable::Tuples),
        }
    }

    /// The tuple that is being read.
    fn tuple(&mut self) -> &mut TupleDraft {
        self.reply.as_mut().unwrap_or(&mut self.original)
    }

    fn finish(self) -> Result<Flow, Unreadable> {
        Ok(Flow {
            protocol: self.protocol,
            state: State::of(self.protocol, self.shown, self.flags),
            flags: self.flags,
            timeout: self.timeout,
            mark: self.mark,
            zone: self.zone,
            original: self.original.finish()?,
            reply: self.reply.ok_or(Unreadable::Tuples)?.finish()?,
        })
    }
}

/// What of the line is still to be read. A value that is read must end where its word ends.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// Moves to the next word; false at the end of the line.
    fn advance(&mut self) -> bool {
        while let [b' ' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        !self.rest.is_empty()
    }

    /// Moves behind a key, to its value.
    fn after(&mut self, value: &'a [u8]) -> &mut Self {
        self.rest = value;
        self
    }

    /// Takes the word that stands here, whatever it is.
    fn word(&mut self) -> &'a [u8] {
        let end = memchr(b' ', self.rest).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Passes the word that stands here and the spaces behind it.
    fn skip(&mut self) {
        self.word();
        self.advance();
    }

    fn number(&mut self) -> Result<u64, Unreadable> {
        let [first @ b'0'..=b'9', rest @ ..] = self.rest else { return Err(Unreadable::Number) };
        let mut value = u64::from(first - b'0');
        self.rest = rest;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            let next = value.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
            value = next.ok_or(Unreadable::Number)?;
            self.rest = rest;
        }
        self.end_of_word(Unreadable::Number)?;
        self.advance();
        Ok(value)
    }

    fn number_as<T: TryFrom<u64>>(&mut self) -> Result<T, Unreadable> {
        self.number()?.try_into().map_err(|_| Unreadable::Number)
    }

    fn hexadecimal(&mut self) -> Result<u16, Unreadable> {
        let value = self.hex_group().ok_or(Unreadable::Number)?;
        self.end_of_word(Unreadable::Number)?;
        Ok(value)
    }

    /// One to four hexadecimal digits.
    fn hex_group(&mut self) -> Option<u16> {
        let mut value = None;
        for _ in 0..4 {
            let [byte, rest @ ..] = self.rest else { break };
            let Some(digit) = char::from(*byte).to_digit(16) else { break };
            value = Some(value.unwrap_or(0) << 4 | u16::try_from(digit).unwrap_or(0));
            self.rest = rest;
        }
        value
    }

    fn end_of_word(&self, otherwise: Unreadable) -> Result<(), Unreadable> {
        match self.rest {
            [] | [b' ' | b'\r', ..] => Ok(()),
            _ => Err(otherwise),
        }
    }

    fn address(&mut self, family: Family) -> Result<IpAddr, Unreadable> {
        let address = match family {
            Family::V4 => self.ipv4().map(IpAddr::V4),
            Family::V6 => self.ipv6().map(IpAddr::V6),
        };
        let address = address.ok_or(Unreadable::Address)?;
        self.end_of_word(Unreadable::Address)?;
        Ok(address)
    }

    fn ipv4(&mut self) -> Option<Ipv4Addr> {
        let mut octets = [0; 4];
        for (index, octet) in octets.iter_mut().enumerate() {
            if index > 0 {
                let [b'.', rest @ ..] = self.rest else { return None };
                self.rest = rest;
            }
            *octet = self.octet()?;
        }
        Some(Ipv4Addr::from(octets))
    }

    fn octet(&mut self) -> Option<u8> {
        let [first @ b'0'..=b'9', rest @ ..] = self.rest else { return None };
        let mut value = first - b'0';
        self.rest = rest;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            value = value.checked_mul(10)?.checked_add(digit - b'0')?;
            self.rest = rest;
        }
        Some(value)
    }

    /// Eight groups as the kernel's `%pI6` prints them, or the shortened form that people write.
    fn ipv6(&mut self) -> Option<Ipv6Addr> {
        let start = self.rest;
        if let Some(address) = self.ipv6_expanded() {
            return Some(address);
        }
        self.rest = start;
        std::str::from_utf8(self.word()).ok()?.parse().ok()
    }

    fn ipv6_expanded(&mut self) -> Option<Ipv6Addr> {
        let mut groups = [0; 8];
        for (index, group) in groups.iter_mut().enumerate() {
            if index > 0 {
                let [b':', rest @ ..] = self.rest else { return None };
                self.rest = rest;
            }
            *group = self.hex_group()?;
        }
        Some(Ipv6Addr::from(groups))
    }
}

#[cfg(test)]
mod tests;
