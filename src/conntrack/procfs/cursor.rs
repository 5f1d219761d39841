//! Where in a line the parser is, and what it can take from there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::memchr;

use crate::conntrack::entry::EntryError;

#[derive(Clone, Copy)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn of(number: u64) -> Result<Self, EntryError> {
        match number {
            2 => Ok(Self::V4),
            10 => Ok(Self::V6),
            _ => Err(EntryError::Family),
        }
    }
}

/// What of the line is still to be read. Values are read byte by byte, each byte once; one must end where its word
/// ends.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Passes the spaces before the next word and gives its first byte.
    pub(super) fn skip_spaces(&mut self) -> Option<u8> {
        while let [b' ', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    /// Passes `prefix` if that stands here.
    pub(super) fn skip<const N: usize>(&mut self, prefix: &[u8; N]) -> bool {
        let found = self.rest.first_chunk() == Some(prefix);
        if found {
            self.rest = self.rest.get(N..).unwrap_or_default();
        }
        found
    }

    /// Takes the word that stands here, whatever it is.
    pub(super) fn take_word(&mut self) -> &'a [u8] {
        let end = memchr(b' ', self.rest).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Passes a protocol's name, which the kernel pads to eight characters, and takes its number. (No name has eight.)
    pub(super) fn protocol_number(&mut self) -> Result<u64, EntryError> {
        match self.rest {
            [_, _, _, _, _, _, _, b' ', b' ', rest @ ..] => self.rest = rest,
            _ => drop(self.take_word()),
        }
        self.skip_spaces();
        self.digits().ok_or(EntryError::Protocols)
    }

    /// Passes `length` bytes, behind which the word must end, and the space there.
    fn end_word(&mut self, length: usize) -> Option<()> {
        self.rest = match self.rest.get(length..)? {
            [b' ', rest @ ..] => rest,
            [] => &[],
            _ => return None,
        };
        Some(())
    }

    pub(super) fn number(&mut self) -> Result<u64, EntryError> {
        self.digits().ok_or(EntryError::Number)
    }

    pub(super) fn number_as<T: TryFrom<u64>>(&mut self) -> Result<T, EntryError> {
        self.digits().and_then(|value| value.try_into().ok()).ok_or(EntryError::Number)
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
        self.end_word(length)?;
        (length > 0).then_some(value)
    }

    pub(super) fn hexadecimal(&mut self) -> Result<u16, EntryError> {
        let word = self.take_word();
        let digits = std::str::from_utf8(word).ok().filter(|_| word.iter().all(u8::is_ascii_hexdigit));
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or(EntryError::Number)
    }

    pub(super) fn address(&mut self, family: Family) -> Result<IpAddr, EntryError> {
        let address = match family {
            Family::V4 => self.ipv4().map(IpAddr::V4),
            Family::V6 => self.ipv6().map(IpAddr::V6),
        };
        address.ok_or(EntryError::Address)
    }

    fn ipv4(&mut self) -> Option<Ipv4Addr> {
        let mut address = self.octet()?;
        for _ in 0..3 {
            self.rest = self.rest.strip_prefix(b".")?;
            address = address << 8 | self.octet()?;
        }
        self.end_word(0)?;
        Some(Ipv4Addr::from_bits(address))
    }

    /// One to three digits, at once: addresses are a third of all there is to read.
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
            self.end_word(EXPANDED)?;
            return Some(address);
        }
        std::str::from_utf8(self.take_word()).ok()?.parse().ok()
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
