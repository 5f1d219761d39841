//! The table of sockets: what a terminal shows, and JSON.

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

use super::totals::Totals;
use super::{details, state};
use crate::devices::name::Name;
use crate::proc_net::sockets::processes::Process;
use crate::proc_net::sockets::{Socket, SocketSource, TcpState, Transport};

/// A socket, and who holds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The socket.
    pub(super) socket: Socket,
    /// The process, if that is known.
    pub(super) process: Option<Process>,
}

/// The whole table.
#[derive(Debug)]
pub(super) struct SocketTable {
    rows: Vec<Row>,
    source: SocketSource,
    totals: Totals,
}

impl SocketTable {
    /// These sockets, by state, local port and remote.
    pub(super) fn new(mut rows: Vec<Row>, source: SocketSource, totals: Totals) -> Self {
        rows.sort_by_key(|Row { socket, .. }| {
            (socket.state, socket.local.port(), socket.remote, socket.transport, socket.local)
        });
        Self { rows, source, totals }
    }

    /// One object of JSON.
    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            source: &'static str,
            sockets: Vec<super::json::SocketObject>,
            totals: &'a Totals,
        }
        let source = match self.source {
            SocketSource::Diag => "inet_diag",
            SocketSource::Text => "text",
        };
        let sockets = self.rows.iter().map(super::json::SocketObject::new).collect();
        Ok(serde_json::to_string_pretty(&Document { source, sockets, totals: &self.totals })? + "\n")
    }
}

const TITLES: [&str; 7] = ["PROTO", "STATE", "RECV-Q", "SEND-Q", "LOCAL", "REMOTE", "PROCESS"];

impl fmt::Display for SocketTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.rows.iter().map(|row| row.cells().map(|cell| cell.chars().count()));
        let widths = widths.fold(TITLES.map(str::len), |most, these| {
            let mut these = these.into_iter();
            most.map(|width| these.next().map_or(width, |this| this.max(width)))
        });
        write_cells(f, &TITLES.map(str::to_owned), widths)?;
        for row in &self.rows {
            write_cells(f, &row.cells(), widths)?;
            let details = row.socket.details.as_ref().map(details::line).unwrap_or_default();
            if !details.is_empty() {
                writeln!(f, "        {details}")?;
            }
        }
        write!(f, "{}", self.totals)
    }
}

fn write_cells(f: &mut fmt::Formatter<'_>, cells: &[String; 7], widths: [usize; 7]) -> fmt::Result {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
    writeln!(f, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())
}

impl Row {
    fn cells(&self) -> [String; 7] {
        let Socket { transport, state, local, remote, receive_queue, send_queue, .. } = &self.socket;
        // Of one that listens, the text doesn't tell how many may wait.
        let unknown = self.socket.accepts_connections() && self.socket.details.is_none();
        [
            protocol(*transport).to_owned(),
            state::shown(*state).to_owned(),
            receive_queue.to_string(),
            if unknown { "-".to_owned() } else { send_queue.to_string() },
            end(local),
            end(remote),
            self.holder().map_or_else(|| "-".to_owned(), |(pid, name)| format!("{name} ({pid})")),
        ]
    }

    /// Number and name of who holds it. Whatever a process calls itself, it can't move a cursor.
    pub(super) fn holder(&self) -> Option<(u32, String)> {
        let Process { pid, name } = self.process.as_ref()?;
        let name = Name::clean(name.as_bytes()).map_or_else(|| "?".to_owned(), |name| name.to_string());
        Some((*pid, name))
    }
}

impl Socket {
    /// Whether it is of TCP and waits for connections: its queues count these.
    pub(super) fn accepts_connections(&self) -> bool {
        self.transport == Transport::Tcp && self.state == TcpState::Listen
    }
}

/// What a transport is called.
pub(super) const fn protocol(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

/// An address and its port; `*` where there is none.
fn end(end: &SocketAddr) -> String {
    match (end.port(), end) {
        (0, SocketAddr::V4(end)) => format!("{}:*", end.ip()),
        (0, SocketAddr::V6(end)) => format!("[{}]:*", end.ip()),
        _ => end.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sockets::fixture::{detailed, process, socket};
    use crate::proc_net::sockets::Details;
    use serde_json::{Value, json};

    fn rows() -> Vec<Row> {
        let row = |socket, process| Row { socket, process };
        let listening = Socket { receive_queue: 1, ..socket(TcpState::Listen, "[::]:22", "[::]:0") };
        let backlog = Some(Details::default());
        vec![
            row(Socket { details: backlog, send_queue: 128, ..listening }, Some(process(812, "dropbear"))),
            row(listening, None),
            row(socket(TcpState::TimeWait, "[::ffff:192.0.2.1]:80", "[::ffff:198.51.100.7]:5001"), None),
            row(detailed(), Some(process(9, "evil\x1b[2J\n\u{202e}name"))),
            row(socket(TcpState::Established, "192.0.2.1:21", "198.51.100.7:9"), None),
        ]
    }

    fn table() -> SocketTable {
        SocketTable::new(rows(), SocketSource::Diag, Totals::default())
    }

    #[test]
    fn one_line_for_each_and_one_for_how_it_fares() {
        let text = table().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), TITLES);
        assert_eq!(
            lines[1].split_whitespace().nth(4),
            Some("192.0.2.1:21"),
            "by port within a state: {text}"
        );
        assert!(lines[2].contains("ESTAB") && lines[2].contains("198.51.100.7:5000"), "{text}");
        assert!(lines[3].starts_with("        timer:(on,"), "{text}");
        assert!(lines[4].contains("[::ffff:192.0.2.1]:80") && lines[4].ends_with("  -"), "{text}");
        let listening = lines[5..7].iter().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let expected = [
            vec!["tcp", "LISTEN", "1", "128", "[::]:22", "[::]:*", "dropbear", "(812)"],
            vec!["tcp", "LISTEN", "1", "-", "[::]:22", "[::]:*", "-"],
        ];
        assert_eq!(listening.collect::<Vec<_>>(), expected);
        assert_eq!(lines.len(), 7);
    }

    #[test]
    fn whatever_a_process_calls_itself_nothing_moves_the_cursor() {
        for text in [table().to_string(), table().json().unwrap()] {
            assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text:?}");
            assert!(!text.contains('\u{202e}') && text.contains("name"), "{text:?}");
        }
        let nameless = Row { process: Some(process(9, "  ")), ..rows().remove(0) };
        assert_eq!(nameless.holder(), Some((9, "?".to_owned())));
    }

    #[test]
    fn json_has_what_is_known_and_nothing_else() {
        let document: Value = serde_json::from_str(&table().json().unwrap()).unwrap();
        assert_eq!(document["source"], "inet_diag");
        let sockets = document["sockets"].as_array().unwrap();
        assert_eq!(sockets.len(), 5);
        let expected = json!({
            "protocol": "tcp", "state": "established", "local_address": "192.0.2.1", "local_port": 22,
            "remote_address": "198.51.100.7", "remote_port": 5000, "receive_queue_bytes": 8, "send_queue_bytes": 9,
            "uid": 1000, "inode": 4711, "process": {"pid": 9, "name": "evil_[2J__name"},
            "timer": {"kind": "retransmit", "expires_ms": 200, "retransmits": 2},
            "memory": {
                "receive_bytes": 1, "receive_limit_bytes": 131_072, "transmit_bytes": 2, "transmit_limit_bytes": 87_040,
                "forward_bytes": 3, "queued_bytes": 4, "option_bytes": 5, "backlog_bytes": 6, "dropped_packets": 7
            },
            "tcp": {
                "rtt_us": 20_345, "rtt_variance_us": 1_500, "min_rtt_us": 18_000, "lost_segments": 1,
                "unacked_segments": 4, "retransmitting_segments": 2, "retransmitted_segments": 17,
                "congestion_window_segments": 10, "slow_start_threshold_segments": 7, "segment_bytes": 1448,
                "pacing_bytes_per_second": 1_250_000, "delivery_bytes_per_second": 125_000, "bytes_acked": 1000,
                "bytes_received": 2000, "busy_us": 500_000, "receive_window_limited_us": 125_000,
                "send_buffer_limited_us": 0, "bytes_sent": 1200, "bytes_retransmitted": 200
            }
        });
        assert_eq!(sockets[1], expected);
        let bare = json!({
            "protocol": "tcp", "state": "time_wait", "local_address": "::ffff:192.0.2.1", "local_port": 80,
            "remote_address": "::ffff:198.51.100.7", "remote_port": 5001, "receive_queue_bytes": 0,
            "send_queue_bytes": 0
        });
        assert_eq!(sockets[2], bare);
        let listening = json!({
            "protocol": "tcp", "state": "listen", "local_address": "::", "local_port": 22, "waiting_connections": 1,
            "backlog": 128, "uid": 0, "process": {"pid": 812, "name": "dropbear"}
        });
        assert_eq!(sockets[3], listening);
        assert_eq!(sockets[4].get("backlog"), None, "the text doesn't tell it");
    }
}
