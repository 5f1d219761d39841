//! Telegraf, by UDP. It knows bytes only.
//!
//! Whoever refuses a datagram says so, but later, by an error that speaks of one sent before; and a datagram that is
//! swallowed on its way is lost in silence. A name may have several addresses. One of them is in use, until it refuses.

pub(crate) mod addresses;
pub mod config;
mod connection;
mod delivery;
mod outage;
mod probe;
pub(crate) mod resolver;
pub(crate) mod route;
mod silence;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::errno::Errno;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use crate::config::Address;
use addresses::Addresses;
use connection::Connection;
pub use delivery::Delivery;
use outage::Outage;
use probe::Probe;
use resolver::{Lookup, RESOLVING_AT_MOST, literal};
use route::Route;

/// How often a name is resolved again while all is well, and at most while it isn't.
const RESOLVE_EVERY: Duration = Duration::from_mins(5);
const RETRY_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked whether the first answer has come.
const LOOK_FOR_ANSWER_EVERY: Duration = Duration::from_secs(1);
/// A default receive buffer takes some 80 datagrams at once: after this many, the receiver gets a pause.
const BURST: usize = 32;
const PAUSE: Duration = Duration::from_millis(5);

/// Telegraf, wherever it is.
#[derive(Debug)]
pub struct Telegraf {
    host: String,
    port: u16,
    resolving: Option<Lookup>,
    /// Why the last lookup gave no address.
    unresolved: Option<String>,
    /// What the host was last found to be.
    addresses: Addresses,
    /// When that was asked, since boot.
    asked: Option<Duration>,
    connection: Option<Connection>,
    next_socket: NextSocket,
    /// How many snapshots were to be sent.
    snapshots: u64,
    /// The addresses that have refused and are better than the one in use.
    probes: Vec<Probe>,
    outage: Outage,
}

impl Telegraf {
    /// Telegraf at `host` (a name or an address) and `port`. Nothing is sent or asked yet.
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            resolving: None,
            unresolved: None,
            addresses: Addresses::new(literal(host, port)),
            asked: None,
            connection: None,
            next_socket: NextSocket::Same,
            snapshots: 0,
            probes: Vec::new(),
            outage: Outage::default(),
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
        let every =
            if self.outage.is_present() || self.addresses.is_empty() { RETRY_EVERY } else { RESOLVE_EVERY };
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

    /// Takes a new socket for the next snapshot. To be called when the router's addresses have changed: a connected
    /// socket keeps the source address that it began with, and over IPv6 the kernel sends from one that is gone.
    pub fn renew(&mut self) {
        self.next_socket = NextSocket::Another;
        self.probes.clear();
    }

    /// Sends `datagrams`, in bursts that a receiver's buffer holds. Nothing that goes wrong is an error here: it is
    /// counted, and logged when it begins and when it ends. A whole snapshot goes to one address; where something of
    /// it was refused, the next one goes to the address whose turn it is. `boot` is the time since boot.
    pub async fn send(&mut self, datagrams: impl Iterator<Item = &[u8]>, boot: Duration) -> Delivery {
        self.take_resolved().await;
        self.snapshots += 1;
        let mut delivery = Delivery::default();
        let mut problem = self.take_late_errors(&mut delivery);
        problem = problem.or(self.connect().err());
        for (number, datagram) in datagrams.enumerate() {
            if number > 0 && number % BURST == 0 {
                sleep(PAUSE).await;
            }
            let failure = self.send_one(datagram, &mut delivery).await;
            problem = problem.or(failure);
        }
        let late = self.take_late_errors(&mut delivery);
        self.report(problem.or(late).as_ref(), boot);
        // While refusals last, silence proves nothing; and whoever is sent to for the first time has got nothing yet.
        delivery.doubt |= self.outage.is_present() || self.snapshots == 1;
        self.probe_better_addresses(boot).await;
        delivery
    }

    fn is_literal(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// Sends one datagram; the outcome goes into `delivery`, what went wrong is given back.
    async fn send_one(&mut self, datagram: &[u8], delivery: &mut Delivery) -> Option<Problem> {
        if self.connection.is_none() {
            // Why there is none has been said by whoever wanted one.
            delivery.push(false);
            return None;
        }
        if self.hand_over(datagram).await.is_ok() {
            delivery.push(true);
            return None;
        }
        // It may speak of a datagram before, and has then kept the present one from going out.
        let late = self.take_late_errors(delivery);
        let second = self.hand_over(datagram).await;
        delivery.push(second.is_ok());
        if second.is_err() {
            // Whatever it is that this socket can't do, the next one may.
            self.next_socket = NextSocket::Another;
        }
        let failure = second.err().map(|error| self.blame_address(error));
        late.or(failure)
    }

    async fn hand_over(&self, datagram: &[u8]) -> io::Result<()> {
        match &self.connection {
            Some(connection) => connection.send(datagram).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Takes note of what the network has said since the last call about datagrams that the kernel took.
    fn take_late_errors(&mut self, delivery: &mut Delivery) -> Option<Problem> {
        let mut problem = None;
        for error in self.connection.as_ref()?.late_errors() {
            delivery.refuse_late();
            let refusal = self.blame_address(error.into());
            problem.get_or_insert(refusal);
        }
        problem
    }

    /// What went wrong at the address in use. If that speaks of the way there, another is to be taken for the next
    /// snapshot, if there is one.
    fn blame_address(&mut self, error: io::Error) -> Problem {
        let address = self.connection.as_ref().map(Connection::to);
        if let Some(address) = address.filter(|_| speaks_of_the_way(&error)) {
            self.addresses.refuse(address, self.snapshots);
            self.choose_anew();
        }
        Problem { address: address.filter(|_| !self.is_literal()), error }
    }

    /// The address whose turn it is may be another now.
    fn choose_anew(&mut self) {
        self.next_socket = self.next_socket.max(NextSocket::ByTurn);
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
        if self.addresses.replace(found) {
            self.choose_anew();
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

    /// Connects to the address whose turn it is, unless there is a connection that has not been refused.
    fn connect(&mut self) -> Result<(), Problem> {
        match std::mem::take(&mut self.next_socket) {
            NextSocket::Same if self.connection.is_some() => return Ok(()),
            NextSocket::Same | NextSocket::ByTurn => {}
            NextSocket::Another => self.connection = None,
        }
        let mut problem = None;
        for Route { to, .. } in self.addresses.routes() {
            if self.connection.as_ref().is_some_and(|connection| connection.to() == to) {
                // Its turn again, by the socket that there is: another would be another connection in the table.
                return Ok(());
            }
            match Connection::open(to) {
                Ok(connection) => {
                    debug!("snapshots go to {to}");
                    self.connection = Some(connection);
                    return Ok(());
                }
                Err(error) => {
                    if speaks_of_the_way(&error) {
                        self.addresses.refuse(to, self.snapshots);
                    }
                    problem.get_or_insert(Problem { address: (!self.is_literal()).then_some(to), error });
                }
            }
        }
        self.connection = None;
        Err(problem.unwrap_or_else(|| Problem { address: None, error: self.not_resolved() }))
    }

    /// Sees whether addresses that are better than the one in use, but have refused, would take datagrams again. When the
    /// one in use refuses as well, each gets its turn anyway.
    async fn probe_better_addresses(&mut self, boot: Duration) {
        let in_use =
            self.connection.as_ref().map(Connection::to).filter(|_| self.next_socket == NextSocket::Same);
        let better = in_use.map(|in_use| self.addresses.refused_before(in_use)).unwrap_or_default();
        self.probes.retain(|probe| better.contains(&probe.to()));
        for address in better {
            let Some(probe) = self.probes.iter_mut().find(|probe| probe.to() == address) else {
                self.probes.extend(Probe::begin(address, boot).await);
                continue;
            };
            if probe.go_on(boot).await {
                info!("{address} takes what is sent again: sending to {self} goes back to it");
                self.addresses.clear_refusal(address);
                self.choose_anew();
                // Those behind it are no better.
                return;
            }
        }
    }

    /// Says when an outage begins, and when it ends.
    fn report(&mut self, problem: Option<&Problem>, boot: Duration) {
        let Some(problem) = problem else {
            if self.outage.ends(boot) {
                self.tell_end();
            }
            return;
        };
        debug!("sending to {self}: {problem}");
        if self.outage.begins(boot) {
            let then =
                if self.addresses.are_several() { "trying its addresses in turn" } else { "keeping on" };
            warn!("sending to {self} fails: {problem}; {then}, further failures are counted in send_errors");
        }
    }

    /// Nothing has been refused for a while. Of an address that never refused anything that proves little: it may
    /// swallow all.
    fn tell_end(&self) {
        match self.connection.as_ref().map(Connection::to).filter(|_| !self.is_literal()) {
            Some(to) if self.addresses.has_refused(to) || self.addresses.refused_before(to).is_empty() => {
                info!("sending to {self} works again, at {to}");
            }
            Some(to) => info!("sending to {self} goes to {to} now: nothing has been refused there"),
            None => info!("sending to {self} works again"),
        }
    }
}

/// By which socket the next snapshot is sent. It is taken when the errors of the last one have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum NextSocket {
    /// By the one that there is.
    #[default]
    Same,
    /// By the one that there is if it leads to the address whose turn it is: that in use has refused something, a better
    /// one no longer does, or the name has other addresses.
    ByTurn,
    /// By a new one: the kernel would not send by the last, or the router's addresses have changed.
    Another,
}

/// Whether this is of the address and the way there, so that another may do better. A datagram that is too large, a full
/// queue (`udp_send_skb`) or too few descriptors are not.
fn speaks_of_the_way(error: &io::Error) -> bool {
    let of_the_router = [
        Errno::EMSGSIZE,
        Errno::ENOBUFS,
        Errno::ENOMEM,
        Errno::EAGAIN,
        Errno::EINTR,
        Errno::EMFILE,
        Errno::ENFILE,
    ];
    error.raw_os_error().is_some_and(|errno| !of_the_router.contains(&Errno::from_raw(errno)))
}

/// What went wrong, of a name also where.
#[derive(Debug)]
struct Problem {
    address: Option<SocketAddr>,
    error: io::Error,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{address}: {}", self.error),
            None => self.error.fmt(f),
        }
    }
}

impl fmt::Display for Telegraf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests;
