//! A line of the table, understood word by word with what the standard library has: slow, and plain enough to be
//! believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use conntrack_exporter::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This.
    Flow(Flow),
    /// Nothing that could be counted.
    Unreadable,
    /// It is laid out as the kernel never does, and may be taken either way.
    Either,
}

/// The flags, as the kernel prints them.
const FLAGS: [(&str, Flags); 4] = [
    ("[ASSURED]", Flags::ASSURED),
    ("[UNREPLIED]", Flags::UNREPLIED),
    ("[OFFLOAD]", Flags::OFFLOAD),
    ("[HW_OFFLOAD]", Flags::HW_OFFLOAD),
];

/// Understands one line, given without its newline.
pub fn parse(line: &[u8]) -> Verdict {
    let Ok((header, rest)) = header(line) else { return Verdict::Either };
    let words: Vec<&[u8]> = rest.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    // Nothing says where a flag ends if not a space.
    let is_flag_and_more = |word: &[u8]| {
        FLAGS.iter().any(|(flag, _)| word.len() > flag.len() && word.starts_with(flag.as_bytes()))
    };
    if words.iter().any(|word| is_flag_and_more(word)) {
        return Verdict::Either;
    }
    header.and_then(|header| flow(&header, &words)).map_or(Verdict::Unreadable, Verdict::Flow)
}

struct Header {
    v6: bool,
    protocol: Protocol,
}

/// The line does not begin with names in columns of eight characters.
struct NotInColumns;

/// Reads `ipv4     2 tcp      6 `: two names padded with spaces, each with its number.
fn header(line: &[u8]) -> Result<(Option<Header>, &[u8]), NotInColumns> {
    let (family, rest) = named_number(line)?;
    let v6 = match family {
        Some(2) => false,
        Some(10) => true,
        _ => return Ok((None, rest)),
    };
    let (protocol, rest) = named_number(rest)?;
    let protocol = protocol.and_then(|number| u8::try_from(number).ok()).map(Protocol);
    Ok((protocol.map(|protocol| Header { v6, protocol }), rest))
}

/// A name that may be padded, a number, and what comes behind the space after it.
fn named_number(text: &[u8]) -> Result<(Option<u64>, &[u8]), NotInColumns> {
    let name = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let padded = text.get(7..9) == Some(b"  ".as_slice());
    let within = text.get(name..7).unwrap_or_default();
    if name == 0 || padded && within.iter().any(|byte| *byte != b' ') {
        return Err(NotInColumns);
    }
    let rest = without_spaces(&text[name..]);
    let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
    Ok((number(&rest[..end]), rest.get(end + 1..).unwrap_or_default()))
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    &text[spaces..]
}

fn flow(header: &Header, words: &[&[u8]]) -> Option<Flow> {
    let starts: Vec<usize> = (0..words.len()).filter(|place| words[*place].starts_with(b"src=")).collect();
    let [original, reply] = starts[..] else { return None };
    let (timeout, shown) = before(header.protocol, &words[..original])?;
    let mut extras = Extras::default();
    let original = tuple(header, &words[original..reply], &mut extras)?;
    let reply = tuple(header, &words[reply..], &mut extras)?;
    Some(Flow {
        protocol: header.protocol,
        state: State::of(header.protocol, shown, extras.flags),
        flags: extras.flags,
        timeout,
        mark: extras.mark,
        zone: extras.zone,
        original,
        reply,
    })
}

/// The timeout is the first word that begins with a digit; of TCP's other words the first must be a state, unless
/// they are `key=value`.
fn before(protocol: Protocol, words: &[&[u8]]) -> Option<(Option<u32>, Option<State>)> {
    let (mut timeout, mut shown) = (None, None);
    for word in words {
        if timeout.is_none() && word[0].is_ascii_digit() {
            timeout = Some(u32::try_from(number::<u64>(word)?).unwrap_or(u32::MAX));
        } else if protocol == Protocol::TCP && shown.is_none() {
            shown = State::from_tcp_name(word);
            if shown.is_none() && !word.contains(&b'=') {
                return None;
            }
        }
    }
    Some((timeout, shown))
}

#[derive(Default)]
struct Extras {
    flags: Flags,
    mark: u32,
    zone: u16,
}

/// Of a key that comes twice the last counts.
fn tuple(header: &Header, words: &[&[u8]], extras: &mut Extras) -> Option<Tuple> {
    let (mut source, mut destination, mut ports) = (None, None, (0, 0));
    let (mut packets, mut bytes) = (None, None);
    for word in words {
        if let Some((_, flag)) = FLAGS.iter().find(|(name, _)| name.as_bytes() == *word) {
            extras.flags.insert(*flag);
        }
        let Some(equals) = word.iter().position(|byte| *byte == b'=') else { continue };
        let value = &word[equals + 1..];
        match &word[..equals] {
            b"src" => source = Some(address(header.v6, value)?),
            b"dst" => destination = Some(address(header.v6, value)?),
            b"sport" | b"id" => ports.0 = number(value)?,
            b"dport" => ports.1 = number(value)?,
            b"srckey" if value.starts_with(b"0x") => ports.0 = hexadecimal(&value[2..])?,
            b"dstkey" if value.starts_with(b"0x") => ports.1 = hexadecimal(&value[2..])?,
            b"type" => ports.1 |= u16::from(number::<u8>(value)?) << 8,
            b"code" => ports.1 |= u16::from(number::<u8>(value)?),
            b"packets" => packets = Some(number(value)?),
            b"bytes" => bytes = Some(number(value)?),
            b"mark" => extras.mark = number(value)?,
            b"zone" => extras.zone = number(value)?,
            _ => {}
        }
    }
    Some(Tuple {
        source: Endpoint { address: source?, port: ports.0 },
        destination: Endpoint { address: destination?, port: ports.1 },
        counters: packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes }),
    })
}

/// The standard library takes a sign as well, the kernel prints none.
fn number<T: FromStr>(text: &[u8]) -> Option<T> {
    let digits = text.iter().all(u8::is_ascii_digit).then_some(text)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn hexadecimal(text: &[u8]) -> Option<u16> {
    let digits = text.iter().all(u8::is_ascii_hexdigit).then_some(text)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Unlike the standard library, the program takes zeros before a number in an IPv4 address.
fn address(v6: bool, text: &[u8]) -> Option<IpAddr> {
    if v6 {
        return Ipv6Addr::from_str(std::str::from_utf8(text).ok()?).ok().map(IpAddr::V6);
    }
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    let octets = parts.iter().map(|part| if part.len() <= 3 { number(part) } else { None });
    let octets: [u8; 4] = octets.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
    Some(IpAddr::V4(Ipv4Addr::from(octets)))
}
