//! The UDP socket to Telegraf. It knows bytes only.
//!
//! The socket is connected, so that the kernel tells when nobody listens: not at once, but by an error on a later
//! call, which speaks of the datagram before.

pub mod config;
pub(crate) mod resolver;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::config::Address;
use resolver::{Lookup, RESOLVING_AT_MOST, literal};

/// How often a name is resolved again while all is well, and at most while it isn't.
const RESOLVE_EVERY: Duration = Duration::from_mins(5);
const RETRY_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked whether the first answer has come.
const LOOK_FOR_ANSWER_EVERY: Duration = Duration::from_secs(1);
/// A default receive buffer takes some 80 datagrams at once: after this many, the receiver gets a pause.
const BURST: usize = 32;
const PAUSE: Duration = Duration::from_millis(5);
/// How long the kernel may take to accept one datagram.
const ACCEPTING_AT_MOST: Duration = Duration::from_secs(1);

/// Telegraf, wherever it is.
#[derive(Debug)]
pub struct Telegraf {
    host: String,
    port: u16,
    resolving: Option<Lookup>,
    /// Why the last lookup gave no address.
    unresolved: Option<String>,
    /// What the host was last found to be; the one in use first.
    addresses: Vec<SocketAddr>,
    /// When that was asked, since boot.
    asked: Option<Duration>,
    socket: Option<UdpSocket>,
    failing: bool,
}

/// What became of a snapshot's datagrams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// For each datagram, whether the kernel took it and has not said since that nobody did.
    pub delivered: Vec<bool>,
    /// Whether it turned out that datagrams of the snapshot before were refused.
    pub doubt: bool,
    /// Datagrams that the kernel took.
    pub taken: u64,
    /// Refusals, at once or later.
    pub errors: u64,
}

impl Telegraf {
    /// Telegraf at `host` (a name or an address) and `port`. Nothing is sent or asked yet.
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            resolving: None,
            unresolved: None,
            addresses: literal(host, port).into_iter().collect(),
            asked: None,
            socket: None,
            failing: false,
        }
    }

    /// Whether this is where `address` leads.
    pub fn is_at(&self, address: &Address) -> bool {
        (self.host.as_str(), self.port) == (address.host(), address.port())
    }

    /// Goes to `address` from now on. A lookup of the old name holds its thread until it has ended, so that it is kept:
    /// the next begins only then.
    pub fn redirect(&mut self, address: &Address) {
        let resolving = self.resolving.take();
        *self = Self { resolving, ..Self::new(address.host(), address.port()) };
    }

    /// Uses the answer to the name if it has come, and asks again if that is due at `boot` (time since boot). To be
    /// called whenever the daemon is awake: no answer is waited for.
    pub async fn resolve(&mut self, boot: Duration) {
        self.take_resolved().await;
        let every = if self.failing || self.addresses.is_empty() { RETRY_EVERY } else { RESOLVE_EVERY };
        let due = self.asked.is_none_or(|asked| boot.saturating_sub(asked) >= every);
        // A lookup that is given up would still hold its thread: the next begins only when it has ended.
        if self.is_literal() || self.resolving.is_some() || !due {
            return;
        }
        self.asked = Some(boot);
        match Lookup::begin(&self.host, self.port) {
            Ok(lookup) => self.resolving = Some(lookup),
            Err(error) => self.unresolved = Some(error.to_string()),
        }
    }

    /// When [`Telegraf::resolve`] is to be called again at the latest, while there is no address.
    pub fn attention_within(&self) -> Option<Duration> {
        match &self.resolving {
            _ if !self.addresses.is_empty() => None,
            Some(_) => Some(LOOK_FOR_ANSWER_EVERY),
            None => Some(RETRY_EVERY),
        }
    }

    /// Takes a new socket for what is sent next. To be called when the router's addresses have changed: a connected
    /// socket keeps the source address that it began with, and over IPv6 the kernel sends from one that is gone.
    pub fn renew(&mut self) {
        self.socket = None;
    }

    /// Sends `datagrams`, in bursts that a receiver's buffer holds. Nothing that goes wrong is an error here: it is
    /// counted, and logged when it begins and when it ends.
    pub async fn send(&mut self, datagrams: impl Iterator<Item = &[u8]>) -> Delivery {
        self.take_resolved().await;
        let (mut problem, mut delivery) = (None, Delivery::default());
        if self.socket.is_none() {
            problem = self.connect().await.err();
        } else if let Some(error) = self.late_refusal() {
            delivery.refuse_last();
            problem = Some(error);
        }
        for (number, datagram) in datagrams.enumerate() {
            if number > 0 && number % BURST == 0 {
                sleep(PAUSE).await;
            }
            let outcome = self.send_one(datagram, &mut delivery).await;
            problem = problem.or(outcome.err());
        }
        if let Some(error) = self.late_refusal() {
            delivery.refuse_last();
            problem = problem.or(Some(error));
        }
        if problem.as_ref().is_some_and(|error| !is_late(error)) {
            // Whatever it is that this socket can't do, the next one may.
            self.socket = None;
        }
        self.report(problem.as_ref());
        delivery
    }

    fn is_literal(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// Sends one datagram; the outcome goes into `delivery`, what went wrong is given back.
    async fn send_one(&mut self, datagram: &[u8], delivery: &mut Delivery) -> io::Result<()> {
        let Some(socket) = &self.socket else {
            // Why there is none has been said by whoever wanted one.
            delivery.push(false);
            return Ok(());
        };
        let first = send_within(socket, datagram).await;
        let Err(error) = first else {
            delivery.push(true);
            return Ok(());
        };
        if is_late(&error) {
            // This speaks of the datagram before, and has kept the present one from going out.
            delivery.refuse_last();
        }
        // The others of this snapshot may fare better: one that is refused costs itself only.
        let second = send_within(socket, datagram).await;
        delivery.push(second.is_ok());
        Err(second.err().unwrap_or(error))
    }

    /// What the kernel has learned since the last call about datagrams that it took.
    fn late_refusal(&self) -> Option<io::Error> {
        self.socket.as_ref()?.take_error().ok().flatten()
    }

    /// Uses the answer to a name, if it has come.
    async fn take_resolved(&mut self) {
        let Some(lookup) = self.resolving.take_if(|lookup| lookup.is_finished()) else { return };
        if !lookup.is_for(&self.host, self.port) {
            return;
        }
        let found = match lookup.answer().await {
            Ok(found) => found,
            Err(error) => {
                self.unresolved = Some(error.to_string());
                return;
            }
        };
        self.unresolved = None;
        let in_use = self.addresses.first().copied();
        if !found.is_empty() && in_use.is_none_or(|address| !found.contains(&address)) {
            self.addresses = found;
            self.socket = None;
        }
    }

    /// Why there is no address.
    fn not_resolved(&self) -> io::Error {
        let host = &self.host;
        let asked = self.resolving.as_ref().filter(|lookup| lookup.is_for(host, self.port));
        let waiting = asked.map(Lookup::elapsed);
        io::Error::other(match (&self.unresolved, waiting) {
            (_, Some(waiting)) if waiting > RESOLVING_AT_MOST => {
                format!("{host} is not resolved: the name server does not answer")
            }
            (Some(reason), _) => format!("{host} is not resolved: {reason}"),
            (None, _) => format!("{host} is not resolved yet"),
        })
    }

    /// Connects to the first of the addresses that can be reached from here.
    async fn connect(&mut self) -> io::Result<()> {
        let mut problem = self.not_resolved();
        for _ in 0..self.addresses.len() {
            let Some(&address) = self.addresses.first() else { break };
            match connected(address).await {
                Ok(socket) => {
                    self.socket = Some(socket);
                    return Ok(());
                }
                Err(error) => problem = error,
            }
            self.addresses.rotate_left(1);
        }
        Err(problem)
    }

    fn report(&mut self, problem: Option<&io::Error>) {
        match problem {
            Some(error) if !self.failing => {
                warn!(
                    "sending to {self} fails: {error}; keeping on, further failures are counted in send_errors"
                );
            }
            None if self.failing => info!("sending to {self} works again"),
            _ => {}
        }
        self.failing = problem.is_some();
    }
}

impl Delivery {
    fn push(&mut self, taken: bool) {
        self.delivered.push(taken);
        self.taken += u64::from(taken);
        self.errors += u64::from(!taken);
    }

    /// The kernel says that nobody took the datagram before; before the first, it is one of the last snapshot's.
    fn refuse_last(&mut self) {
        self.errors += 1;
        match self.delivered.last_mut() {
            Some(last) => *last = false,
            None => self.doubt = true,
        }
    }
}

impl fmt::Display for Telegraf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Whether an error may have come back from the network, and so speaks of a datagram sent before.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable)
}

async fn connected(address: SocketAddr) -> io::Result<UdpSocket> {
    let unspecified: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((unspecified, 0)).await?;
    socket.connect(address).await?;
    Ok(socket)
}

async fn send_within(socket: &UdpSocket, datagram: &[u8]) -> io::Result<()> {
    match timeout(ACCEPTING_AT_MOST, socket.send(datagram)).await {
        Ok(sent) => sent.map(|_| ()),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the kernel does not accept the datagram")),
    }
}

#[cfg(test)]
mod tests;
