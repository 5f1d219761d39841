//! A name server of the test's own, which the program asks.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::connections::{at, udp};
use crate::exporter::PROGRAM;
use crate::household::Household;
use crate::namespace::Namespace;
use crate::wait::until;

/// Which name server the router asks, or which hosts it knows: `ip netns exec` puts the files of `/etc/netns/NAME` in the
/// place of those of `/etc`.
pub(crate) struct NameServer(PathBuf);

impl NameServer {
    pub(crate) fn of_router(home: &Household, address: &str) -> Self {
        Self::in_place_of(home, "resolv.conf", &format!("nameserver {address}\n"))
    }

    /// None: the router knows one host by itself, and no other.
    pub(crate) fn none_but_a_host(home: &Household, address: &str, name: &str) -> Self {
        Self::in_place_of(home, "hosts", &format!("{address} {name}\n"))
    }

    fn in_place_of(home: &Household, file: &str, text: &str) -> Self {
        let directory = Path::new("/etc/netns").join(home.router.name());
        // Another test may just be removing the directory above it.
        until("a directory below /etc/netns", || fs::create_dir_all(&directory).ok());
        fs::write(directory.join(file), text).unwrap_or_else(|error| panic!("writing {file}: {error}"));
        Self(directory)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        // Goes only if it is empty, that is if it was made for this.
        let _ = fs::remove_dir("/etc/netns");
    }
}

/// The program where the router's own name server is asked.
pub(crate) fn inside(home: &Household, config: &Path) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", home.router.name(), PROGRAM, "--config"]).arg(config);
    command
}

/// Answers every query in a thread of its own, until dropped: every name has these addresses.
pub(crate) struct Answering {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Answering {
    pub(crate) fn start(host: &Namespace, address: &str, addresses: &[&str]) -> Self {
        let socket = udp(host, at(address, 53));
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout above zero");
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| at(address, 0).ip()).collect();
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                // No query, or a bad one: there will be others.
                let _ = answer(&socket, &addresses);
            }
        });
        Self { over, thread: Some(thread) }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // A panic of it has been printed, and the test's own outcome matters more.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Answers one query, if there is one: every name has these addresses and no others.
pub(crate) fn answer(socket: &UdpSocket, addresses: &[IpAddr]) -> Option<()> {
    const A: &[u8] = &[0, 1, 0, 1];
    const AAAA: &[u8] = &[0, 28, 0, 1];
    let mut query = [0; 512];
    let (length, from) = socket.recv_from(&mut query).ok()?;
    let (id, question) = (query.get(..2)?, query.get(12..length)?);
    let record = |address: &IpAddr| match address {
        IpAddr::V4(address) if question.ends_with(A) => Some(address.octets().to_vec()),
        IpAddr::V6(address) if question.ends_with(AAAA) => Some(address.octets().to_vec()),
        _ => None,
    };
    let records: Vec<_> = addresses.iter().filter_map(record).collect();
    // A response without errors to one question.
    let count = u8::try_from(records.len()).ok()?;
    let mut response = [id, &[0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0], question].concat();
    for record in records {
        let length = u8::try_from(record.len()).ok()?;
        // The name of the question; type, class, a minute to live, and the length of the address.
        response.extend(
            [&[0xc0, 12], question.last_chunk::<4>()?.as_slice(), &[0, 0, 0, 60, 0, length]].concat(),
        );
        response.extend(record);
    }
    socket.send_to(&response, from).ok().map(|_| ())
}
