//! A line that takes its time: what comes in at one end goes out at the other a while later.
//!
//! The kernel would do that by `netem`, where it has that. Frames are carried whole, as they were sent: none is lost here
//! unless the machine is too busy.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use nix::libc::PACKET_OUTGOING;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvfrom, sendto, setsockopt,
    socket, sockopt,
};

use crate::namespace::Namespace;

/// How long it sleeps at most before it looks whether it is to end.
const NAP: Duration = Duration::from_millis(50);

/// The relay; ends when dropped.
pub(crate) struct Delay {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Delay {
    /// Carries frames between the two interfaces that `line` has besides its loopback, each `delay` after it came.
    pub(crate) fn start(line: &Namespace, delay: Duration) -> Self {
        let every = SockProtocol::EthAll;
        // The socket stays in the namespace in which it was opened.
        let frames =
            line.enter(|| socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, every));
        let frames = frames.expect("a socket for frames");
        setsockopt(&frames, sockopt::RcvBufForce, &(4 << 20)).expect("room for frames");
        let stop = Arc::new(AtomicBool::new(false));
        let mut relay = Relay { frames, delay, ends: [None; 2], waiting: VecDeque::new() };
        let stopped = Arc::clone(&stop);
        let thread = spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                relay.step();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Delay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Relay {
    frames: OwnedFd,
    delay: Duration,
    /// Both ends, as they are known from the first frame of each.
    ends: [Option<LinkAddr>; 2],
    /// What is under way: when it is due, the end at which it came in, and the frame.
    waiting: VecDeque<(Instant, usize, Vec<u8>)>,
}

impl Relay {
    /// Sends what is due, and takes what comes meanwhile.
    fn step(&mut self) {
        while self.waiting.front().is_some_and(|(due, ..)| *due <= Instant::now()) {
            let Some((_, from, frame)) = self.waiting.pop_front() else { break };
            let other = self.ends.iter().flatten().find(|end| end.ifindex() != from);
            if let Some(other) = other {
                // An end that is down takes nothing.
                let _ = sendto(self.frames.as_raw_fd(), &frame, other, MsgFlags::empty());
            }
        }
        let next =
            self.waiting.front().map_or(NAP, |(due, ..)| due.saturating_duration_since(Instant::now()));
        // In milliseconds, rounded down: it would come too late otherwise.
        let timeout = PollTimeout::try_from(next.min(NAP)).unwrap_or(PollTimeout::ZERO);
        let mut wanted = [PollFd::new(self.frames.as_fd(), PollFlags::POLLIN)];
        if poll(&mut wanted, timeout).is_ok_and(|ready| ready > 0) {
            self.receive();
        }
    }

    fn receive(&mut self) {
        let mut frame = vec![0; 1 << 16];
        let Ok((length, Some(from))) = recvfrom::<LinkAddr>(self.frames.as_raw_fd(), &mut frame) else {
            return;
        };
        frame.truncate(length);
        // Nothing is sent over the loopback here, and what goes out is seen as well.
        if from.pkttype() == PACKET_OUTGOING {
            return;
        }
        if !self.ends.iter().flatten().any(|end| end.ifindex() == from.ifindex())
            && let Some(end) = self.ends.iter_mut().find(|end| end.is_none())
        {
            *end = Some(from);
        }
        self.waiting.push_back((Instant::now() + self.delay, from.ifindex(), frame));
    }
}
