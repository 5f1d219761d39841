//! The identities that devices carry: MAC addresses and DUIDs.

use std::fmt;

/// A 48-bit link-layer address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Understands `02:00:00:00:00:11`, in either case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        Some(Self(hex_octets(text)?.try_into().ok()?))
    }

    /// The last three octets, which tell devices of one name apart.
    pub const fn tail(self) -> [u8; 3] {
        let [_, _, _, a, b, c] = self.0;
        [a, b, c]
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_octets(f, &self.0)
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The longest DUID there is: a type of two bytes and 128 more (RFC 8415, section 11.1).
const LONGEST_DUID: usize = 130;

/// What a DHCPv6 client calls itself (RFC 8415, section 11).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duid(Box<[u8]>);

impl Duid {
    /// Understands octets with colons between them.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let octets = hex_octets(text)?;
        (3..=LONGEST_DUID).contains(&octets.len()).then(|| Self(octets.into()))
    }

    /// The Ethernet address within: types LLT (1: a time stands before the address) and LL (3).
    pub fn mac(&self) -> Option<Mac> {
        let ([0, 1, 0, 1, _, _, _, _, address @ ..] | [0, 3, 0, 1, address @ ..]) = &*self.0 else {
            return None;
        };
        Some(Mac(address.try_into().ok()?))
    }

    /// The last three octets.
    pub fn tail(&self) -> [u8; 3] {
        self.0.last_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Display for Duid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_octets(f, &self.0)
    }
}

impl fmt::Debug for Duid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Octets of two hexadecimal digits each, with colons between them.
fn hex_octets(text: &[u8]) -> Option<Vec<u8>> {
    let octet = |digits: &[u8]| match digits {
        [high, low] => Some(hex_digit(*high)? << 4 | hex_digit(*low)?),
        _ => None,
    };
    if text.len() > 3 * LONGEST_DUID {
        return None;
    }
    text.split(|byte| *byte == b':').map(octet).collect()
}

fn hex_digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

fn write_octets(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    for (index, octet) in octets.iter().enumerate() {
        let separator = if index == 0 { "" } else { ":" };
        write!(f, "{separator}{octet:02x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_read_and_shown() {
        let mac = Mac::parse(b"02:DB:95:b6:86:e5").unwrap();
        assert_eq!(mac.to_string(), "02:db:95:b6:86:e5");
        assert_eq!(mac.tail(), [0xb6, 0x86, 0xe5]);
        for bad in
            ["", "02", "02:db:95:b6:86", "02:db:95:b6:86:e5:01", "2:db:95:b6:86:e5", "0g:db:95:b6:86:e5"]
        {
            assert_eq!(Mac::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn duids_of_types_ll_and_llt_carry_the_mac() {
        let mac = |text: &str| Duid::parse(text.as_bytes()).unwrap().mac().map(|mac| mac.to_string());
        assert_eq!(mac("00:03:00:01:02:00:00:00:00:44").as_deref(), Some("02:00:00:00:00:44"));
        assert_eq!(mac("00:01:00:01:32:93:49:85:02:00:00:00:00:11").as_deref(), Some("02:00:00:00:00:11"));
        assert_eq!(mac("00:02:00:00:ab:11:02:00:00:00"), None, "an enterprise's own");
        assert_eq!(mac("00:03:00:20:02:00:00:00:00:44"), None, "InfiniBand");
        assert_eq!(mac("00:03:00:01:02:00:00:00:00"), None, "cut short");
    }

    #[test]
    fn a_duid_is_bounded() {
        assert_eq!(Duid::parse(vec!["00"; 130].join(":").as_bytes()).unwrap().tail(), [0, 0, 0]);
        assert_eq!(Duid::parse(vec!["00"; 131].join(":").as_bytes()), None);
        assert_eq!(Duid::parse(b"00:04"), None);
    }
}
