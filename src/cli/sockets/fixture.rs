//! Sockets for tests.

use crate::proc_net::sockets::processes::Process;
use crate::proc_net::sockets::{
    Details, Socket, SocketMemory, TcpInfo, TcpState, Timer, TimerKind, Transport,
};

/// A socket of TCP of which only the text is known.
pub(super) fn socket(state: TcpState, local: &str, remote: &str) -> Socket {
    Socket {
        transport: Transport::Tcp,
        state,
        local: local.parse().unwrap(),
        remote: remote.parse().unwrap(),
        receive_queue: 0,
        send_queue: 0,
        uid: 0,
        inode: 0,
        details: None,
    }
}

/// A process.
pub(super) fn process(pid: u32, name: &str) -> Process {
    Process { pid, name: name.into() }
}

/// A connection of which everything is known.
pub(super) fn detailed() -> Socket {
    let tcp = TcpInfo {
        rtt_us: 20_345,
        rtt_variance_us: 1_500,
        min_rtt_us: Some(18_000),
        lost: 1,
        unacked: 4,
        retransmitting: 2,
        total_retransmitted: 17,
        congestion_window: 10,
        slow_start_threshold: Some(7),
        segment_bytes: 1448,
        pacing_rate: Some(1_250_000),
        delivery_rate: Some(125_000),
        bytes_acked: Some(1000),
        bytes_received: Some(2000),
        busy_us: Some(500_000),
        receive_window_limited_us: Some(125_000),
        send_buffer_limited_us: Some(0),
        bytes_sent: Some(1200),
        bytes_retransmitted: Some(200),
    };
    let memory = SocketMemory {
        receive: 1,
        receive_limit: 131_072,
        transmit: 2,
        transmit_limit: 87_040,
        forward: 3,
        queued: 4,
        options: 5,
        backlog: 6,
        drops: 7,
    };
    let timer = Timer { kind: TimerKind::Retransmit, expires_ms: 200, retransmits: 2 };
    let details = Details { cookie: 1, tcp: Some(tcp), memory: Some(memory), timer: Some(timer) };
    Socket {
        receive_queue: 8,
        send_queue: 9,
        uid: 1000,
        inode: 4711,
        details: Some(details),
        ..socket(TcpState::Established, "192.0.2.1:22", "198.51.100.7:5000")
    }
}
