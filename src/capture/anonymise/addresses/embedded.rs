//! Where an IPv4 address lies within one of IPv6, for whoever reads it there.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What is known of an address by the prefix that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Embedding {
    /// An IPv4 address is the last four octets, and all else is the same for everybody: mapped and compatible
    /// (RFC 4291), translated (RFC 2765), and the well-known prefix of NAT64 (RFC 6052).
    Last(Ipv4Addr),
    /// A 6to4 site (RFC 3056) is called by its router's IPv4 address, behind `2002::/16`.
    SixToFour(Ipv4Addr),
    /// A Teredo client (RFC 4380): its server's address behind `2001::/32`, its own at the end, every bit turned over.
    Teredo { server: Ipv4Addr, client: Ipv4Addr },
}

impl Embedding {
    /// Which one `v6` is by its prefix.
    pub(super) fn of(v6: Ipv6Addr) -> Option<Self> {
        let octets = v6.octets();
        let [.., a, b, c, d] = octets;
        let last = Ipv4Addr::new(a, b, c, d);
        match (v6.segments(), octets) {
            (
                [0, 0, 0, 0, 0, 0 | 0xffff, ..]
                | [0, 0, 0, 0, 0xffff, 0, ..]
                | [0x64, 0xff9b, 0, 0, 0, 0, ..],
                _,
            ) => Some(Self::Last(last)),
            (_, [0x20, 0x02, a, b, c, d, ..]) => Some(Self::SixToFour(Ipv4Addr::new(a, b, c, d))),
            (_, [0x20, 0x01, 0, 0, a, b, c, d, ..]) => {
                let client = Ipv4Addr::from_bits(!last.to_bits());
                Some(Self::Teredo { server: Ipv4Addr::new(a, b, c, d), client })
            }
            _ => None,
        }
    }
}

/// The IPv4 address of a host that made its half of an address of it by ISATAP (RFC 5214, section 6.1).
pub(super) fn isatap(host: u64) -> Option<Ipv4Addr> {
    match host.to_be_bytes() {
        [0 | 2, 0, 0x5e, 0xfe, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

/// `v6` with another IPv4 address for its last four octets.
pub(super) fn with_last(v6: Ipv6Addr, v4: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(v6.to_bits() >> 32 << 32 | u128::from(v4.to_bits()))
}

/// `v6` with another IPv4 address from the bit `place` on, one of its first 96.
pub(super) fn with_at(v6: Ipv6Addr, place: u32, v4: Ipv4Addr) -> Ipv6Addr {
    let moved = |bits: u32| (u128::from(bits) << 96) >> place;
    Ipv6Addr::from_bits(v6.to_bits() & !moved(u32::MAX) | moved(v4.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_its_prefix() {
        let v4 = Ipv4Addr::new(9, 8, 7, 6);
        for (address, expected) in [
            ("::ffff:9.8.7.6", Some(Embedding::Last(v4))),
            ("::9.8.7.6", Some(Embedding::Last(v4))),
            ("::ffff:0:9.8.7.6", Some(Embedding::Last(v4))),
            ("64:ff9b::908:706", Some(Embedding::Last(v4))),
            ("64:ff9b:1::908:706", None),
            ("2002:908:706:1::5", Some(Embedding::SixToFour(v4))),
            (
                "2001:0:908:706:8000:63bf:3fff:fdd2",
                Some(Embedding::Teredo { server: v4, client: [192, 0, 2, 45].into() }),
            ),
            ("2001:1::908:706", None),
            ("2a02::908:706", None),
        ] {
            assert_eq!(Embedding::of(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn by_a_host() {
        assert_eq!(isatap(0x5efe_0908_0706), Some([9, 8, 7, 6].into()));
        assert_eq!(isatap(0x0200_5efe_0908_0706), Some([9, 8, 7, 6].into()));
        assert_eq!(isatap(0x0100_5efe_0908_0706), None);
    }

    #[test]
    fn exchanged() {
        let v6: Ipv6Addr = "2002:908:706:1::5".parse().unwrap();
        assert_eq!(with_at(v6, 16, [1, 2, 3, 4].into()), "2002:102:304:1::5".parse::<Ipv6Addr>().unwrap());
        assert_eq!(
            with_last(v6, [1, 2, 3, 4].into()),
            "2002:908:706:1::102:304".parse::<Ipv6Addr>().unwrap()
        );
    }
}
