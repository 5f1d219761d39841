//! From a name to addresses, without holding anybody up.
//!
//! The C library knows how the machine resolves names, and waits while it does. So each lookup has a thread of its own
//! for as long as it lasts. A pool of threads, such as Tokio's behind its own `lookup_host`, panics where none can be made.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::config::Address;

/// How long a name may take to be resolved before that counts as a failure.
pub(crate) const RESOLVING_AT_MOST: Duration = Duration::from_secs(5);

/// A name that is being resolved. It holds its thread until it has ended, also if nobody waits for it any longer.
#[derive(Debug)]
pub(crate) struct Lookup {
    address: Address,
    since: Instant,
    thread: JoinHandle<()>,
    answer: oneshot::Receiver<io::Result<Vec<SocketAddr>>>,
}

impl Lookup {
    /// Asks for the addresses of the host, with the port behind each, as getaddrinfo(3) gives them. The error is that of a
    /// thread that can't be made, as where `RLIMIT_NPROC` is reached.
    pub(crate) fn begin(address: &Address) -> io::Result<Self> {
        let (sender, answer) = oneshot::channel();
        let target = (address.host().to_owned(), address.port());
        let ask = move || {
            // Fails only if nobody wants to know any longer.
            let _ = sender.send(target.to_socket_addrs().map(Iterator::collect));
        };
        let thread = thread::Builder::new().name("resolver".to_owned()).spawn(ask).map_err(|error| {
            io::Error::new(error.kind(), format!("no thread can be made for the lookup: {error}"))
        })?;
        Ok(Self { address: address.clone(), since: Instant::now(), thread, answer })
    }

    /// Whether this is what it asks for.
    pub(crate) fn is_for(&self, address: &Address) -> bool {
        self.address == *address
    }

    /// For how long it has been asking.
    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether it has ended, so that its answer is there and its thread gone.
    pub(crate) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// The answer, for which this waits.
    pub(crate) async fn answer(self) -> io::Result<Vec<SocketAddr>> {
        self.answer.await.map_err(io::Error::other)?
    }
}

/// The address that the host is without being asked for, as it says it itself.
pub(crate) fn literal(address: &Address) -> Option<SocketAddr> {
    address.host().parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Address {
        address.to_owned().try_into().unwrap()
    }

    #[tokio::test]
    async fn names_and_addresses() {
        let found = Lookup::begin(&at("localhost:8094")).unwrap().answer().await.unwrap();
        assert!(
            found.iter().any(|address| address.ip().is_loopback() && address.port() == 8094),
            "{found:?}"
        );
        assert_eq!(literal(&at("192.168.8.10:8094")), Some(([192, 168, 8, 10], 8094).into()));
        assert_eq!(literal(&at("[::1]:1")).map(|address| address.to_string()).as_deref(), Some("[::1]:1"));
        assert_eq!(literal(&at("localhost:8094")), None);
    }

    #[tokio::test]
    async fn it_has_ended_when_its_answer_is_there() {
        let lookup = Lookup::begin(&at("localhost:8094")).unwrap();
        assert!(lookup.is_for(&at("localhost:8094")));
        assert!(!lookup.is_for(&at("localhost:8095")) && !lookup.is_for(&at("telegraf:8094")));
        while !lookup.is_finished() {
            tokio::task::yield_now().await;
        }
        assert!(lookup.answer().await.is_ok());
    }
}
