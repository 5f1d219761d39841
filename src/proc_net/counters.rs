//! What the kernel's protocols have counted since boot: `/proc/net/snmp`, `/proc/net/netstat` and `/proc/net/snmp6`.
//!
//! Each network namespace has its own. Only sockets that end on the router count here, of forwarded traffic the `Ip`
//! figures alone. Figures are found by their names: vendors' kernels lack some and add others.
//!
//! The first two, as `snmp_seq_show()` and `netstat_seq_show()` print them, are pairs of lines that begin with a protocol:
//! one of names, and one of their figures. The third is a name and a figure a line (`snmp6_seq_show()`).
//!
//! - Figures of `Tcp`, `TcpExt`, `Udp` and `Icmp` have a machine word: on a 32-bit router they begin at 0 again beyond
//!   4,294,967,295. Those of `Ip`, `IpExt` and `Ip6` have 64 bits everywhere.
//! - A kernel whose statistics were taken out (OpenWrt's `PROC_STRIPPED`) lacks the first two, and its `snmp6` has nothing
//!   but zeros.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{ProcNetError, beginning};
use crate::root::Root;

/// IPv4, ICMP, TCP and UDP.
pub const SNMP: &str = "/proc/net/snmp";
/// What Linux counts of TCP and IP besides.
pub const NETSTAT: &str = "/proc/net/netstat";
/// IPv6, `ICMPv6` and UDP over IPv6.
pub const SNMP6: &str = "/proc/net/snmp6";

/// Beyond so many bytes of a file nothing is read: the longest known has 6,000.
pub(crate) const FILE_AT_MOST: u64 = 1 << 16;
/// How many figures of a file are taken in at most: the most known are 229.
pub const FIGURES_AT_MOST: usize = 1024;
/// How long a name may be, its protocol included: the longest known has 31 bytes.
pub const NAME_AT_MOST: usize = 64;

/// The figures of one file, in its order; no two have one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters(Vec<(Rc<str>, i64)>);

impl Counters {
    /// The figure of this name: the protocol's and its own together, such as `TcpRetransSegs`.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.0.iter().find_map(|(known, figure)| (**known == *name).then_some(*figure))
    }

    /// All figures.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, i64)> {
        self.0.iter().map(|(name, figure)| (name, *figure))
    }
}

/// Which of the three files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WantedCounters {
    /// None.
    #[default]
    Nothing,
    /// [`SNMP`] and [`NETSTAT`].
    Usual,
    /// [`SNMP6`] too.
    All,
}

/// What was read of the three files; what can't be is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtocolCounters {
    /// Of [`SNMP`].
    pub snmp: Option<Counters>,
    /// Of [`NETSTAT`].
    pub netstat: Option<Counters>,
    /// Of [`SNMP6`].
    pub snmp6: Option<Counters>,
}

/// Reads [`SNMP`] or [`NETSTAT`], as `path` says, of the router below `root`.
pub fn read_pairs(root: &Root, path: &str) -> Result<Counters, ProcNetError> {
    Ok(parse_pairs(&beginning(root, path, FILE_AT_MOST)?))
}

/// Reads [`SNMP6`] of the router below `root`. One of nothing but zeros tells nothing: such is that of a kernel whose
/// statistics were taken out.
pub fn read_snmp6(root: &Root) -> Result<Option<Counters>, ProcNetError> {
    let counters = parse_snmp6(&beginning(root, SNMP6, FILE_AT_MOST)?);
    let counts = counters.iter().any(|(_, figure)| figure != 0);
    Ok(Some(counters).filter(|_| counts))
}

/// Understands the text of [`SNMP`] or [`NETSTAT`]. Nothing in it is an error; what can't be understood is passed over:
///
/// - a line without an end, and with it the names before it: the rest of its last figure may be missing;
/// - of names and figures that are not equally many, those that have no counterpart;
/// - a figure that is no `i64`. The kernel prints some that may fall below zero as if they couldn't: `CurrEstab`, the sum
///   of what each CPU has counted meanwhile, is 18,446,744,073,709,551,615 when it means -1;
/// - a name that is too long or has other signs than letters, digits and `_`.
pub fn parse_pairs(text: &[u8]) -> Counters {
    let (mut found, mut names) = (Found::default(), None);
    for line in whole_lines(text) {
        let Some((protocol, words)) = line.split_once(':') else { continue };
        // No name of the kernel's begins with a digit, and every figure does, but for its sign.
        if words.trim_ascii_start().starts_with(|first: char| first.is_ascii_alphabetic()) {
            names = Some((protocol, words));
        } else if let Some((_, names)) = names.take_if(|(of, _)| *of == protocol) {
            for (name, figure) in names.split_ascii_whitespace().zip(words.split_ascii_whitespace()) {
                found.add(&[protocol, name], figure);
            }
        }
    }
    Counters(found.figures)
}

/// Understands the text of [`SNMP6`], by the same rules.
pub fn parse_snmp6(text: &[u8]) -> Counters {
    let mut found = Found::default();
    for line in whole_lines(text) {
        let mut words = line.split_ascii_whitespace();
        if let (Some(name), Some(figure), None) = (words.next(), words.next(), words.next()) {
            found.add(&[name], figure);
        }
    }
    Counters(found.figures)
}

/// The lines that have an end. One that is no UTF-8 has no name or figure of the kernel's.
fn whole_lines(text: &[u8]) -> impl Iterator<Item = &str> {
    let end = memchr::memrchr(b'\n', text).unwrap_or_default();
    let whole = text.get(..end).unwrap_or_default();
    whole.split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok())
}

/// What was understood so far.
#[derive(Default)]
struct Found {
    names: BTreeSet<Rc<str>>,
    figures: Vec<(Rc<str>, i64)>,
}

impl Found {
    /// One figure, if it is one, there is room, and it is the first of its name.
    fn add(&mut self, name: &[&str], figure: &str) {
        let length = name.iter().map(|part| part.len()).sum::<usize>();
        if length > NAME_AT_MOST || self.figures.len() >= FIGURES_AT_MOST {
            return;
        }
        let name = name.concat();
        if let Some(figure) = figure.parse().ok().filter(|_| is_name(&name)) {
            let name: Rc<str> = name.into();
            if self.names.insert(Rc::clone(&name)) {
                self.figures.push((name, figure));
            }
        }
    }
}

/// Whether it can be the key of a field. It begins with a capital, as each of the kernel's does: so it is never that of a
/// tag of ours, nor `time`.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
