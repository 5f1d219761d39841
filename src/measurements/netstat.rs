//! `netstat`: how many sockets of the router's own are in which state, in the names and types of Telegraf's own netstat
//! input.
//!
//! That one counts Unix sockets among those of UDP and those without a state, and of several sockets on one address only
//! one. Here a socket is a socket: `udp_socket` are the rows of UDP, and `tcp_none`, a state that no socket of TCP is in,
//! is always 0.

use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::proc_net::sockets::{Socket, TcpState, Transport, Wanted};
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, integer};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "netstat",
    every: Clock::Interval,
    tags: &[TagSchema::name("host")],
    fields: &[
        integer("tcp_established"),
        integer("tcp_syn_sent"),
        integer("tcp_syn_recv"),
        integer("tcp_fin_wait1"),
        integer("tcp_fin_wait2"),
        integer("tcp_time_wait"),
        integer("tcp_close"),
        integer("tcp_close_wait"),
        integer("tcp_last_ack"),
        integer("tcp_listen"),
        integer("tcp_closing"),
        integer("tcp_none"),
        integer("udp_socket"),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// The measurement.
#[derive(Clone, Debug, Default)]
pub struct Netstat {
    tcp: StateCounts,
    udp: u64,
}

/// How many sockets are in each state.
#[derive(Clone, Debug, Default)]
struct StateCounts {
    established: u64,
    syn_sent: u64,
    syn_recv: u64,
    fin_wait1: u64,
    fin_wait2: u64,
    time_wait: u64,
    close: u64,
    close_wait: u64,
    last_ack: u64,
    listen: u64,
    closing: u64,
}

impl StateCounts {
    const fn of(&mut self, state: TcpState) -> &mut u64 {
        match state {
            TcpState::Established => &mut self.established,
            TcpState::SynSent => &mut self.syn_sent,
            TcpState::SynRecv => &mut self.syn_recv,
            TcpState::FinWait1 => &mut self.fin_wait1,
            TcpState::FinWait2 => &mut self.fin_wait2,
            TcpState::TimeWait => &mut self.time_wait,
            TcpState::Close => &mut self.close,
            TcpState::CloseWait => &mut self.close_wait,
            TcpState::LastAck => &mut self.last_ack,
            TcpState::Listen => &mut self.listen,
            TcpState::Closing => &mut self.closing,
        }
    }
}

impl Measurement for Netstat {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { sockets: Wanted::States, ..Needs::default() }
    }

    fn begin_sockets(&mut self) {
        *self = Self::default();
    }

    fn observe_socket(&mut self, socket: &Socket) {
        match socket.transport {
            Transport::Tcp => *self.tcp.of(socket.state) += 1,
            Transport::Udp => self.udp += 1,
        }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        if tick.sample.sockets.is_none() {
            return out.know_nothing();
        }
        let StateCounts { established, syn_sent, syn_recv, fin_wait1, fin_wait2, .. } = self.tcp;
        let StateCounts { time_wait, close, close_wait, last_ack, listen, closing, .. } = self.tcp;
        // In the order of the schema.
        let counts = [
            established,
            syn_sent,
            syn_recv,
            fin_wait1,
            fin_wait2,
            time_wait,
            close,
            close_wait,
            last_ack,
            listen,
            closing,
            0,
            self.udp,
        ];
        let names = SCHEMA.fields.iter().map(|field| field.name);
        let fields = names.zip(counts).map(|(name, count)| (name, Value::count(count))).collect();
        out.push(out.tags(&[tick.sample.host_tag()], &[]), fields);
    }
}

#[cfg(test)]
mod tests;
