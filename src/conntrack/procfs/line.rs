//! One line of the table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::conntrack::entry::Unreadable;
use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

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
    let family = Family::of(words.protocol_number()?)?;
    let protocol = u8::try_from(words.protocol_number()?).map_err(|_| Unreadable::Protocols)?;
    let mut extras = Extras::default();
    let (timeout, shown) = before_tuples(&mut words, Protocol(protocol))?;
    let original = tuple(&mut words, family, &mut extras)?;
    let reply = tuple(&mut words, family, &mut extras)?;
    if !words.rest.is_empty() {
        return Err(Unreadable::Tuples);
    }
    let Extras { flags, mark, zone } = extras;
    let protocol = Protocol(protocol);
    Ok(Flow {
        protocol,
        state: State::of(protocol, shown, flags),
        flags,
        timeout,
        mark,
        zone,
        original,
        reply,
    })
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

/// What is said of an entry beside its tuples.
#[derive(Default)]
struct Extras {
    flags: Flags,
    mark: u32,
    zone: u16,
}

/// Reads up to the first tuple: the timeout and TCP's state, both missing from offloaded entries. Other protocols'
/// states and GRE's own timeouts are passed over.
fn before_tuples(
    words: &mut Words<'_>,
    protocol: Protocol,
) -> Result<(Option<u32>, Option<State>), Unreadable> {
    let (mut timeout, mut shown) = (None, None);
    while let Some(first) = words.advance() {
        if words.rest.starts_with(b"src=") {
            break;
        }
        if timeout.is_none() && first.is_ascii_digit() {
            timeout = Some(u32::try_from(words.number()?).unwrap_or(u32::MAX));
            continue;
        }
        let word = words.word();
        if protocol == Protocol::TCP {
            shown = shown.or(State::tcp(word));
            if shown.is_none() && !word.contains(&b'=') {
                return Err(Unreadable::State);
            }
        }
    }
    Ok((timeout, shown))
}

/// Reads a tuple, at whose `src=` the words stand, and what follows it up to the next one.
fn tuple(words: &mut Words<'_>, family: Family, extras: &mut Extras) -> Result<Tuple, Unreadable> {
    if !words.key(b"src=") {
        return Err(Unreadable::Tuples);
    }
    let source = words.address(family)?;
    let (mut destination, mut source_port, mut destination_port) = (None, 0, 0);
    let (mut packets, mut bytes) = (None, None);
    while let Some(first) = words.advance() {
        // The first byte decides which keys are worth a comparison.
        match first {
            b's' if words.rest.starts_with(b"src=") => break,
            b's' if words.key(b"sport=") => source_port = words.number_as()?,
            b's' if words.key(b"srckey=0x") => source_port = words.hexadecimal()?,
            b'd' if words.key(b"dst=") => destination = Some(words.address(family)?),
            b'd' if words.key(b"dport=") => destination_port = words.number_as()?,
            b'd' if words.key(b"dstkey=0x") => destination_port = words.hexadecimal()?,
            b'p' if words.key(b"packets=") => packets = Some(words.number()?),
            b'b' if words.key(b"bytes=") => bytes = Some(words.number()?),
            b't' if words.key(b"type=") => destination_port |= u16::from(words.number_as::<u8>()?) << 8,
            b'c' if words.key(b"code=") => destination_port |= u16::from(words.number_as::<u8>()?),
            b'i' if words.key(b"id=") => source_port = words.number_as()?,
            b'm' if words.key(b"mark=") => extras.mark = words.number_as()?,
            b'z' if words.key(b"zone=") => extras.zone = words.number_as()?,
            b'[' if words.key(b"[ASSURED]") => extras.flags.insert(Flags::ASSURED),
            b'[' if words.key(b"[UNREPLIED]") => extras.flags.insert(Flags::UNREPLIED),
            b'[' if words.key(b"[OFFLOAD]") => extras.flags.insert(Flags::OFFLOAD),
            b'[' if words.key(b"[HW_OFFLOAD]") => extras.flags.insert(Flags::HW_OFFLOAD),
            _ => drop(words.word()),
        }
    }
    Ok(Tuple {
        source: Endpoint { address: source, port: source_port },
        destination: Endpoint { address: destination.ok_or(Unreadable::Tuples)?, port: destination_port },
        counters: packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes }),
    })
}

/// What of the line is still to be read. Values are read byte by byte, each byte once; one must end where its word
/// ends.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// Moves to the next word and gives its first byte.
    fn advance(&mut self) -> Option<u8> {
        while let [b' ', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    /// Moves behind `key` if that stands here.
    fn key<const N: usize>(&mut self, key: &[u8; N]) -> bool {
        match self.rest.strip_prefix(key.as_slice()) {
            Some(value) => {
                self.rest = value;
                true
            }
            None => false,
        }
    }

    /// Takes the word that stands here, whatever it is.
    fn word(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| *byte == b' ').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Passes a protocol's name, which the kernel pads to eight characters, and takes its number. (No name has eight.)
    fn protocol_number(&mut self) -> Result<u64, Unreadable> {
        match self.rest {
            [_, _, _, _, _, _, _, b' ', b' ', rest @ ..] => self.rest = rest,
            _ => drop(self.word()),
        }
        self.advance();
        self.digits().ok_or(Unreadable::Protocols)
    }

    /// Takes `length` bytes, behind which the word must end, and the space there.
    fn take(&mut self, length: usize) -> Option<()> {
        self.rest = match self.rest.get(length..)? {
            [b' ', rest @ ..] => rest,
            [] => &[],
            _ => return None,
        };
        Some(())
    }

    fn number(&mut self) -> Result<u64, Unreadable> {
        self.digits().ok_or(Unreadable::Number)
    }

    fn number_as<T: TryFrom<u64>>(&mut self) -> Result<T, Unreadable> {
        self.digits().and_then(|value| value.try_into().ok()).ok_or(Unreadable::Number)
    }

    /// An `Option` comes back in registers, which a `Result` of this size does not.
    fn digits(&mut self) -> Option<u64> {
        let (mut value, mut length) = (0_u64, 0);
        for byte in self.rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            // Only the twentieth digit can be too much.
            value = if length < 19 { value * 10 + u64::from(digit) } else { push_digit(value, digit)? };
            length += 1;
        }
        self.take(length)?;
        (length > 0).then_some(value)
    }

    fn hexadecimal(&mut self) -> Result<u16, Unreadable> {
        let word = self.word();
        let digits = std::str::from_utf8(word).ok().filter(|_| word.iter().all(u8::is_ascii_hexdigit));
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or(Unreadable::Number)
    }

    fn address(&mut self, family: Family) -> Result<IpAddr, Unreadable> {
        let address = match family {
            Family::V4 => self.ipv4().map(IpAddr::V4),
            Family::V6 => self.ipv6().map(IpAddr::V6),
        };
        address.ok_or(Unreadable::Address)
    }

    fn ipv4(&mut self) -> Option<Ipv4Addr> {
        let mut address = self.octet()?;
        for _ in 0..3 {
            self.rest = self.rest.strip_prefix(b".")?;
            address = address << 8 | self.octet()?;
        }
        self.take(0)?;
        Some(Ipv4Addr::from_bits(address))
    }

    /// One to three digits, at once: addresses are a third of all there is to read.
    #[inline]
    fn octet(&mut self) -> Option<u32> {
        let digit = |byte: u8| u32::from(byte.wrapping_sub(b'0'));
        let (value, rest) = match self.rest {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
                (digit(*a) * 100 + digit(*b) * 10 + digit(*c), rest)
            }
            [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => (digit(*a) * 10 + digit(*b), rest),
            [a @ b'0'..=b'9', rest @ ..] => (digit(*a), rest),
            _ => return None,
        };
        self.rest = rest;
        (value <= 255).then_some(value)
    }

    /// Eight groups of four digits as the kernel's `%pI6` prints them, or the shortened form that people write.
    fn ipv6(&mut self) -> Option<Ipv6Addr> {
        if let Some(address) = self.rest.first_chunk().and_then(expanded) {
            self.take(EXPANDED)?;
            return Some(address);
        }
        std::str::from_utf8(self.word()).ok()?.parse().ok()
    }
}

fn push_digit(value: u64, digit: u8) -> Option<u64> {
    value.checked_mul(10)?.checked_add(digit.into())
}

/// The length of an IPv6 address with all its digits.
const EXPANDED: usize = 39;

fn expanded(text: &[u8; EXPANDED]) -> Option<Ipv6Addr> {
    let (mut address, mut all) = (0_u128, 0);
    for group in text.chunks(5) {
        let [a, b, c, d, rest @ ..] = group else { return None };
        if !matches!(rest, [] | [b':']) {
            return None;
        }
        let [a, b, c, d] = [*a, *b, *c, *d].map(nibble);
        all |= a | b | c | d;
        address = address << 16 | u128::from(a << 12 | b << 8 | c << 4 | d);
    }
    // One digit that is none shows in the sum of all.
    (all <= 0xf).then_some(Ipv6Addr::from_bits(address))
}

/// What a byte is worth as a hexadecimal digit; 0x10 if it is none.
fn nibble(byte: u8) -> u16 {
    let value = match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => 0x10,
    };
    value.into()
}

#[cfg(test)]
mod tests;
