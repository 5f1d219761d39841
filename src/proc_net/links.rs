//! What each network interface is like: `/sys/class/net`.
//!
//! What the kernel refuses to tell is absent: of an interface that is down it tells neither speed nor carrier
//! (`speed_show()`, `carrier_show()`). Which interfaces are there is told by `/proc/net/dev`, for that is of the network
//! namespace of whoever reads it. `/sys` is of the one that mounted it. So live the number of each interface is compared
//! with the kernel's own answer: where they differ, nothing of `/sys` is believed.

use std::io;
use std::rc::Rc;
use std::str::FromStr;

use nix::libc::{IFF_LOOPBACK, IFF_UP, IFNAMSIZ};
use nix::net::if_::if_nametoindex;

use super::ProcNetError;
use super::dev::INTERFACES_AT_MOST;
use crate::files::FIGURE_AT_MOST;
use crate::root::Root;

/// Where the interfaces are.
pub const SYS_CLASS_NET: &str = "/sys/class/net";

/// The files of an interface that are read, below its directory.
pub const FIGURES: [&str; 8] =
    ["flags", "operstate", "carrier", "speed", "duplex", "mtu", "carrier_changes", "ifindex"];
/// Files of which no more is asked than whether they are there: of an interface that is hardware, of one whose traffic
/// passes once more through the ports of a switch (`dsa_conduit_setup()`), and of a bridge.
pub const SIGNS: [&str; 3] = [DEVICE, CONDUIT, BRIDGE];

const DEVICE: &str = "device/uevent";
const CONDUIT: &str = "dsa/tagging";
const BRIDGE: &str = "bridge/bridge_id";

/// What `operstate_show()` can print.
const STATES: [&str; 7] = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"];
/// What `duplex_show()` can print, but for `unknown`.
const DUPLEXES: [&str; 2] = ["half", "full"];

/// `SPEED_UNKNOWN` of drivers that have but 16 bits for it.
const UNKNOWN_IN_16_BITS: u32 = 0xffff;

/// One interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: Rc<str>,
    /// Its number. One that was made anew under its old name has another.
    pub index: Option<u32>,
    /// Whether it was switched on (`IFF_UP`).
    pub up: Option<bool>,
    /// Whether it is the loopback (`IFF_LOOPBACK`).
    pub loopback: bool,
    /// Whether something is at the other end.
    pub carrier: Option<bool>,
    /// Mbit/s, as the kernel says. What has no cable, such as a veth, claims 10,000.
    pub speed_mbps: Option<u32>,
    /// The largest packet, in bytes.
    pub mtu: Option<u32>,
    /// `full` or `half`.
    pub duplex: Option<Rc<str>>,
    /// The state by RFC 2863, such as `up` or `lowerlayerdown`.
    pub operstate: Option<Rc<str>>,
    /// How often the carrier came or went.
    pub carrier_changes: Option<u64>,
    /// Whether it is hardware (it has a `device`), and neither a bridge nor the conduit of a switch, whose ports are
    /// interfaces themselves. VLANs, tunnels, PPP and veths are none.
    pub physical: bool,
}

impl Link {
    /// Mbit/s, if the driver knows: some say 0 or 65,535 where they don't.
    pub fn known_speed(&self) -> Option<u32> {
        self.speed_mbps.filter(|speed| ![0, UNKNOWN_IN_16_BITS].contains(speed))
    }

    /// Mbit/s of a cable, of which a share can be in use.
    pub fn real_speed(&self) -> Option<u32> {
        self.known_speed().filter(|_| self.physical)
    }
}

/// Nothing is known of what interfaces are like.
#[derive(Debug, thiserror::Error)]
pub enum LinksError {
    /// They are not those of this process.
    #[error("{SYS_CLASS_NET} is not mounted, or shows the interfaces of another network namespace")]
    OtherNamespace,
    /// They can't be looked at.
    #[error(transparent)]
    Unreadable(#[from] ProcNetError),
}

/// Reads what the interfaces of these names are like, of the router below `root`. One that has gone meanwhile is left out.
pub fn read<'a>(root: &Root, names: impl IntoIterator<Item = &'a str>) -> Result<Vec<Link>, LinksError> {
    let kernels = |name: &str| if_nametoindex(name).ok();
    read_by(root, names, root.is_live().then_some(&kernels))
}

/// What number the kernel gives to an interface.
type Kernels<'a> = &'a dyn Fn(&str) -> Option<u32>;

/// The same, with the `kernels` word on the number of an interface, if it can be asked.
fn read_by<'a>(
    root: &Root,
    names: impl IntoIterator<Item = &'a str>,
    kernels: Option<Kernels<'_>>,
) -> Result<Vec<Link>, LinksError> {
    let mut links = Vec::new();
    for name in names.into_iter().filter(|name| is_name(name)).take(INTERFACES_AT_MOST) {
        if let Some(kernels) = kernels {
            let Some(index) = kernels(name) else { continue };
            if index_of(root, name)? != Some(index) {
                if kernels(name) == Some(index) {
                    return Err(LinksError::OtherNamespace);
                }
                // It was made anew or has gone meanwhile.
                continue;
            }
        }
        links.extend(one(root, name));
    }
    Ok(links)
}

/// The number that `/sys` has for the interface; `None` if it doesn't show one of this name.
fn index_of(root: &Root, name: &str) -> Result<Option<u32>, ProcNetError> {
    let path = path(name, "ifindex");
    match root.read(&path, FIGURE_AT_MOST) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ProcNetError { path: root.path(&path), source }),
    }
}

/// Whether the kernel could call an interface so (`dev_valid_name()`); of a replayed router it becomes a part of a path.
fn is_name(name: &str) -> bool {
    (1..IFNAMSIZ).contains(&name.len())
        && ![".", ".."].contains(&name)
        && !name.contains(|sign: char| sign == '/' || sign == '\0' || sign.is_ascii_whitespace())
}

fn path(name: &str, file: &str) -> String {
    format!("{SYS_CLASS_NET}/{name}/{file}")
}

/// What one is like; `None` if nothing is known of it.
fn one(root: &Root, name: &str) -> Option<Link> {
    // Whatever the kernel answers instead of a figure, the figure is absent.
    let text = |file| root.read(path(name, file), FIGURE_AT_MOST).ok();
    let is_there = |file| root.metadata(path(name, file)).is_ok();
    let flags = text("flags").and_then(|text| flags(&text));
    let has = |flag: i32| flags.map(|flags| flags & flag.unsigned_abs() != 0);
    let nothing = Link { name: name.into(), ..Link::default() };
    let link = Link {
        index: text("ifindex").and_then(|text| parse(&text)),
        up: has(IFF_UP),
        loopback: has(IFF_LOOPBACK).unwrap_or_default(),
        carrier: text("carrier").and_then(|text| parse::<u8>(&text)).map(|carrier| carrier != 0),
        speed_mbps: text("speed").and_then(|text| speed(&text)),
        mtu: text("mtu").and_then(|text| parse(&text)),
        duplex: text("duplex").and_then(|text| one_of(&DUPLEXES, &text)),
        operstate: text("operstate").and_then(|text| one_of(&STATES, &text)),
        carrier_changes: text("carrier_changes").and_then(|text| parse(&text)),
        physical: is_there(DEVICE) && !is_there(CONDUIT) && !is_there(BRIDGE),
        name: Rc::clone(&nothing.name),
    };
    Some(link).filter(|link| *link != nothing)
}

/// A figure, alone on its line.
pub fn parse<T: FromStr>(text: &[u8]) -> Option<T> {
    str::from_utf8(text).ok()?.trim_ascii().parse().ok()
}

/// The text of `flags`: hexadecimal, with `0x`.
pub fn flags(text: &[u8]) -> Option<u32> {
    let digits = str::from_utf8(text).ok()?.trim_ascii().strip_prefix("0x")?;
    Some(digits)
        .filter(|digits| !digits.starts_with('+'))
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

/// The text of `speed`. An unknown one is -1 (`SPEED_UNKNOWN`), of some kernels as a number without sign.
pub fn speed(text: &[u8]) -> Option<u32> {
    parse(text).filter(|speed| *speed != u32::MAX)
}

/// The word of the kernel's that this is.
fn one_of(words: &[&str], text: &[u8]) -> Option<Rc<str>> {
    let text = text.trim_ascii();
    words.iter().find(|word| word.as_bytes() == text).map(|word| Rc::from(*word))
}

#[cfg(test)]
mod tests;
