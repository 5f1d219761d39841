//! The flowtables of `nf_tables`, which forward connections past the table: whether they count what they forward.
//!
//! The kernel itself is asked (`nf_tables_dump_flowtable()`), by the one capability that this program may hold: nft(8),
//! started by it, would have none. And nft's JSON leaves out the flags of a flowtable (`flowtable_print_json()`).

use std::io;

use netlink_packet_core::NlasIterator;
use nix::libc;
use nix::sys::socket::SockProtocol;

use crate::netlink::Dump;

/// How many are taken in at most.
pub const FLOWTABLES_AT_MOST: usize = 256;

/// `NFNL_SUBSYS_NFTABLES` of `linux/netfilter/nfnetlink.h`, as message types have it.
const NFTABLES: u16 = 10 << 8;
/// `NFT_MSG_NEWFLOWTABLE` of `linux/netfilter/nf_tables.h`: a flowtable of a dump.
const FLOWTABLE: u16 = NFTABLES + 22;
/// `NFT_MSG_GETFLOWTABLE`.
const GET: u16 = NFTABLES + 23;
/// `struct nfgenmsg` with `AF_UNSPEC`: every family.
const ANY_FAMILY: [u8; 4] = [0; 4];

const NFTA_FLOWTABLE_TABLE: u16 = 1;
const NFTA_FLOWTABLE_NAME: u16 = 2;
const NFTA_FLOWTABLE_USE: u16 = 4;
const NFTA_FLOWTABLE_FLAGS: u16 = 7;

const NFT_FLOWTABLE_HW_OFFLOAD: u32 = 1;
const NFT_FLOWTABLE_COUNTER: u32 = 2;

/// A flowtable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flowtable {
    /// Family, table and name, as nft names it: `inet fw4 ft`. Nothing in it but what can be printed.
    pub name: String,
    /// Whether a rule hands connections to it.
    pub is_used: bool,
    /// Whether packets and bytes that it forwards are added to their connections' (`counter`, from Linux 5.7 on).
    pub counts: bool,
    /// Whether it hands connections on to hardware that can forward them (`flags offload`).
    pub uses_hardware: bool,
}

/// Asks the kernel for its flowtables, at most [`FLOWTABLES_AT_MOST`]; one that has no `nf_tables` has none. It refuses
/// whoever lacks `CAP_NET_ADMIN` (`EPERM`).
pub fn read() -> io::Result<Vec<Flowtable>> {
    // A dump is not of one moment if a ruleset is loaded meanwhile; the second is good or a reason to give up.
    match dump().or_else(|_| dump()) {
        Err(error) if is_unknown_to_the_kernel(&error) => Ok(Vec::new()),
        found => found,
    }
}

fn dump() -> io::Result<Vec<Flowtable>> {
    let mut dump = Dump::request(SockProtocol::NetlinkNetFilter, GET, &ANY_FAMILY)?;
    let mut found = Vec::new();
    while found.len() < FLOWTABLES_AT_MOST
        && dump.step(&mut |kind, payload| take(&mut found, kind, payload))?
    {}
    let understood: Option<Vec<_>> = found.into_iter().collect();
    understood.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Takes in one message of the dump.
fn take(found: &mut Vec<Option<Flowtable>>, kind: u16, payload: &[u8]) {
    if kind == FLOWTABLE && found.len() < FLOWTABLES_AT_MOST {
        found.push(parse(payload));
    }
}

/// Without its module `nf_tables` is unknown to nfnetlink, and before Linux 4.16 flowtables are to `nf_tables`
/// (`nfnetlink_rcv_msg()`, `EINVAL`); without its own module nfnetlink is unknown to the kernel.
fn is_unknown_to_the_kernel(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT))
}

/// Understands the payload of a message: `struct nfgenmsg` and attributes; `None` for one that is broken.
pub fn parse(payload: &[u8]) -> Option<Flowtable> {
    let ([family, ..], attributes) = payload.split_first_chunk::<4>()?;
    // Before Linux 5.5 there are no flags, and nothing is counted.
    let (mut table, mut name, mut uses, mut flags) = (None, None, None, 0);
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute.ok()?;
        match (attribute.kind(), attribute.value()) {
            (NFTA_FLOWTABLE_TABLE, value) => table = Some(printable(value)),
            (NFTA_FLOWTABLE_NAME, value) => name = Some(printable(value)),
            (NFTA_FLOWTABLE_USE, value) => uses = Some(number(value)?),
            (NFTA_FLOWTABLE_FLAGS, value) => flags = number(value)?,
            _ => {}
        }
    }
    Some(Flowtable {
        name: format!("{} {} {}", family_name(*family), table?, name?),
        is_used: uses != Some(0),
        counts: flags & NFT_FLOWTABLE_COUNTER != 0,
        uses_hardware: flags & NFT_FLOWTABLE_HW_OFFLOAD != 0,
    })
}

/// As nft calls it: `NFPROTO_INET` and others of `linux/netfilter.h`.
fn family_name(number: u8) -> String {
    match number {
        1 => "inet".to_owned(),
        2 => "ip".to_owned(),
        10 => "ip6".to_owned(),
        other => other.to_string(),
    }
}

/// A name up to its NUL. The kernel takes any bytes for one.
fn printable(value: &[u8]) -> String {
    let name = value.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).escape_debug().to_string()
}

fn number(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::test_message::attribute;
    use proptest::prelude::*;

    /// As `nf_tables_fill_flowtable_info()` writes it, in its order.
    fn message(family: u8, table: &[u8], name: &[u8], uses: u32, flags: u32) -> Vec<u8> {
        let hook = [attribute(1, &[0; 4]), attribute(2, &[0; 4]), attribute(3 | 1 << 15, b"")].concat();
        [
            vec![family, 0, 0, 1],
            attribute(NFTA_FLOWTABLE_TABLE, &[table, b"\0"].concat()),
            attribute(NFTA_FLOWTABLE_NAME, &[name, b"\0"].concat()),
            attribute(5, &7u64.to_be_bytes()),
            attribute(NFTA_FLOWTABLE_USE, &uses.to_be_bytes()),
            attribute(NFTA_FLOWTABLE_FLAGS, &flags.to_be_bytes()),
            attribute(3 | 1 << 15, &hook),
        ]
        .concat()
    }

    fn flowtable(name: &str, is_used: bool, counts: bool, uses_hardware: bool) -> Flowtable {
        Flowtable { name: name.to_owned(), is_used, counts, uses_hardware }
    }

    #[test]
    fn flags_and_uses() {
        for (uses, flags, expected) in [
            (1, 0, flowtable("inet fw4 ft", true, false, false)),
            (2, 1, flowtable("inet fw4 ft", true, false, true)),
            (1, 2, flowtable("inet fw4 ft", true, true, false)),
            (0, 3, flowtable("inet fw4 ft", false, true, true)),
            (0, 4, flowtable("inet fw4 ft", false, false, false)),
        ] {
            assert_eq!(parse(&message(1, b"fw4", b"ft", uses, flags)), Some(expected), "{uses} {flags}");
        }
    }

    #[test]
    fn before_linux_5_5_there_are_no_flags() {
        let whole = message(2, b"filter", b"f", 1, 2);
        let [header, attributes] = [&whole[..4], &whole[4..]];
        let without: Vec<u8> = NlasIterator::new(attributes)
            .map(Result::unwrap)
            .filter(|attribute| attribute.kind() != NFTA_FLOWTABLE_FLAGS)
            .flat_map(|attribute| self::attribute(attribute.kind(), attribute.value()))
            .collect();
        assert_eq!(parse(&[header, &without].concat()), Some(flowtable("ip filter f", true, false, false)));
    }

    #[test]
    fn names_can_be_printed() {
        for (family, table, name, expected) in [
            (10, &b"t"[..], &b"f"[..], "ip6 t f"),
            (1, b"a\nb", b"\xff\x1b[2J", "inet a\\nb \u{fffd}\\u{1b}[2J"),
            (7, b"", b"f\0g", "7  f"),
        ] {
            let found = parse(&message(family, table, name, 1, 2));
            assert_eq!(found, Some(flowtable(expected, true, true, false)), "{expected}");
        }
    }

    #[test]
    fn a_message_that_is_cut_is_never_taken_for_another() {
        let whole = message(1, b"fw4", b"ft", 1, 2);
        for length in 0..whole.len() {
            let found = parse(&whole[..length]);
            assert!(found.is_none_or(|found| found.name == "inet fw4 ft" && found.is_used), "{length}");
        }
        assert_eq!(parse(&attribute(NFTA_FLOWTABLE_TABLE, b"t\0")), None);
    }

    #[test]
    fn flowtables_and_nothing_else_and_not_too_many() {
        let (mut found, whole) = (Vec::new(), message(1, b"fw4", b"ft", 1, 2));
        take(&mut found, NFTABLES, &whole);
        assert_eq!(found, []);
        take(&mut found, FLOWTABLE, b"nonsense");
        assert_eq!(found, [None]);
        for _ in 0..FLOWTABLES_AT_MOST {
            take(&mut found, FLOWTABLE, &whole);
        }
        assert_eq!(found.len(), FLOWTABLES_AT_MOST);
    }

    #[test]
    fn a_kernel_without_nf_tables_has_none() {
        for (errno, expected) in [
            (libc::EINVAL, true),
            (libc::EPROTONOSUPPORT, true),
            (libc::EPERM, false),
            (libc::ENOBUFS, false),
        ] {
            assert_eq!(is_unknown_to_the_kernel(&io::Error::from_raw_os_error(errno)), expected, "{errno}");
        }
        assert!(!is_unknown_to_the_kernel(&io::ErrorKind::InvalidData.into()));
    }

    proptest! {
        #[test]
        fn never_panics(payload: Vec<u8>) {
            let _ = parse(&payload);
        }

        #[test]
        fn changed_messages_give_what_can_be_printed(at in 0..100usize, byte: u8, length in 0..=100usize) {
            let mut payload = message(1, b"fw4", b"ft", 1, 2);
            if let Some(old) = payload.get_mut(at) {
                *old = byte;
            }
            payload.truncate(length);
            let found = parse(&payload);
            prop_assert!(found.is_none_or(|found| !found.name.contains(char::is_control)));
        }

        #[test]
        fn what_the_kernel_writes_is_read_again(
            table in "[a-z0-9_]{1,16}", name in "[a-z0-9_]{1,16}", uses: u32, flags in 0..4u32
        ) {
            let found = parse(&message(1, table.as_bytes(), name.as_bytes(), uses, flags));
            let expected = flowtable(&format!("inet {table} {name}"), uses > 0, flags & 2 != 0, flags & 1 != 0);
            prop_assert_eq!(found, Some(expected));
        }
    }
}
