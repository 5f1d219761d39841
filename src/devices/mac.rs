//! The identities that devices carry: MAC addresses and DUIDs.

use std::fmt;

/// The longest spelling of a MAC: six octets of two digits and five separators.
const LONGEST_MAC: usize = 17;

/// A 48-bit link-layer address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Understands `02:00:00:00:00:11`, in either case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        Some(Self(hex_octets(text)?.try_into().ok()?))
    }

    /// Understands whatever people and programs write: octets with colons or dashes between them, each of one or two
    /// digits (as `ether_ntoa()` of glibc prints them), `0200.0000.0011`, or twelve digits and nothing else.
    pub fn parse_any(text: &[u8]) -> Option<Self> {
        match text.iter().find(|byte| !byte.is_ascii_hexdigit()) {
            None => Self::from_digits(text),
            Some(b'.') => {
                let groups: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
                let regular = groups.len() == 3 && groups.iter().all(|group| group.len() == 4);
                regular.then(|| groups.concat()).and_then(|digits| Self::from_digits(&digits))
            }
            Some(separator @ (b':' | b'-')) if text.len() <= LONGEST_MAC => {
                let octets =
                    text.split(|byte| byte == separator).map(short_octet).collect::<Option<Vec<u8>>>()?;
                Some(Self(octets.try_into().ok()?))
            }
            Some(_) => None,
        }
    }

    /// Understands twelve digits and nothing else.
    pub(super) fn from_digits(digits: &[u8]) -> Option<Self> {
        (digits.len() == 12).then(|| bare_octets(digits)).flatten()?.try_into().ok().map(Self)
    }

    /// Whether its owner made it up (the locally administered bit): no vendor stands behind it.
    pub const fn is_local(self) -> bool {
        self.0[0] & 2 != 0
    }

    /// Whether it addresses a group (multicast, broadcast) and so is nobody's own.
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
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

/// The length of 21 octets in writing: as many as a name has room for.
const NAMED: usize = 21 * 3 - 1;

/// What a DHCPv6 client calls itself (RFC 8415, section 11).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duid(Box<[u8]>);

impl Duid {
    /// Understands octets with colons between them.
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::bounded(hex_octets(text)?)
    }

    /// Understands digits with nothing between them, as odhcpd and `/etc/config/dhcp` have them.
    pub fn parse_bare(text: &[u8]) -> Option<Self> {
        Self::bounded(bare_octets(text)?)
    }

    fn bounded(octets: Vec<u8>) -> Option<Self> {
        (3..=LONGEST_DUID).contains(&octets.len()).then(|| Self(octets.into()))
    }

    /// The Ethernet address within: types LLT (1: a time stands before the address) and LL (3).
    pub fn mac(&self) -> Option<Mac> {
        let ([0, 1, 0, 1, _, _, _, _, address @ ..] | [0, 3, 0, 1, address @ ..]) = &*self.0 else {
            return None;
        };
        Some(Mac(address.try_into().ok()?))
    }

    /// Its octets, to be exchanged one for one.
    pub(crate) fn octets_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// As many of the last octets as a name has room for, with colons between them.
    pub fn end(&self) -> String {
        let text = self.to_string();
        text.get(text.len().saturating_sub(NAMED)..).unwrap_or(&text).to_owned()
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
    if text.len() > 3 * LONGEST_DUID {
        return None;
    }
    text.split(|byte| *byte == b':').map(octet).collect()
}

/// Octets of two hexadecimal digits each, with nothing between them.
fn bare_octets(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > 2 * LONGEST_DUID {
        return None;
    }
    text.chunks(2).map(octet).collect()
}

fn octet(digits: &[u8]) -> Option<u8> {
    match digits {
        [high, low] => Some(hex_digit(*high)? << 4 | hex_digit(*low)?),
        _ => None,
    }
}

fn short_octet(digits: &[u8]) -> Option<u8> {
    match digits {
        [low] => hex_digit(*low),
        _ => octet(digits),
    }
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
    use proptest::prelude::*;

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
    fn any_spelling_of_a_mac() {
        let spellings =
            ["02:00:00:00:0a:11", "02-00-00-00-0A-11", "0200.0000.0a11", "020000000A11", "2:0:0:0:a:11"];
        for spelling in spellings {
            assert_eq!(Mac::parse_any(spelling.as_bytes()), Some(Mac([2, 0, 0, 0, 10, 0x11])), "{spelling}");
        }
        for bad in [
            "",
            "02:00:00:00:0a",
            "02:00:00:00:0a:11:22",
            "02:00:00-00:0a:11",
            "02:00:00:00:0a:",
            "002:00:00:00:0a:1",
            "02.00.00.00.0a.11",
            "0200.0000.0a1",
            "0200.0000.0a1:",
            "0200:0000:0a11",
            "020000000a1",
            "020000000a112",
            "020000000a1g",
            " 020000000a1",
            "02 00 00 00 0a 11",
            "+2:00:00:00:0a:11",
        ] {
            assert_eq!(Mac::parse_any(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Mac::parse_any(&[b'0'; 10_000]), None);
        assert_eq!(Mac::parse_any(&b"0:".repeat(10_000)), None);
        assert_eq!(Mac::parse_any(b"02:00:00:00:0a:1\xff"), None);
    }

    #[test]
    fn the_bits_of_the_first_octet() {
        let bits = |first| (Mac([first, 0, 0, 0, 0, 1]).is_local(), Mac([first, 0, 0, 0, 0, 1]).is_group());
        assert_eq!(
            [bits(0x28), bits(0x2a), bits(0x01), bits(0xff)],
            [(false, false), (true, false), (false, true), (true, true)]
        );
    }

    #[test]
    fn bare_duids() {
        let duid = Duid::parse_bare(b"000100013293498502000000Af11").unwrap();
        assert_eq!(duid.mac(), Some(Mac([2, 0, 0, 0, 0xaf, 0x11])));
        assert_eq!(duid, Duid::parse(b"00:01:00:01:32:93:49:85:02:00:00:00:af:11").unwrap());
        assert!(Duid::parse_bare("00".repeat(130).as_bytes()).is_some());
        for bad in
            ["", "0004", "00040", "0004a", "00040g", "00:04:ab", &"00".repeat(131), &"0".repeat(10_000)]
        {
            assert_eq!(Duid::parse_bare(bad.as_bytes()), None, "{bad}");
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

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "[0-9a-f:.-]{0,20}") {
            for text in [text.as_slice(), likely.as_bytes()] {
                let _ = (Mac::parse_any(text), Mac::parse(text), Duid::parse(text), Duid::parse_bare(text));
            }
        }

        #[test]
        fn every_spelling_is_read_again(octets: [u8; 6]) {
            let [a, b, c, d, e, f] = octets;
            for text in [
                Mac(octets).to_string(),
                format!("{a:X}-{b:X}-{c:X}-{d:X}-{e:X}-{f:X}"),
                format!("{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{f:02x}"),
                format!("{a:02x}{b:02x}{c:02x}{d:02X}{e:02X}{f:02X}"),
            ] {
                prop_assert_eq!(Mac::parse_any(text.as_bytes()), Some(Mac(octets)));
            }
        }

        #[test]
        fn a_duid_is_read_again(octets in prop::collection::vec(any::<u8>(), 3..=130)) {
            let duid = Duid(octets.into());
            prop_assert_eq!(Duid::parse(duid.to_string().as_bytes()), Some(duid.clone()));
            prop_assert_eq!(Duid::parse_bare(duid.to_string().replace(':', "").as_bytes()), Some(duid));
        }
    }
}
