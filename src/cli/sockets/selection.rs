//! Which sockets are shown.

use super::state::WantedState;
use crate::proc_net::sockets::processes::Process;
use crate::proc_net::sockets::{Socket, TcpState, Transport};

/// The longest name that the kernel keeps of a process, in bytes (`TASK_COMM_LEN`, without the zero at its end).
const LONGEST_COMM: usize = 15;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// Those that wait for whoever comes, instead of connections.
    pub(super) listening: bool,
    /// Those with this port on either side.
    pub(super) port: Option<u16>,
    /// Those in this state.
    pub(super) state: Option<WantedState>,
    /// Those that this process holds: its name, or its number.
    pub(super) process: Option<String>,
}

impl Selection {
    /// Whether this socket is shown, whoever holds it.
    pub(super) fn includes(&self, socket: &Socket) -> bool {
        let of_its_kind = match socket.transport {
            Transport::Udp => self.listening && socket.remote.port() == 0,
            // Whoever asks for those that listen by their state means them.
            Transport::Tcp if self.state == Some(WantedState(TcpState::Listen)) => true,
            Transport::Tcp => self.listening == (socket.state == TcpState::Listen),
        };
        let at_port = |port| socket.local.port() == port || socket.remote.port() == port;
        of_its_kind
            && self.state.is_none_or(|WantedState(state)| state == socket.state)
            && self.port.is_none_or(at_port)
    }

    /// Whether a socket is shown that this process holds.
    pub(super) fn includes_holder(&self, holder: Option<&Process>) -> bool {
        self.process.as_deref().is_none_or(|wanted| holder.is_some_and(|process| is(process, wanted)))
    }
}

/// Whether a process is called that, or has this number. The kernel keeps but the beginning of a long name.
fn is(process: &Process, wanted: &str) -> bool {
    let kept = wanted.get(..wanted.floor_char_boundary(LONGEST_COMM)).unwrap_or(wanted);
    [wanted, kept].contains(&&*process.name) || wanted.parse() == Ok(process.pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sockets::fixture::{process, socket};
    use TcpState::{Close, Established, Listen, TimeWait};

    fn select(port: Option<u16>, state: Option<TcpState>, listening: bool) -> Selection {
        Selection { listening, port, state: state.map(WantedState), process: None }
    }

    #[test]
    fn kinds_ports_and_states() {
        let udp =
            |state, remote: &str| Socket { transport: Transport::Udp, ..socket(state, "0.0.0.0:53", remote) };
        let sockets = [
            socket(Established, "192.0.2.1:22", "198.51.100.7:5000"),
            socket(Established, "192.0.2.1:40000", "198.51.100.7:22"),
            socket(TimeWait, "192.0.2.1:80", "198.51.100.7:5001"),
            socket(Listen, "0.0.0.0:22", "0.0.0.0:0"),
            udp(Close, "0.0.0.0:0"),
            udp(Established, "198.51.100.7:22"),
        ];
        for (selection, expected) in [
            (select(None, None, false), &[0, 1, 2][..]),
            (select(None, None, true), &[3, 4]),
            (select(Some(22), None, false), &[0, 1]),
            (select(Some(5001), None, false), &[2]),
            (select(Some(22), None, true), &[3]),
            (select(Some(0), None, true), &[3, 4]),
            (select(None, Some(TimeWait), false), &[2]),
            (select(None, Some(Listen), false), &[3]),
            (select(None, Some(Listen), true), &[3]),
            (select(None, Some(Close), true), &[4]),
            (select(None, Some(Established), true), &[]),
            (select(Some(22), Some(TimeWait), false), &[]),
        ] {
            let found: Vec<usize> =
                (0..sockets.len()).filter(|index| selection.includes(&sockets[*index])).collect();
            assert_eq!(found, expected, "{selection:?}");
        }
    }

    #[test]
    fn a_process_by_its_name_or_its_number() {
        let held_by = |wanted: &str| Selection { process: Some(wanted.to_owned()), ..Selection::default() };
        let dnsmasq = process(812, "dnsmasq");
        for (wanted, expected) in
            [("dnsmasq", true), ("812", true), ("dnsmas", false), ("81", false), ("", false)]
        {
            assert_eq!(held_by(wanted).includes_holder(Some(&dnsmasq)), expected, "{wanted}");
        }
        let cut = process(9, "conntrack-expor");
        assert!(held_by("conntrack-exporter").includes_holder(Some(&cut)));
        assert!(held_by("7").includes_holder(Some(&process(9, "7"))), "a name of digits");
        assert!(!held_by("dnsmasq").includes_holder(None));
        assert!(Selection::default().includes_holder(None));
    }
}
