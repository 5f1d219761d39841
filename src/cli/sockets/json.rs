//! Sockets as JSON. What isn't known is absent.

use std::net::IpAddr;

use serde::Serialize;

use super::state;
use super::table::{Row, protocol};
use crate::proc_net::sockets::{Socket, SocketMemory, TcpInfo, TcpState, Timer, TimerKind};

/// One socket.
#[derive(Debug, Serialize)]
pub(super) struct SocketObject {
    protocol: &'static str,
    state: &'static str,
    local_address: IpAddr,
    local_port: u16,
    #[serde(flatten)]
    remote: Option<Remote>,
    #[serde(flatten)]
    queues: Queues,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inode: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<ProcessObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timer: Option<TimerObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<MemoryObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<TcpObject>,
}

#[derive(Debug, Serialize)]
struct Remote {
    remote_address: IpAddr,
    remote_port: u16,
}

/// Of one that listens, connections; of others, bytes.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Queues {
    Listening {
        waiting_connections: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        backlog: Option<u32>,
    },
    Connected {
        receive_queue_bytes: u32,
        send_queue_bytes: u32,
    },
}

#[derive(Debug, Serialize)]
struct ProcessObject {
    pid: u32,
    name: String,
}

#[derive(Debug, Serialize)]
struct TimerObject {
    kind: &'static str,
    expires_ms: u32,
    retransmits: u8,
}

#[derive(Debug, Serialize)]
struct MemoryObject {
    receive_bytes: u32,
    receive_limit_bytes: u32,
    transmit_bytes: u32,
    transmit_limit_bytes: u32,
    forward_bytes: u32,
    queued_bytes: u32,
    option_bytes: u32,
    backlog_bytes: u32,
    dropped_packets: u32,
}

#[derive(Debug, Serialize)]
struct TcpObject {
    rtt_us: u32,
    rtt_variance_us: u32,
    lost_segments: u32,
    unacked_segments: u32,
    retransmitting_segments: u32,
    retransmitted_segments: u32,
    congestion_window_segments: u32,
    segment_bytes: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    slow_start_threshold_segments: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_rtt_us: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pacing_bytes_per_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_bytes_per_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_sent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_retransmitted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_acked: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_received: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    busy_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receive_window_limited_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_buffer_limited_us: Option<u64>,
}

impl SocketObject {
    /// The object of a row.
    pub(super) fn new(row: &Row) -> Self {
        let Socket { transport, state, local, remote, uid, inode, details, .. } = row.socket;
        let remote =
            (remote.port() != 0).then(|| Remote { remote_address: remote.ip(), remote_port: remote.port() });
        // The kernel has forgotten whose these are.
        let forgotten = matches!(state, TcpState::TimeWait | TcpState::SynRecv);
        Self {
            protocol: protocol(transport),
            state: state::name(state),
            local_address: local.ip(),
            local_port: local.port(),
            remote,
            queues: Queues::new(&row.socket),
            uid: (!forgotten).then_some(uid),
            inode: Some(inode).filter(|inode| *inode != 0),
            process: row.holder().map(|(pid, name)| ProcessObject { pid, name }),
            timer: details.and_then(|details| details.timer).map(TimerObject::new),
            memory: details.and_then(|details| details.memory).map(MemoryObject::new),
            tcp: details.and_then(|details| details.tcp).map(TcpObject::new),
        }
    }
}

impl Queues {
    fn new(socket: &Socket) -> Self {
        let Socket { receive_queue, send_queue, details, .. } = *socket;
        if socket.accepts_connections() {
            let backlog = details.is_some().then_some(send_queue);
            return Self::Listening { waiting_connections: receive_queue, backlog };
        }
        Self::Connected { receive_queue_bytes: receive_queue, send_queue_bytes: send_queue }
    }
}

impl TimerObject {
    fn new(Timer { kind, expires_ms, retransmits }: Timer) -> Self {
        let kind = match kind {
            TimerKind::Retransmit => "retransmit",
            TimerKind::KeepAlive => "keepalive",
            TimerKind::TimeWait => "time_wait",
            TimerKind::Probe => "probe",
        };
        Self { kind, expires_ms, retransmits }
    }
}

impl MemoryObject {
    fn new(memory: SocketMemory) -> Self {
        Self {
            receive_bytes: memory.receive,
            receive_limit_bytes: memory.receive_limit,
            transmit_bytes: memory.transmit,
            transmit_limit_bytes: memory.transmit_limit,
            forward_bytes: memory.forward,
            queued_bytes: memory.queued,
            option_bytes: memory.options,
            backlog_bytes: memory.backlog,
            dropped_packets: memory.drops,
        }
    }
}

impl TcpObject {
    fn new(tcp: TcpInfo) -> Self {
        Self {
            rtt_us: tcp.rtt_us,
            rtt_variance_us: tcp.rtt_variance_us,
            lost_segments: tcp.lost,
            unacked_segments: tcp.unacked,
            retransmitting_segments: tcp.retransmitting,
            retransmitted_segments: tcp.total_retransmitted,
            congestion_window_segments: tcp.congestion_window,
            segment_bytes: tcp.segment_bytes,
            slow_start_threshold_segments: tcp.slow_start_threshold,
            min_rtt_us: tcp.min_rtt_us,
            pacing_bytes_per_second: tcp.pacing_rate,
            delivery_bytes_per_second: tcp.delivery_rate,
            bytes_sent: tcp.bytes_sent,
            bytes_retransmitted: tcp.bytes_retransmitted,
            bytes_acked: tcp.bytes_acked,
            bytes_received: tcp.bytes_received,
            busy_us: tcp.busy_us,
            receive_window_limited_us: tcp.receive_window_limited_us,
            send_buffer_limited_us: tcp.send_buffer_limited_us,
        }
    }
}
