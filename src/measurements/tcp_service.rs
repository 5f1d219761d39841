//! `tcp_service`: how the router's own connections fare, port by port: as a server at a port of its own, as a client at
//! a port of others.
//!
//! A connection from the router to itself is of both. One that goes out from a port at which the router also waits is
//! taken for one that came in. Where the kernel has no `INET_DIAG`, only states are counted.
//!
//! What a connection did is told between one reading and the next, socket by socket (by the kernel's cookie): what it did
//! after the last reading before its end nobody sees.

mod known;
mod service;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::proc_net::sockets::{Socket, SocketSource, TcpState, Transport, Wanted};
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, float, integer};
use known::{Counted, Done, KnownSockets};
use service::{Counts, Service, Services};

/// How many services are shown at most.
pub const SERVICES_SHOWN: usize = 32;

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "tcp_service",
    every: Clock::Interval,
    tags: &[TagSchema::name("host"), TagSchema::of_ours("port", 5), TagSchema::of_ours("role", 6)],
    fields: &[
        integer("connections"),
        integer("half_open"),
        integer("time_wait"),
        integer("close_wait"),
        integer("rtt_us_min"),
        integer("rtt_us_median"),
        integer("rtt_us_max"),
        integer("cwnd_median"),
        integer("lost"),
        integer("unacked"),
        integer("retransmitted"),
        integer("bytes_acked"),
        integer("bytes_received"),
        float("retransmitted_percent"),
        float("rwnd_limited_percent"),
        float("sndbuf_limited_percent"),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &["connections", "half_open", "time_wait", "close_wait"],
};

/// The measurement.
#[derive(Clone, Debug, Default)]
pub struct TcpService {
    services: Services,
    sockets: KnownSockets,
}

type Fields = Vec<(&'static str, Value)>;

impl Measurement for TcpService {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { sockets: Wanted::Details, ..Needs::default() }
    }

    fn begin_sockets(&mut self) {
        self.services.clear();
        self.sockets.clear();
    }

    fn observe_socket(&mut self, socket: &Socket) {
        if socket.transport != Transport::Tcp {
            return;
        }
        let Some(service) = self.services.count(socket) else { return };
        let Some(details) = socket.details else { return };
        if let Some(info) = &details.tcp {
            self.sockets.see(details.cookie, service, socket.state == TcpState::Established, info);
        }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Some(source) = tick.sample.sockets else { return out.know_nothing() };
        let busiest = self.services.busiest(SERVICES_SHOWN);
        let more = self.services.met().saturating_sub(busiest.len());
        out.findings().series_overflow += u64::try_from(more).unwrap_or(u64::MAX);
        let by_diag = source == SocketSource::Diag;
        let done = if by_diag { self.sockets.settle() } else { None };
        let present = by_diag.then(|| self.present(&busiest));
        for (service, counts) in busiest {
            let mut fields = state_fields(&counts);
            if let Some(present) = &present {
                let present = present.get(&service);
                fields.extend(present.into_iter().flat_map(Present::fields));
                fields.extend(segment_fields(&counts));
            }
            if let Some(done) = &done {
                let done = done.get(&service).copied().unwrap_or_default();
                fields.extend(done_fields(&done, self.sockets.counted().unwrap_or_default()));
            }
            let port = service.port.to_string();
            let tags = [("port", port.as_str()), ("role", service.role.name())];
            out.push(out.tags(&[tick.sample.host_tag()], &tags), fields);
        }
    }
}

/// Figures of the connections that there are, one by one.
#[derive(Debug, Default)]
struct Present {
    rtt_us: Vec<u32>,
    windows: Vec<u32>,
}

impl TcpService {
    /// Those of these services.
    fn present(&self, services: &[(Service, Counts)]) -> HashMap<Service, Present, RandomState> {
        let mut present: HashMap<_, _, RandomState> =
            services.iter().map(|(service, _)| (*service, Present::default())).collect();
        for seen in self.sockets.seen().iter().filter(|seen| seen.established) {
            let Some(present) = present.get_mut(&seen.service) else { continue };
            present.windows.push(seen.congestion_window);
            // It is 0 until a segment was answered.
            present.rtt_us.extend(Some(seen.rtt_us).filter(|rtt| *rtt > 0));
        }
        for present in present.values_mut() {
            present.rtt_us.sort_unstable();
            present.windows.sort_unstable();
        }
        present
    }
}

impl Present {
    fn fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let figures = [
            ("rtt_us_min", self.rtt_us.first().copied()),
            ("rtt_us_median", median(&self.rtt_us)),
            ("rtt_us_max", self.rtt_us.last().copied()),
            ("cwnd_median", median(&self.windows)),
        ];
        figures.into_iter().filter_map(|(name, figure)| Some((name, Value::count(figure?))))
    }
}

/// That in the middle; of two the smaller one.
fn median(sorted: &[u32]) -> Option<u32> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn state_fields(counts: &Counts) -> Fields {
    vec![
        ("connections", Value::count(counts.connections)),
        ("half_open", Value::count(counts.half_open)),
        ("time_wait", Value::count(counts.time_wait)),
        ("close_wait", Value::count(counts.close_wait)),
    ]
}

fn segment_fields(counts: &Counts) -> [(&'static str, Value); 2] {
    [("lost", Value::count(counts.lost)), ("unacked", Value::count(counts.unacked))]
}

/// What was done, as far as the kernel counts it.
fn done_fields(done: &Done, counted: Counted) -> Fields {
    let mut fields = vec![("retransmitted", Value::count(done.retransmitted))];
    if counted.bytes {
        fields.push(("bytes_acked", Value::count(done.bytes_acked)));
        fields.push(("bytes_received", Value::count(done.bytes_received)));
    }
    let shares = [
        ("retransmitted_percent", done.bytes_retransmitted, done.bytes_sent, counted.bytes_sent),
        ("rwnd_limited_percent", done.receive_window_limited_us, done.busy_us, counted.busy),
        ("sndbuf_limited_percent", done.send_buffer_limited_us, done.busy_us, counted.busy),
    ];
    for (name, part, whole, _) in shares.into_iter().filter(|(_, _, whole, counted)| *counted && *whole > 0) {
        fields.push((name, Value::Float(percent(part, whole))));
    }
    fields
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
const fn percent(part: u64, whole: u64) -> f64 {
    100.0 * (part as f64) / (whole as f64)
}

#[cfg(test)]
mod tests;
