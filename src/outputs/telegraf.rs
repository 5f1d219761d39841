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
mod resolver;
pub(crate) mod route;
mod send_error;
mod silence;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{debug, info, warn};

use crate::config::Address;
use addresses::Addresses;
use connection::Connection;
pub use delivery::Delivery;
use outage::Outage;
use probe::Probe;
use resolver::Resolver;
use route::Route;
use send_error::{SendError, speaks_of_the_way};

/// A default receive buffer takes some 80 datagrams at once: after this many, the receiver gets a pause.
const BURST: usize = 32;
const PAUSE: Duration = Duration::from_millis(5);

/// Telegraf, wherever it is.
#[derive(Debug)]
pub struct Telegraf {
    resolver: Resolver,
    /// What the host was last found to be.
    addresses: Addresses,
    connection: Option<Connection>,
    next_socket: NextSocket,
    /// How many snapshots were to be sent.
    snapshots: u64,
    /// Where the last of them went that could be sent.
    last_to: Option<SocketAddr>,
    /// Whether it went there only because better addresses have refused.
    last_is_second_best: bool,
    /// The addresses that have refused and are better than the one in use.
    probes: Vec<Probe>,
    outage: Outage,
}

impl Telegraf {
    /// Telegraf at `address`. Nothing is sent or asked yet.
    pub fn new(address: Address) -> Self {
        Self::found_by(Resolver::new(address))
    }

    fn found_by(resolver: Resolver) -> Self {
        Self {
            addresses: Addresses::new(resolver.literal()),
            resolver,
            connection: None,
            next_socket: NextSocket::Same,
            snapshots: 0,
            last_to: None,
            last_is_second_best: false,
            probes: Vec::new(),
            outage: Outage::default(),
        }
    }

    /// Goes to `address` from now on, if that is another.
    pub fn redirect(&mut self, address: &Address) {
        if self.resolver.address() != address {
            *self = Self::found_by(self.resolver.redirected(address.clone()));
        }
    }

    /// Uses the answer to the name if it has come, and asks again if that is due at `boot` (time since boot). To be
    /// called whenever the daemon is awake: no answer is waited for.
    pub async fn resolve(&mut self, boot: Duration) {
        self.take_resolved().await;
        self.resolver.ask(boot, self.outage.is_present() || self.addresses.is_empty());
    }

    /// When [`Telegraf::resolve`] is to be called again at the latest, while there is no address.
    pub fn attention_within(&self) -> Option<Duration> {
        self.addresses.is_empty().then(|| self.resolver.attention_within())
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
        let is_elsewhere = self.goes_elsewhere();
        for (number, datagram) in datagrams.enumerate() {
            if number > 0 && number % BURST == 0 {
                sleep(PAUSE).await;
            }
            let failure = self.send_one(datagram, &mut delivery).await;
            problem = problem.or(failure);
        }
        let late = self.take_late_errors(&mut delivery);
        self.report(problem.or(late).as_ref(), boot);
        // While refusals last, silence proves nothing; nor at an address that is in use only because a better one has
        // refused. And whoever is sent to for the first time has got nothing yet.
        delivery.doubt |= is_elsewhere || self.outage.is_present() || self.last_is_second_best;
        self.probe_better_addresses(boot).await;
        delivery
    }

    /// Takes note of where this snapshot goes, and says whether the last that could be sent went elsewhere.
    fn goes_elsewhere(&mut self) -> bool {
        let to = self.connection.as_ref().map(Connection::to);
        to.is_some_and(|to| self.last_to.replace(to) != Some(to))
    }

    /// Sends one datagram; the outcome goes into `delivery`, what went wrong is given back.
    async fn send_one(&mut self, datagram: &[u8], delivery: &mut Delivery) -> Option<SendError> {
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
    fn take_late_errors(&mut self, delivery: &mut Delivery) -> Option<SendError> {
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
    fn blame_address(&mut self, error: io::Error) -> SendError {
        let Some(address) = self.connection.as_ref().map(Connection::to) else {
            return SendError::There(error);
        };
        if speaks_of_the_way(&error) {
            self.addresses.refuse(address, self.snapshots);
            self.choose_anew();
        }
        self.error_at(address, error)
    }

    /// The address whose turn it is may be another now.
    fn choose_anew(&mut self) {
        self.next_socket = self.next_socket.max(NextSocket::ByTurn);
    }

    /// Uses the answer to a name, if it has come.
    async fn take_resolved(&mut self) {
        if let Some(found) = self.resolver.take_answer().await
            && self.addresses.replace(found)
        {
            self.choose_anew();
        }
    }

    /// What went wrong at an address, which messages name only if it isn't what was configured.
    fn error_at(&self, address: SocketAddr, error: io::Error) -> SendError {
        match self.resolver.literal() {
            Some(_) => SendError::There(error),
            None => SendError::At(address, error),
        }
    }

    /// Connects to the address whose turn it is, unless there is a connection that has not been refused.
    fn connect(&mut self) -> Result<(), SendError> {
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
                    problem.get_or_insert(self.error_at(to, error));
                }
            }
        }
        self.connection = None;
        Err(problem.unwrap_or_else(|| self.resolver.error().into()))
    }

    /// Sees whether addresses that are better than the one in use, but have refused, would take datagrams again. When the
    /// one in use refuses as well, each gets its turn anyway.
    async fn probe_better_addresses(&mut self, boot: Duration) {
        let in_use =
            self.connection.as_ref().map(Connection::to).filter(|_| self.next_socket == NextSocket::Same);
        let better = in_use.map(|in_use| self.addresses.refused_before(in_use)).unwrap_or_default();
        self.last_is_second_best = !better.is_empty();
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
    fn report(&mut self, problem: Option<&SendError>, boot: Duration) {
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
        match self.connection.as_ref().map(Connection::to).filter(|_| self.resolver.literal().is_none()) {
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

impl fmt::Display for Telegraf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.resolver.address().fmt(f)
    }
}

#[cfg(test)]
mod tests;
