//! Files written anew from what the program understands of them.
//!
//! What is not understood is left out: it may be anything, and so may comments and settings of other programs. Only
//! lines of the table are kept word by word, for a bug may hang on any of them.

mod sockets;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::rc::Rc;

use super::anonymise::Anonymiser;
use super::file_kind::FileKind;
use ipnet::IpNet;

use crate::conntrack::procfs::print::Address;
use crate::destinations::format as networks_format;
use crate::destinations::networks::{Networks, safe_name};
use crate::devices::DeviceId;
use crate::devices::device_type::DeviceType;
use crate::devices::formats::hosts::{self, Is, ShortNames};
use crate::devices::formats::{dnsmasq, gl_client, lines, odhcpd, registry, static_hosts};
use crate::devices::neighbours::Neighbour;
use crate::lan::interfaces::Interface;
use crate::services::ServiceTable;
use crate::services::format as services_format;

pub(super) use sockets::sockets;

/// A file written anew.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) text: Vec<u8>,
    /// How many records were not understood.
    pub(super) left_out: usize,
}

/// Keys of the table whose values are numbers.
const NUMBERS: [&[u8]; 17] = [
    b"sport",
    b"dport",
    b"type",
    b"code",
    b"id",
    b"srckey",
    b"dstkey",
    b"packets",
    b"bytes",
    b"mark",
    b"zone",
    b"zone-orig",
    b"zone-reply",
    b"use",
    b"timeout",
    b"stream_timeout",
    b"delta-time",
];
/// Names of protocols as the kernel prints them (`l3proto_name()` and `l4proto_name()` of its
/// `nf_conntrack_standalone.c`).
const PROTOCOLS: [&[u8]; 11] =
    [b"ipv4", b"ipv6", b"tcp", b"udp", b"icmp", b"icmpv6", b"unknown", b"gre", b"sctp", b"dccp", b"udplite"];

/// Writes `text` anew, anonymised.
pub(super) fn rewrite(kind: FileKind, text: &[u8], anonymiser: &mut Anonymiser) -> Rewritten {
    let mut new = Rewritten::default();
    match kind {
        FileKind::Dnsmasq => new.each(dnsmasq::parse(text), |lease| dnsmasq_lease(lease, anonymiser)),
        FileKind::Odhcpd => new.each(odhcpd::parse(text), |lease| odhcpd_lease(lease, anonymiser)),
        FileKind::Registry => new.each(registry::parse(text), |entry| registry_entry(&entry, anonymiser)),
        FileKind::Services => services(text, &mut new),
        FileKind::Networks => networks(text, anonymiser, &mut new),
        FileKind::Ethers => ethers(text, anonymiser, &mut new),
        FileKind::Hosts => hosts(text, anonymiser, &mut new),
        FileKind::GlClient => {
            let (aliases, errors) = gl_client::parse(text);
            new.left_out = errors.len();
            for alias in &aliases {
                new.line(b"config client");
                new.option(b"option", "mac", anonymiser.mac(alias.mac).to_string().as_bytes());
                if let Some(name) = &alias.alias {
                    new.option(b"option", "alias", &anonymiser.name(name));
                }
                if let Some(class) = alias.class {
                    new.option(b"option", "class", class.name().as_bytes());
                }
            }
        }
        FileKind::StaticHosts => {
            let (hosts, errors) = static_hosts::parse(text);
            new.left_out = errors.len();
            for host in &hosts {
                static_host(host, anonymiser, &mut new);
            }
        }
    }
    new
}

impl Rewritten {
    fn line(&mut self, line: &[u8]) {
        self.text.extend(line);
        self.text.push(b'\n');
    }

    fn each<T, E>(&mut self, found: impl Iterator<Item = Result<T, E>>, mut write: impl FnMut(T) -> Vec<u8>) {
        for record in found {
            match record {
                Ok(record) => self.line(&write(record)),
                Err(_) => self.left_out += 1,
            }
        }
    }

    /// An option of UCI. Within single quotes nothing has a meaning but the quote itself.
    fn option(&mut self, verb: &[u8], key: &str, value: &[u8]) {
        let quoted: Vec<u8> = value
            .iter()
            .flat_map(|byte| if *byte == b'\'' { br"'\''" } else { std::slice::from_ref(byte) })
            .copied()
            .collect();
        self.line(&[b"\t", verb, b" ", key.as_bytes(), b" '", &quoted, b"'"].concat());
    }
}

fn joined(fields: &[&[u8]], between: u8) -> Vec<u8> {
    fields.join(&between)
}

/// Expiry and client id are not evaluated, so they are nobody's.
fn dnsmasq_lease(lease: dnsmasq::Lease<'_>, anonymiser: &mut Anonymiser) -> Vec<u8> {
    let address = anonymiser.address(lease.address);
    let name = lease.name.map_or_else(|| b"*".to_vec(), |name| anonymiser.name(name));
    let (identity, client) = match anonymiser.device(lease.holder) {
        DeviceId::Mac(mac) if address.is_ipv4() => (mac.to_string(), "*".to_owned()),
        DeviceId::Mac(mac) => ("1".to_owned(), format!("00:03:00:01:{mac}")),
        DeviceId::Duid(duid) => ("1".to_owned(), duid.to_string()),
    };
    let address = address.to_string();
    joined(&[b"0", identity.as_bytes(), address.as_bytes(), &name, client.as_bytes()], b' ')
}

fn odhcpd_lease(lease: odhcpd::Lease<'_>, anonymiser: &mut Anonymiser) -> Vec<u8> {
    let v4 = lease.addresses.iter().any(IpAddr::is_ipv4);
    let bare = |text: String| text.replace(':', "");
    let identity = match anonymiser.device(lease.holder) {
        DeviceId::Mac(mac) if v4 => format!("{} ipv4", bare(mac.to_string())),
        DeviceId::Mac(mac) => format!("00030001{} 1", bare(mac.to_string())),
        DeviceId::Duid(duid) => format!("{} 1", bare(duid.to_string())),
    };
    let name = lease.name.map_or_else(|| "-".to_owned(), |name| escaped(&anonymiser.name(&name)));
    let length = if v4 { 32 } else { 128 };
    let mut line = format!("# {} {identity} {name} 0 0 {length}", lease.interface);
    for address in lease.addresses {
        // Writing to a String can't fail.
        let _ = write!(line, " {}/{length}", anonymiser.address(address));
    }
    line.into_bytes()
}

/// As odhcpd's `statefiles_escape_hostname()` does it.
fn escaped(name: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let escape = |byte: &u8| {
        if plain(*byte) { char::from(*byte).to_string() } else { format!("\\x{byte:02x}") }
    };
    name.iter().map(escape).collect()
}

fn registry_entry(entry: &registry::Entry<'_>, anonymiser: &mut Anonymiser) -> Vec<u8> {
    let mac = entry.mac.map(|mac| anonymiser.mac(mac).to_string()).unwrap_or_default();
    let address = entry.address.map(|address| anonymiser.address(address).to_string()).unwrap_or_default();
    let device_type = entry.device_type.map(DeviceType::name).unwrap_or_default();
    let name = anonymiser.name(entry.name);
    joined(&[mac.as_bytes(), address.as_bytes(), &name, device_type.as_bytes()], b'|')
}

/// Labels of services. Those of the built-in table are everybody's, the others the owner's words; they are numbered here, for
/// what stands for a name may be longer than a label may be.
fn services(text: &[u8], new: &mut Rewritten) {
    let built_in = ServiceTable::built_in();
    let mut numbers: HashMap<Rc<str>, usize> = HashMap::new();
    new.each(services_format::parse(text).map(|(_, found)| found), |entry| {
        if built_in.has_label(entry.label.as_str()) {
            return entry.to_string().into_bytes();
        }
        let next = numbers.len() + 1;
        let number = *numbers.entry(entry.label.shared()).or_insert(next);
        entry.line(&format!("service-{number}")).into_bytes()
    });
}

/// The owner's list of networks, with numbers for names. Prefixes in which addresses stay together are replaced as addresses
/// are. Of others it is the hosts that have been met that are named, each by itself: nothing else of them is in a copy.
fn networks(text: &[u8], anonymiser: &mut Anonymiser, new: &mut Rewritten) {
    let networks = Networks::with_owners(text).0;
    let mut numbers: HashMap<Rc<str>, usize> = HashMap::new();
    let mut number = |name: Rc<str>| {
        let next = numbers.len() + 1;
        *numbers.entry(name).or_insert(next)
    };
    let mark = |is_update: bool| if is_update { " update" } else { "" };
    for (_, found) in networks_format::parse(text) {
        let Ok(entry) = found else {
            new.left_out += 1;
            continue;
        };
        let Some(name) = safe_name(entry.name.as_str().as_bytes()) else { continue };
        let number = number(name);
        if anonymiser.keeps_together(&entry.prefix) {
            let prefix = anonymiser.net(entry.prefix).trunc();
            new.line(format!("{prefix} network-{number}{}", mark(entry.is_update)).as_bytes());
        }
    }
    for (address, replacement) in anonymiser.strangers() {
        if let Some(network) = networks.find(address) {
            let number = number(network.name);
            new.line(format!("{replacement} network-{number}{}", mark(network.is_update)).as_bytes());
        }
    }
}

/// `/etc/hosts`. What a name is shortened to depends on the others, and what replaces it is not shortened any more.
fn hosts(text: &[u8], anonymiser: &mut Anonymiser, new: &mut Rewritten) {
    let short = ShortNames::new(hosts::parse_hosts(text).flatten().map(|host| host.name));
    new.each(hosts::parse_hosts(text), |host| {
        let address = anonymiser.address(host.address).to_string();
        joined(&[address.as_bytes(), &anonymiser.name(short.short(host.name))], b' ')
    });
}

/// `/etc/ethers`; names as in [`hosts()`].
fn ethers(text: &[u8], anonymiser: &mut Anonymiser, new: &mut Rewritten) {
    let named = hosts::parse_ethers(text).flatten().filter_map(|ether| match ether.is {
        Is::Named(name) => Some(name),
        Is::At(_) => None,
    });
    let short = ShortNames::new(named);
    new.each(hosts::parse_ethers(text), |ether| {
        let mac = anonymiser.mac(ether.mac);
        let is = match ether.is {
            Is::Named(name) => anonymiser.name(short.short(name)),
            Is::At(address) => anonymiser.address(address).to_string().into_bytes(),
        };
        joined(&[mac.to_string().as_bytes(), &is], b' ')
    });
}

fn static_host(host: &static_hosts::StaticHost, anonymiser: &mut Anonymiser, new: &mut Rewritten) {
    new.line(b"config host");
    new.option(b"option", "name", &anonymiser.name(&host.name));
    for mac in &host.macs {
        new.option(b"list", "mac", anonymiser.mac(*mac).to_string().as_bytes());
    }
    for address in &host.addresses {
        new.option(b"list", "ip", anonymiser.address(*address).to_string().as_bytes());
    }
    for duid in &host.duids {
        new.option(b"list", "duid", anonymiser.duid(duid).to_string().replace(':', "").as_bytes());
    }
}

/// One line of the table, with or without its newline: every word in its place, but those that nobody knows.
pub(crate) fn table_line(line: &[u8], anonymiser: &mut Anonymiser, new: &mut Vec<u8>) {
    let (line, end) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |line| (line, &b"\n"[..]));
    for (index, word) in line.split(|byte| *byte == b' ').enumerate() {
        if index > 0 {
            new.push(b' ');
        }
        if !word.is_empty() {
            table_word(word, anonymiser, new);
        }
    }
    new.extend(end);
}

fn table_word(word: &[u8], anonymiser: &mut Anonymiser, new: &mut Vec<u8>) {
    let split =
        word.iter().position(|byte| *byte == b'=').and_then(|equals| word.split_at_checked(equals + 1));
    let Some((key, value)) = split else {
        let plain = is_number(word) || is_flag(word) || PROTOCOLS.contains(&word);
        return new.extend(if plain { word } else { b"?" });
    };
    let bare = key.strip_suffix(b"=").unwrap_or(key);
    let number = NUMBERS.contains(&bare);
    let address = matches!(bare, b"src" | b"dst");
    if !number && !address {
        return new.push(b'?');
    }
    new.extend(key);
    match lines::address(value).filter(|_| address) {
        Some(found) => new.extend(Address(anonymiser.address(found)).to_string().bytes()),
        None if number && is_number(value) => new.extend(value),
        None => new.push(b'?'),
    }
}

fn is_number(word: &[u8]) -> bool {
    let digits = word.strip_suffix(b",").unwrap_or(word);
    match digits.strip_prefix(b"0x") {
        Some(digits) => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
        None => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
    }
}

/// `ESTABLISHED`, `SYN_SENT2`, `[ASSURED]`.
fn is_flag(word: &[u8]) -> bool {
    let inner = word.strip_prefix(b"[").and_then(|word| word.strip_suffix(b"]")).unwrap_or(word);
    let known = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    inner.first().is_some_and(u8::is_ascii_uppercase) && inner.iter().all(known)
}

/// Interfaces as `ip address` prints them.
pub(super) fn interfaces(found: &[Interface]) -> String {
    let mut text = String::new();
    for (Interface { name, link_layer, addresses, broadcast }, number) in found.iter().zip(1..) {
        let of = |net: &IpNet| broadcast.is_some_and(|address| net.contains(&IpAddr::V4(address)));
        let first = || addresses.iter().position(|net| net.addr().is_ipv4());
        let place = addresses.iter().position(of).or_else(first);
        let link = if *link_layer { "ether" } else { "none" };
        // Writing to a String can't fail.
        let _ = writeln!(text, "{number}: {name}: <>\n    link/{link}");
        for (index, net) in addresses.iter().enumerate() {
            let family = if net.addr().is_ipv4() { "inet" } else { "inet6" };
            let brd = broadcast.filter(|_| place == Some(index)).map(|address| format!(" brd {address}"));
            let _ = writeln!(text, "    {family} {net}{}", brd.unwrap_or_default());
        }
    }
    text
}

/// Default routes through these interfaces, as `/proc/net/route` shows them.
pub(super) fn ipv4_routes(interfaces: &BTreeSet<String>) -> String {
    let heading =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n".to_owned();
    let line = |name: &String| format!("{name}\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n");
    heading + &interfaces.iter().map(line).collect::<String>()
}

/// Default routes through these interfaces, as `/proc/net/ipv6_route` shows them.
pub(super) fn ipv6_routes(interfaces: &BTreeSet<String>) -> String {
    let none = format!("{:032} 00", 0);
    let line =
        |name: &String| format!("{none} {none} {:032} 00000400 00000001 00000000 00000001 {name:>8}\n", 0);
    interfaces.iter().map(line).collect()
}

/// Neighbours as `ip neigh` prints them.
pub(super) fn neighbours(found: &[Neighbour]) -> String {
    let line = |Neighbour { address, interface, mac, reachable }: &Neighbour| {
        let state = if *reachable { "REACHABLE" } else { "STALE" };
        format!("{address} dev {interface} lladdr {mac} {state}\n")
    };
    found.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
