//! odhcpd's state file: which addresses OpenWrt's other DHCP server gave to whom.
//!
//! A lease is `# interface duid iaid name validuntil id length addr/len…`; one of IPv4 has `ipv4` for an IAID and the
//! MAC in the DUID's place (`dhcpv6_ia_write_statefile()` in dhcpv6-ia.c of odhcpd up to 2025,
//! `statefiles_write_state6()` and `…4()` in statefiles.c since). Older files hold lines of `/etc/hosts` besides.
//! Since 2026 odhcpd escapes names. Before, a name that isn't valid could hold anything, so four fields are taken from
//! the left and the rest from the right; a line break in a name can't be told from a line. Expiry is not evaluated.

use std::net::IpAddr;

use super::lines::{self, numbered, words};
use super::{LineError, LineErrorKind};
use crate::devices::DeviceId;
use crate::devices::mac::{Duid, Mac};

/// What stands before a name that isn't valid, and isn't used for that.
const BROKEN: &[u8] = br"broken\x20";
/// What an IPv4 lease has for an IAID.
const V4: &[u8] = b"ipv4";

/// One line that says who holds addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease<'a> {
    /// Who holds them.
    pub holder: DeviceId,
    /// The interface behind which it is.
    pub interface: &'a str,
    /// Its addresses. A prefix that it passes on is none of them, so there may be none.
    pub addresses: Vec<IpAddr>,
    /// What the holder calls itself, as it came.
    pub name: Option<Vec<u8>>,
}

/// Understands a whole file, line by line, as [`parse_line`] does.
pub fn parse(text: &[u8]) -> impl Iterator<Item = Result<Lease<'_>, LineError>> {
    numbered(text)
        .filter_map(|(line, text)| parse_line(text).map_err(|kind| LineError { line, kind }).transpose())
}

/// Understands one line, without its end. A line of `/etc/hosts` is no lease, and gives nothing.
pub fn parse_line(line: &[u8]) -> Result<Option<Lease<'_>>, LineErrorKind> {
    match line.strip_prefix(b"#") {
        Some(state) => lease(state).map(Some).ok_or(LineErrorKind::NotUnderstood),
        None if is_hosts_line(line) => Ok(None),
        None => Err(LineErrorKind::NotUnderstood),
    }
}

fn is_hosts_line(line: &[u8]) -> bool {
    words(line).next().is_none_or(|first| lines::address(first).is_some())
}

fn lease(state: &[u8]) -> Option<Lease<'_>> {
    let mut fields: Vec<&[u8]> = words(state).collect();
    let addresses = fields.iter().rposition(|field| prefix(field).is_none())? + 1;
    let addresses = fields.split_off(addresses);
    let [interface, identity, iaid, name, more @ .., valid_until, id, length] = &fields[..] else {
        return None;
    };
    // Only a name that odhcpd found invalid may be of several words.
    let broken = name.starts_with(BROKEN);
    let known = is_number(valid_until) && is_hex(id) && is_number(length) && (is_hex(iaid) || *iaid == V4);
    if !known || !(broken || more.is_empty()) {
        return None;
    }
    let name = if broken || *name == b"-" { None } else { Some(unescaped(name)) };
    let addresses = addresses.into_iter().filter_map(prefix).filter(is_whole);
    Some(Lease {
        holder: holder(identity, *iaid == V4)?,
        interface: std::str::from_utf8(interface).ok()?,
        addresses: addresses.map(|(address, _)| address).collect(),
        name,
    })
}

fn holder(identity: &[u8], v4: bool) -> Option<DeviceId> {
    if v4 {
        return Mac::parse_any(identity).map(DeviceId::Mac);
    }
    Duid::parse_bare(identity).or_else(|| Duid::parse(identity)).map(DeviceId::of_duid)
}

/// `\xNN` stands for a byte, as `statefiles_escape_hostname()` writes it.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((byte, behind)) = rest.split_first() {
        let escape = match rest {
            [b'\\', b'x', high, low, behind @ ..] => hex([*high, *low]).map(|byte| (byte, behind)),
            _ => None,
        };
        let (byte, behind) = escape.unwrap_or((*byte, behind));
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

fn hex(digits: [u8; 2]) -> Option<u8> {
    let digits = is_hex(&digits).then_some(digits)?;
    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
}

fn is_hex(field: &[u8]) -> bool {
    (1..=16).contains(&field.len()) && field.iter().all(u8::is_ascii_hexdigit)
}

/// A number, or the -1 of a lease that never ends.
fn is_number(field: &[u8]) -> bool {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// An address and the length of its prefix.
fn prefix(field: &[u8]) -> Option<(IpAddr, u8)> {
    let slash = field.iter().position(|byte| *byte == b'/')?;
    let length = std::str::from_utf8(field.get(slash + 1..)?).ok()?.parse().ok()?;
    Some((lines::address(field.get(..slash)?)?, length))
}

fn is_whole((address, length): &(IpAddr, u8)) -> bool {
    *length == if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lease<'a>(holder: &str, addresses: &[&str], name: Option<&[u8]>) -> Lease<'a> {
        let holder = match Mac::parse(holder.as_bytes()) {
            Some(mac) => DeviceId::Mac(mac),
            None => DeviceId::Duid(Duid::parse_bare(holder.as_bytes()).unwrap()),
        };
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Lease { holder, interface: "br-lan", addresses, name: name.map(<[u8]>::to_vec) }
    }

    #[test]
    fn what_odhcpd_writes_since_2025() {
        let text =
            br"# br-lan 000100013293498502000000 11 laptop 1795205714 14ff 128 2001:db8:aa:10::14ff/128
# br-lan 0001000132934985020000000011 11 laptop 1795205714 14ff 128 2001:db8:aa:10::14ff/128
# br-lan 02:00:00:00:00:51 ipv4 living\x20room 1795241374 c0a80897 32 192.168.8.151/32
# br-lan 02:00:00:00:00:52 ipv4 - -1 c0a80898 32 192.168.8.152/32
# br-lan 00:01:00:01:32:93:49:85:02:00:00:00:00:53 ffffffff broken\x20a\x20b\x0a\xff 0 1ffffffffffffffff 128
# br-lan 00020000ab1122 0 a\x0ab\x2\xgg\\x41\x00 0 2 128
";
        let expected = [
            Ok(lease("000100013293498502000000", &["2001:db8:aa:10::14ff"], Some(b"laptop"))),
            Ok(lease("02:00:00:00:00:11", &["2001:db8:aa:10::14ff"], Some(b"laptop"))),
            Ok(lease("02:00:00:00:00:51", &["192.168.8.151"], Some(b"living room"))),
            Ok(lease("02:00:00:00:00:52", &["192.168.8.152"], None)),
            Err(LineError::not_understood(5)),
            Ok(lease("00020000ab1122", &[], Some(b"a\nb\\x2\\xgg\\A\0"))),
        ];
        assert_eq!(parse(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_odhcpd_wrote_until_2025() {
        let text =
            b"# br-lan 000100013293498502000000 11 laptop 1795205714 14ff 128 2001:db8:aa:10::14ff/128 \
            fd3c:1111:2222::14ff/128\n\
            2001:db8:aa:10::14ff\tlaptop.lan\tlaptop\n\
            fd3c:1111:2222::14ff\tlaptop.lan\tlaptop\n\
            # br-lan 0003000102000000003 22 - 1795205999 2 62 2001:db8:aa:20::/62\n\
            # br-lan 00030001020000000033 22 - 1795205999 2 62 2001:db8:aa:20::/62\n\
            # br-lan 020000000051 ipv4 broken\\x20bad_name 1795241374 c0a80897 32 192.168.8.151/32\n";
        let expected = [
            Ok(lease(
                "000100013293498502000000",
                &["2001:db8:aa:10::14ff", "fd3c:1111:2222::14ff"],
                Some(b"laptop"),
            )),
            Err(LineError::not_understood(4)),
            Ok(lease("02:00:00:00:00:33", &[], None)),
            Ok(lease("02:00:00:00:00:51", &["192.168.8.151"], None)),
        ];
        assert_eq!(parse(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_hostile_name_gives_no_address_and_no_name() {
        let text = b"# br-lan 020000000051 ipv4 broken\\x20x 1 2 128 10.0.0.1/32 tv 1795241374 c0a80897 32 192.168.8.151/32\n\
            # br-lan 020000000051 ipv4 two words 1795241374 c0a80897 32 192.168.8.151/32\n\
            # br-lan 020000000051 ipv4 broken\\x20cut\n\
            # br-lan 0003000102000000ff33 9 broken\\x20\xff\0 1795205999 2 128 2001:db8::5/128";
        let expected = [
            Ok(lease("02:00:00:00:00:51", &["192.168.8.151"], None)),
            Err(LineError::not_understood(2)),
            Err(LineError::not_understood(3)),
            Ok(lease("02:00:00:00:ff:33", &["2001:db8::5"], None)),
        ];
        assert_eq!(parse(text).collect::<Vec<_>>(), expected);
        let long = format!("# br-lan 020000000051 ipv4 {} 1 2 32 192.168.8.1/32", "x".repeat(10_000));
        let found = parse(long.as_bytes()).next().unwrap().unwrap();
        assert_eq!(found.name.map(|name| name.len()), Some(10_000));
    }

    #[test]
    fn what_is_no_lease() {
        for bad in [
            "#",
            "# br-lan",
            "nonsense",
            "# br-lan 020000000051 ipv4 tv 1 2 32.5 192.168.8.1/32",
            "# br-lan 020000000051 ipv4 1 2 32 192.168.8.1/32",
            "# br-lan 0200000000 ipv4 tv 1 2 32 192.168.8.1/32",
            "# br-lan 020000000051 xyz tv 1 2 32 192.168.8.1/32",
            "# br-lan 020000000051 ipv4 tv soon 2 32 192.168.8.1/32",
            "# br-lan 020000000051 ipv4 tv 1 2 32 192.168.8.1/",
            "# 192.168.8.1/32 192.168.8.1/32",
        ] {
            assert_eq!(
                parse(bad.as_bytes()).collect::<Vec<_>>(),
                [Err(LineError::not_understood(1))],
                "{bad}"
            );
        }
    }

    fn escaped(name: &[u8]) -> String {
        let escape = |byte: &u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(*byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        };
        name.iter().map(escape).collect()
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "(# br-lan |0200000000|ipv4 |[0-9a-f/:. \\\\xn\n]){0,40}") {
            for text in [text.as_slice(), likely.as_bytes()] {
                prop_assert!(parse(text).count() <= numbered(text).count());
            }
        }

        #[test]
        fn a_lease_is_read_again(mac: [u8; 6], v4: [u8; 4], v6: [u8; 16], name: Vec<u8>, iaid: u32, until: i64) {
            let (mac, v4, v6) = (Mac(mac), IpAddr::from(v4), IpAddr::from(v6));
            let shown = if name.is_empty() { "-".into() } else { escaped(&name) };
            let bare = mac.to_string().replace(':', "");
            let text = format!(
                "# br-lan {mac} ipv4 {shown} {until} {iaid:x} 32 {v4}/32\n\
                # br-lan 00030001{bare} {iaid:x} {shown} {until} {iaid:x} 128 {v6}/128 {v6}/64 {v6}/128",
            );
            let name = (!name.is_empty() && name != b"-").then_some(&name[..]);
            let expected = [
                Ok(lease(&mac.to_string(), &[&v4.to_string()], name)),
                Ok(lease(&mac.to_string(), &[&v6.to_string(), &v6.to_string()], name)),
            ];
            prop_assert_eq!(parse(text.as_bytes()).collect::<Vec<_>>(), expected);
        }
    }
}
