//! One term of a filter.

use std::net::IpAddr;

use ipnet::IpNet;

use super::FilterError;
use crate::attribution::Direction;
use crate::conntrack::flow::{Protocol, State};
use crate::devices::name::fold;
use crate::flow_list::ListedFlow;

/// What must hold, or with `!=` must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// Part of a name, an address or a service, in either case.
    Word(String),
    /// It is that.
    Is(Quality),
    /// It is not.
    IsNot(Quality),
    /// A figure compares so. One that isn't known doesn't.
    Compares(Figure, Operator, u64),
}

/// What is either so or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Quality {
    Device(String),
    Address(End, IpNet),
    Port(u16),
    Protocol(Protocol),
    State(State),
    Service(String),
    Direction(Direction),
    Offloaded(bool),
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Either,
    Local,
    Remote,
}

/// What there is more or less of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// Bytes that the device has received.
    Received,
    /// Bytes that it has sent.
    Sent,
    /// Both.
    Bytes,
    /// Seconds in which nothing has passed.
    Idle,
}

/// How a figure is compared with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Term {
    /// The term that is written so.
    pub(super) fn parse(word: &str) -> Result<Self, FilterError> {
        let Some((key, operator, value)) = parts(word) else {
            return Ok(Self::Word(fold(word).into()));
        };
        if let Some(figure) = figure(key) {
            return Ok(Self::Compares(figure, operator, number(value)?));
        }
        let (key, quality) = quality(key, value)?;
        match operator {
            Operator::Equal => Ok(Self::Is(quality)),
            Operator::NotEqual => Ok(Self::IsNot(quality)),
            _ => Err(FilterError::NotAFigure { key }),
        }
    }

    pub(super) fn holds(&self, flow: &ListedFlow) -> bool {
        match self {
            Self::Word(word) => contains(flow, word),
            Self::Is(quality) => quality.is_of(flow),
            Self::IsNot(quality) => !quality.is_of(flow),
            Self::Compares(figure, operator, number) => {
                figure.of(flow).is_some_and(|found| operator.holds(found, *number))
            }
        }
    }
}

impl Quality {
    fn is_of(&self, listed: &ListedFlow) -> bool {
        let ListedFlow { flow, device, direction, remote, service, .. } = listed;
        match self {
            Self::Device(name) => *fold(device) == **name,
            Self::Address(end, network) => {
                end.of(listed).into_iter().flatten().any(|address| network.contains(&address))
            }
            Self::Port(port) => [listed.local().port, remote.port].contains(port),
            Self::Protocol(protocol) => flow.protocol == *protocol,
            Self::State(state) => flow.state == *state,
            Self::Service(label) => *fold(service) == **label,
            Self::Direction(wanted) => direction == wanted,
            Self::Offloaded(is_offloaded) => flow.flags.offloaded() == *is_offloaded,
        }
    }
}

impl End {
    fn of(self, flow: &ListedFlow) -> [Option<IpAddr>; 2] {
        let (local, remote) = (Some(flow.local().address), Some(flow.remote.address));
        match self {
            Self::Either => [local, remote],
            Self::Local => [local, None],
            Self::Remote => [None, remote],
        }
    }
}

impl Figure {
    fn of(self, flow: &ListedFlow) -> Option<u64> {
        match self {
            Self::Received => flow.received().map(|counters| counters.bytes),
            Self::Sent => flow.sent().map(|counters| counters.bytes),
            Self::Bytes => flow.bytes(),
            Self::Idle => flow.idle.map(u64::from),
        }
    }
}

impl Operator {
    const fn holds(self, found: u64, number: u64) -> bool {
        match self {
            Self::Equal => found == number,
            Self::NotEqual => found != number,
            Self::Less => found < number,
            Self::AtMost => found <= number,
            Self::Greater => found > number,
            Self::AtLeast => found >= number,
        }
    }
}

/// Key, operator and value; `None` of a word without an operator.
fn parts(word: &str) -> Option<(&str, Operator, &str)> {
    let (key, rest) = word.split_at(word.find(['=', '!', '<', '>'])?);
    // Two signs before one.
    let operators = [
        ("!=", Operator::NotEqual),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("=", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    operators.into_iter().find_map(|(sign, operator)| Some((key, operator, rest.strip_prefix(sign)?)))
}

fn figure(key: &str) -> Option<Figure> {
    Some(match key {
        "rx" => Figure::Received,
        "tx" => Figure::Sent,
        "bytes" => Figure::Bytes,
        "idle" => Figure::Idle,
        _ => return None,
    })
}

fn quality(key: &str, value: &str) -> Result<(&'static str, Quality), FilterError> {
    let is_not = |expected| FilterError::Value { given: value.to_owned(), expected };
    Ok(match key {
        "device" => ("device", Quality::Device(fold(value).into())),
        "address" => ("address", Quality::Address(End::Either, network(value)?)),
        "local" => ("local", Quality::Address(End::Local, network(value)?)),
        "remote" => ("remote", Quality::Address(End::Remote, network(value)?)),
        "port" => {
            let port = value.parse().map_err(|_| is_not("a port, from 0 to 65535"))?;
            ("port", Quality::Port(port))
        }
        "protocol" => ("protocol", Quality::Protocol(protocol(value)?)),
        "state" => {
            let state = State::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(value));
            let state = state.ok_or_else(|| is_not("a state, such as ESTABLISHED, TIME_WAIT or ACTIVE"))?;
            ("state", Quality::State(state))
        }
        "service" => ("service", Quality::Service(fold(value).into())),
        "direction" => match value {
            "outbound" => ("direction", Quality::Direction(Direction::Outbound)),
            "inbound" => ("direction", Quality::Direction(Direction::Inbound)),
            _ => return Err(is_not("outbound or inbound")),
        },
        "offloaded" => match value {
            "yes" => ("offloaded", Quality::Offloaded(true)),
            "no" => ("offloaded", Quality::Offloaded(false)),
            _ => return Err(is_not("yes or no")),
        },
        _ => return Err(FilterError::UnknownKey(key.to_owned())),
    })
}

/// A prefix, or one address.
fn network(value: &str) -> Result<IpNet, FilterError> {
    let address = || value.parse::<IpAddr>().map(IpNet::from);
    let expected = "an address or a prefix, such as 192.168.8.20 or 2001:db8::/32";
    value.parse().or_else(|_| address()).map_err(|_| FilterError::Value { given: value.to_owned(), expected })
}

/// By name or by number.
fn protocol(value: &str) -> Result<Protocol, FilterError> {
    // The last name is of all that have none.
    let named = Protocol::NAMES.split_last().map(|(_, named)| named).unwrap_or_default();
    let is_called = |number: &u8| {
        let name = Protocol(*number).name();
        named.contains(&name) && name.eq_ignore_ascii_case(value)
    };
    let by_name = || (0..=u8::MAX).find(is_called);
    let expected = "a protocol, such as tcp, udp or 47";
    let number = value.parse().ok().or_else(by_name);
    number.map(Protocol).ok_or_else(|| FilterError::Value { given: value.to_owned(), expected })
}

/// A whole number, or thousands (`k`), millions (`M`) or billions (`G`) of it.
fn number(value: &str) -> Result<u64, FilterError> {
    let units = [("k", 1_000), ("K", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    let found = units.iter().find_map(|(unit, times)| Some((value.strip_suffix(unit)?, *times)));
    let (digits, times) = found.unwrap_or((value, 1_u64));
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(times));
    let expected = "a whole number, such as 500, 20k, 5M or 1G";
    number.ok_or_else(|| FilterError::Value { given: value.to_owned(), expected })
}

/// Whether a word, folded, is part of what a flow shows.
fn contains(flow: &ListedFlow, word: &str) -> bool {
    let addresses = || [flow.local().address, flow.remote.address].map(|address| address.to_string());
    fold(&flow.device).contains(word)
        || fold(&flow.service).contains(word)
        || addresses().iter().any(|address| address.contains(word))
}
