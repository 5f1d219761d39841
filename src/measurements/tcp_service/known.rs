//! What each connection had done when it was last seen, and so what it did since.

use std::cmp::Ordering;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::service::Service;
use crate::proc_net::sockets::TcpInfo;

/// So many sockets of one reading are known one by one. Each takes 88 bytes, and up to five times that while readings are
/// compared of which one has lost all that the other had: 3.6 MB.
pub(super) const SOCKETS_AT_MOST: usize = 8_192;

/// A socket, as it was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    cookie: u64,
    pub(super) service: Service,
    /// Whether it is a connection that both sides have open.
    pub(super) established: bool,
    /// It was not there in the last reading.
    missed: bool,
    pub(super) rtt_us: u32,
    pub(super) congestion_window: u32,
    done: Done,
}

/// What a connection has done, or several did in a time. What the kernel doesn't count is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) retransmitted: u64,
    pub(super) bytes_acked: u64,
    pub(super) bytes_received: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_retransmitted: u64,
    pub(super) busy_us: u64,
    pub(super) receive_window_limited_us: u64,
    pub(super) send_buffer_limited_us: u64,
}

/// How far the kernel's structure reaches: what it counts at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) bytes: bool,
    pub(super) busy: bool,
    pub(super) bytes_sent: bool,
}

impl Counted {
    const fn of(info: &TcpInfo) -> Self {
        Self {
            bytes: info.bytes_acked.is_some() && info.bytes_received.is_some(),
            busy: info.send_buffer_limited_us.is_some(),
            bytes_sent: info.bytes_retransmitted.is_some(),
        }
    }
}

impl Done {
    fn of(info: &TcpInfo) -> Self {
        Self {
            retransmitted: info.total_retransmitted.into(),
            bytes_acked: info.bytes_acked.unwrap_or_default(),
            bytes_received: info.bytes_received.unwrap_or_default(),
            bytes_sent: info.bytes_sent.unwrap_or_default(),
            bytes_retransmitted: info.bytes_retransmitted.unwrap_or_default(),
            busy_us: info.busy_us.unwrap_or_default(),
            receive_window_limited_us: info.receive_window_limited_us.unwrap_or_default(),
            send_buffer_limited_us: info.send_buffer_limited_us.unwrap_or_default(),
        }
    }

    const fn each(&mut self) -> [&mut u64; 8] {
        let Self {
            retransmitted,
            bytes_acked,
            bytes_received,
            bytes_sent,
            bytes_retransmitted,
            busy_us,
            receive_window_limited_us,
            send_buffer_limited_us,
        } = self;
        [
            retransmitted,
            bytes_acked,
            bytes_received,
            bytes_sent,
            bytes_retransmitted,
            busy_us,
            receive_window_limited_us,
            send_buffer_limited_us,
        ]
    }

    /// Adds what was done between `before` and `now`. A counter that fell adds nothing.
    fn add_since(&mut self, mut before: Self, mut now: Self) {
        for ((sum, before), now) in self.each().into_iter().zip(before.each()).zip(now.each()) {
            *sum = sum.saturating_add(now.saturating_sub(*before));
        }
    }
}

/// The sockets of the last reading, and those of this one.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownSockets {
    /// In the order of their cookies, with those that only this reading has missed; `None` before the first.
    last: Option<Vec<Seen>>,
    /// The last reading had more than could be kept: what is new may have been there.
    was_crowded: bool,
    now: Vec<Seen>,
    is_crowded: bool,
    counted: Option<Counted>,
}

impl KnownSockets {
    /// Nothing was shown yet.
    pub(super) fn clear(&mut self) {
        self.now.clear();
        self.is_crowded = false;
        self.counted = None;
    }

    /// A socket was shown.
    pub(super) fn see(&mut self, cookie: u64, service: Service, established: bool, info: &TcpInfo) {
        if self.now.len() >= SOCKETS_AT_MOST {
            self.is_crowded = true;
            return;
        }
        self.counted.get_or_insert_with(|| Counted::of(info));
        self.now.push(Seen {
            cookie,
            service,
            established,
            missed: false,
            rtt_us: info.rtt_us,
            congestion_window: info.congestion_window,
            done: Done::of(info),
        });
    }

    /// The sockets of this reading.
    pub(super) fn seen(&self) -> &[Seen] {
        &self.now
    }

    /// What this kernel counts; `None` if no socket has told.
    pub(super) const fn counted(&self) -> Option<Counted> {
        self.counted
    }

    /// The reading was whole: what each service did since the last one that was; `None` after the first. Of a socket that
    /// has come since, that is all that it did, unless it may have been passed over before.
    pub(super) fn settle(&mut self) -> Option<HashMap<Service, Done, RandomState>> {
        self.now.sort_unstable_by_key(|seen| seen.cookie);
        // The dump may show a socket twice, and either is as good.
        self.now.dedup_by_key(|seen| seen.cookie);
        let since_nothing = (!self.was_crowded).then(Done::default);
        self.was_crowded = self.is_crowded;
        let Some(last) = self.last.take() else {
            self.last = Some(self.now.clone());
            return None;
        };
        let mut done: HashMap<Service, Done, RandomState> = HashMap::default();
        let mut kept = Vec::with_capacity(self.now.len());
        let mut last = last.into_iter().peekable();
        for seen in &self.now {
            let mut before = since_nothing;
            while let Some(known) = last.next_if(|known| known.cookie <= seen.cookie) {
                match known.cookie.cmp(&seen.cookie) {
                    Ordering::Equal => before = Some(known.done),
                    _ => kept.extend(known.once_more()),
                }
            }
            kept.push(*seen);
            if let Some(before) = before {
                done.entry(seen.service).or_default().add_since(before, seen.done);
            }
        }
        kept.extend(last.filter_map(Seen::once_more));
        self.last = Some(kept);
        Some(done)
    }
}

impl Seen {
    /// A socket that was not there this time. The dump may have missed it, since it isn't of one moment: it is kept for one
    /// reading more, lest all that it has done since its beginning be taken for new.
    fn once_more(self) -> Option<Self> {
        (!self.missed).then_some(Self { missed: true, ..self })
    }
}

#[cfg(test)]
mod tests;
