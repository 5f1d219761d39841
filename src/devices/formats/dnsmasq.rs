//! dnsmasq's lease file: which address was given to whom, and what the holder calls itself.
//!
//! Lines of IPv4 are `expiry mac address name client-id`, lines of IPv6 `expiry [T]iaid address name duid`
//! (`lease_update_file()` in dnsmasq's lease.c). Names may hold spaces where a router's dnsmasq doesn't check them, so
//! three fields are taken from the left and the last from the right. Expiry is not evaluated: on routers without
//! a clock it isn't a time.

use std::net::IpAddr;

use super::lines::{self, numbered};
use super::{LineError, LineErrorKind};
use crate::devices::DeviceId;
use crate::devices::mac::{Duid, Mac};

/// One line that says who holds an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease<'a> {
    /// Who holds it.
    pub holder: DeviceId,
    /// What is held.
    pub address: IpAddr,
    /// What the holder calls itself, as it came.
    pub name: Option<&'a [u8]>,
}

/// Understands a whole file, line by line, as [`parse_line`] does.
pub fn parse(text: &[u8]) -> impl Iterator<Item = Result<Lease<'_>, LineError>> {
    numbered(text)
        .filter_map(|(line, text)| parse_line(text).map_err(|kind| LineError { line, kind }).transpose())
}

/// Understands one line, without its end. Empty lines, the server's own DUID and leases that don't say who holds them have
/// nothing to learn, and give nothing.
pub fn parse_line(line: &[u8]) -> Result<Option<Lease<'_>>, LineErrorKind> {
    if line.is_empty() || line.starts_with(b"duid ") {
        return Ok(None);
    }
    let (holder, address, name) = fields(line).ok_or(LineErrorKind::NotALease)?;
    let name = (name != b"*").then_some(name);
    Ok(holder.map(|holder| Lease { holder, address, name }))
}

/// The holder, if one is said, the address and the name.
fn fields(line: &[u8]) -> Option<(Option<DeviceId>, IpAddr, &[u8])> {
    let mut fields = line.splitn(4, |byte| *byte == b' ');
    let (expiry, identity, address) = (fields.next()?, fields.next()?, lines::address(fields.next()?)?);
    if expiry.is_empty() || !expiry.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut last = fields.next()?.rsplitn(2, |byte| *byte == b' ');
    let (client, name) = (last.next()?, last.next()?);
    let holder = match address {
        IpAddr::V4(_) => Some(DeviceId::Mac(Mac::parse(without_hardware_type(identity))?)),
        IpAddr::V6(_) if client == b"*" => None,
        IpAddr::V6(_) => Some(DeviceId::of_duid(Duid::parse(client)?)),
    };
    Some((holder, address, name))
}

/// dnsmasq puts the hardware type before a MAC that isn't Ethernet's: `06-02:00:00:00:00:11`.
fn without_hardware_type(identity: &[u8]) -> &[u8] {
    match identity {
        [_, _, b'-', mac @ ..] => mac,
        _ => identity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lease<'a>(holder: &str, address: &str, name: Option<&'a [u8]>) -> Lease<'a> {
        let holder = match Mac::parse(holder.as_bytes()) {
            Some(mac) => DeviceId::Mac(mac),
            None => DeviceId::Duid(Duid::parse(holder.as_bytes()).unwrap()),
        };
        Lease { holder, address: address.parse().unwrap(), name }
    }

    #[test]
    fn what_dnsmasq_writes() {
        let text = b"1795241374 02:00:00:00:00:11 192.168.8.179 Living-Room-TV 01:02:00:00:00:00:11\n\
            1795241377 02:00:00:00:00:22 192.168.8.196 * *\n\
            0 02:00:00:00:00:33 192.168.8.50 nas 01:02:00:00:00:00:33\n\
            duid 00:01:00:01:32:93:49:58:de:a6:63:a8:1c:13\n\
            1795241415 68 2001:db8:aa:10::118a * 00:03:00:01:02:00:00:00:00:44\n\
            1795241414 T34 2001:db8:aa:10::1b1a * 00:02:00:00:ab:11:22\n\
            1795205714 17 2001:db8:aa:10::14ff laptop 00:01:00:01:32:93:49:85:02:00:00:00:00:11\n\
            1795205714 18 2001:db8:aa:10::1 laptop *\n";
        let expected = [
            lease("02:00:00:00:00:11", "192.168.8.179", Some(b"Living-Room-TV")),
            lease("02:00:00:00:00:22", "192.168.8.196", None),
            lease("02:00:00:00:00:33", "192.168.8.50", Some(b"nas")),
            lease("02:00:00:00:00:44", "2001:db8:aa:10::118a", None),
            lease("00:02:00:00:ab:11:22", "2001:db8:aa:10::1b1a", None),
            lease("02:00:00:00:00:11", "2001:db8:aa:10::14ff", Some(b"laptop")),
        ];
        assert_eq!(parse(text).collect::<Vec<_>>(), expected.map(Ok));
    }

    #[test]
    fn what_a_vendors_dnsmasq_writes() {
        let text = "1795241374 02:00:00:00:00:51 192.168.8.151 Anna's iPad Pro 01:02:00:00:00:00:51\n\
            1795241380 02:00:00:00:00:52 192.168.8.152 Büro PC *\n\
            43200 02:00:00:00:00:53 192.168.8.153 length 01:02:00:00:00:00:53\n\
            1795241399 06-02:00:00:00:00:54 192.168.8.154 odd *";
        let expected = [
            lease("02:00:00:00:00:51", "192.168.8.151", Some(b"Anna's iPad Pro")),
            lease("02:00:00:00:00:52", "192.168.8.152", Some("Büro PC".as_bytes())),
            lease("02:00:00:00:00:53", "192.168.8.153", Some(b"length")),
            lease("02:00:00:00:00:54", "192.168.8.154", Some(b"odd")),
        ];
        assert_eq!(parse(text.as_bytes()).collect::<Vec<_>>(), expected.map(Ok));
    }

    #[test]
    fn what_is_no_lease() {
        for bad in [
            "soon 02:00:00:00:00:11 192.168.8.179 tv *",
            "1 02:00:00:00:00 192.168.8.179 tv *",
            "1 02:00:00:00:00:11 192.168.8 tv *",
            "1 02:00:00:00:00:11 192.168.8.179 tv",
            "1 02:00:00:00:00:11",
            "1 17 2001:db8::1 laptop nonsense",
            " ",
        ] {
            let expected = [Err(LineError { line: 1, kind: LineErrorKind::NotALease })];
            assert_eq!(parse(bad.as_bytes()).collect::<Vec<_>>(), expected, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_hands_out_no_line_twice(text: Vec<u8>) {
            prop_assert!(parse(&text).count() <= numbered(&text).count());
        }

        #[test]
        fn a_written_lease_is_read_again(mac: [u8; 6], v4: [u8; 4], name in "[^\n\r]{1,80}", time: u32) {
            let (mac, address) = (Mac(mac), IpAddr::from(v4));
            let text = format!("{time} {mac} {address} {name} 01:{mac}");
            let name = (name != "*").then_some(name.as_bytes());
            let expected = Ok(Lease { holder: DeviceId::Mac(mac), address, name });
            prop_assert_eq!(parse(text.as_bytes()).collect::<Vec<_>>(), [expected]);
        }
    }
}
