//! The router's own sockets: those of TCP by `INET_DIAG` where the kernel has it, else by `/proc/net/tcp` and
//! `/proc/net/tcp6`; those of UDP by `/proc/net/udp` and `/proc/net/udp6`.
//!
//! They are handed out one by one, and never held. Those of IPv6 come first, of each family those that listen: so
//! whoever is shown a connection was shown the socket that accepted it before.
//!
//! Neither way is of one moment: a socket that comes or goes meanwhile may be missing, or be there twice.

pub mod diag;
pub mod processes;
pub mod tcp_info;
pub mod text;

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tracing::info;

use super::ProcNetError;
use crate::root::Root;
use diag::{Ask, DiagError};

/// TCP over IPv4.
pub const TCP: &str = "/proc/net/tcp";
/// TCP over IPv6.
pub const TCP6: &str = "/proc/net/tcp6";
/// UDP over IPv4.
pub const UDP: &str = "/proc/net/udp";
/// UDP over IPv6.
pub const UDP6: &str = "/proc/net/udp6";

/// A kernel that has refused `INET_DIAG` is asked again after so long: it looks for a module each time.
const ASK_AGAIN_AFTER: Duration = Duration::from_hours(1);

/// One socket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Socket {
    /// TCP or UDP.
    pub transport: Transport,
    /// Of UDP, `Established` if it is connected and `Close` otherwise, as the kernel has it.
    pub state: TcpState,
    /// This side, as it is bound. An IPv4 address may be mapped into IPv6: as the kernel tells it.
    pub local: SocketAddr,
    /// The other side; nothing but zeros if there is none.
    pub remote: SocketAddr,
    /// Bytes that were not read yet; of one that listens, connections that were not accepted yet.
    pub receive_queue: u32,
    /// Bytes that were not acknowledged yet. Of one that listens, how many connections may wait: 0 in the text, which
    /// doesn't tell.
    pub send_queue: u32,
    /// Whose it is; 0 where the kernel has forgotten it (`TIME_WAIT`, half-open).
    pub uid: u32,
    /// Its inode, by which processes hold it; 0 where it has none.
    pub inode: u64,
    /// What the kernel tells of it by `INET_DIAG` alone.
    pub details: Option<Details>,
}

impl Socket {
    /// Whether it waits for whoever comes. One of UDP without another side does, once it has a port to come to.
    pub const fn listens(&self) -> bool {
        match self.transport {
            Transport::Tcp => matches!(self.state, TcpState::Listen),
            Transport::Udp => self.remote.port() == 0 && self.local.port() != 0,
        }
    }
}

/// TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A state by the kernel's numbers (`net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "RFC 9293 says what they mean")]
pub enum TcpState {
    Established = 1,
    SynSent,
    /// Half-open ones too (`TCP_NEW_SYN_RECV`).
    SynRecv,
    FinWait1,
    FinWait2,
    TimeWait,
    Close,
    CloseWait,
    LastAck,
    Listen,
    Closing,
}

impl TcpState {
    /// The state of this number.
    pub const fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            // Since Linux 4.4 the kernel keeps half-open ones apart (`TCP_NEW_SYN_RECV`), and shows them as 3.
            3 | 12 => Self::SynRecv,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Close,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            _ => return None,
        })
    }
}

/// What `INET_DIAG` tells besides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Details {
    /// Tells this socket from any other of this boot.
    pub cookie: u64,
    /// How the connection fares; a socket in `TIME_WAIT` or half-open has none.
    pub tcp: Option<TcpInfo>,
    /// What is stored for it.
    pub memory: Option<SocketMemory>,
    /// The timer that runs: its kind and milliseconds left, and how often it has fired.
    pub timer: Option<Timer>,
}

/// The figures of `struct tcp_info`, as far as this kernel's is long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpInfo {
    /// The smoothed round-trip time, in microseconds.
    pub rtt_us: u32,
    /// How much it varies, in microseconds.
    pub rtt_variance_us: u32,
    /// The smallest so far, in microseconds; since Linux 4.6.
    pub min_rtt_us: Option<u32>,
    /// Segments that are taken for lost now.
    pub lost: u32,
    /// Segments that were not acknowledged yet.
    pub unacked: u32,
    /// Segments that are being sent again now.
    pub retransmitting: u32,
    /// Segments that were sent again so far.
    pub total_retransmitted: u32,
    /// The congestion window, in segments.
    pub congestion_window: u32,
    /// Its slow-start threshold, in segments; `None` if there is none.
    pub slow_start_threshold: Option<u32>,
    /// Bytes in a segment.
    pub segment_bytes: u32,
    /// Bytes per second that it is paced to, if it is.
    pub pacing_rate: Option<u64>,
    /// Bytes per second that arrived lately; since Linux 4.9.
    pub delivery_rate: Option<u64>,
    /// Bytes that the other side has acknowledged; since Linux 4.1.
    pub bytes_acked: Option<u64>,
    /// Bytes that came in; since Linux 4.1.
    pub bytes_received: Option<u64>,
    /// Microseconds in which it had something to send; since Linux 4.10.
    pub busy_us: Option<u64>,
    /// Of these, those in which the other side's window was full.
    pub receive_window_limited_us: Option<u64>,
    /// Of these, those in which its own buffer was full.
    pub send_buffer_limited_us: Option<u64>,
    /// Bytes that were sent, the repeated ones too; since Linux 4.19.
    pub bytes_sent: Option<u64>,
    /// Bytes that were sent again; since Linux 4.19.
    pub bytes_retransmitted: Option<u64>,
}

/// What is stored for a socket, in bytes (`SK_MEMINFO_*` of `linux/sock_diag.h`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketMemory {
    /// Received and not read.
    pub receive: u32,
    /// Room for that.
    pub receive_limit: u32,
    /// On its way out.
    pub transmit: u32,
    /// Room for that.
    pub transmit_limit: u32,
    /// Allotted beforehand.
    pub forward: u32,
    /// Queued to be written.
    pub queued: u32,
    /// Options and filters.
    pub options: u32,
    /// Waiting while the socket was busy.
    pub backlog: u32,
    /// Packets that were dropped.
    pub drops: u32,
}

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// What it will do.
    pub kind: TimerKind,
    /// In how many milliseconds.
    pub expires_ms: u32,
    /// How often it has done so already.
    pub retransmits: u8,
}

/// What a timer does (`idiag_timer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerKind {
    /// Send again.
    Retransmit,
    /// Ask whether the other side is still there.
    KeepAlive,
    /// Forget the connection.
    TimeWait,
    /// Ask whether the other side's window has opened.
    Probe,
}

/// Which sockets are wanted, and how much of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// None.
    #[default]
    Nothing,
    /// Where they are and in which state.
    States,
    /// And what `INET_DIAG` tells of how they fare.
    Details,
}

/// How the sockets of TCP were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketSource {
    /// By `INET_DIAG`.
    Diag,
    /// As text.
    Text,
}

/// Reads sockets, and remembers what the kernel doesn't have.
#[derive(Debug, Default)]
pub struct SocketReader {
    skipped: u64,
    /// When the kernel has last refused `INET_DIAG`.
    refused: Option<Instant>,
}

impl SocketReader {
    /// Hands every socket of the router below `root` to `each`. An error means that not all were shown, and that those
    /// that were are void: to read once more may do. Where the kernel
    /// is without IPv6, there are none of it. Of another router's files those of TCP and of UDP over IPv4 must be there.
    pub fn read(
        &mut self,
        root: &Root,
        wanted: Wanted,
        each: &mut dyn FnMut(&Socket),
    ) -> Result<SocketSource, ProcNetError> {
        self.skipped = 0;
        let by_diag = root.is_live() && self.diag(wanted, each)?;
        if !by_diag {
            self.text(root, Transport::Tcp, [TCP6, TCP], each)?;
        }
        self.text(root, Transport::Udp, [UDP6, UDP], each)?;
        Ok(if by_diag { SocketSource::Diag } else { SocketSource::Text })
    }

    /// How many rows or messages the last reading has left out, since they can't be understood.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Asks the kernel for the sockets of TCP, if it can be asked. For states alone as well: that costs what the text does,
    /// and tells how many connections may wait.
    fn diag(&mut self, wanted: Wanted, each: &mut dyn FnMut(&Socket)) -> Result<bool, ProcNetError> {
        if self.refused.is_some_and(|refused| refused.elapsed() < ASK_AGAIN_AFTER) {
            return Ok(false);
        }
        match diag::read(if wanted == Wanted::Details { Ask::Everything } else { Ask::Plain }, each) {
            Ok(skipped) => {
                self.skipped += skipped;
                self.refused = None;
                Ok(true)
            }
            Err(DiagError::Unavailable(error)) => {
                if self.refused.replace(Instant::now()).is_none() {
                    info!(
                        "the kernel has no INET_DIAG ({error}): how connections fare and how long queues may grow is \
                         left out; on OpenWrt the package kmod-inet-diag has it"
                    );
                }
                Ok(false)
            }
            Err(DiagError::Broken(source)) => Err(ProcNetError { path: "INET_DIAG".into(), source }),
        }
    }

    /// Reads the files of a transport over IPv6 and over IPv4.
    fn text(
        &mut self,
        root: &Root,
        transport: Transport,
        [ipv6, ipv4]: [&str; 2],
        each: &mut dyn FnMut(&Socket),
    ) -> Result<(), ProcNetError> {
        for path in [ipv6, ipv4] {
            match root.open(path).and_then(|file| text::read(file, transport, each)) {
                Ok(skipped) => self.skipped += skipped,
                Err(error) if path == ipv6 && error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ProcNetError { path: root.path(path), source }),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
