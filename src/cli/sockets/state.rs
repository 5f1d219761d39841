//! The states of sockets: how they are shown, and how a user may spell them.

use std::str::FromStr;

use thiserror::Error;

use crate::proc_net::sockets::TcpState::{
    self, Close, CloseWait, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynRecv, SynSent,
    TimeWait,
};

/// Each state as `ss` shows it in its column, as it is called in JSON, and what else it is called: by `ss` in its
/// filters, by the kernel, or by `netstat`; without `-` and `_`.
const STATES: [(TcpState, &str, &str, &[&str]); 11] = [
    (Established, "ESTAB", "established", &["estab"]),
    (SynSent, "SYN-SENT", "syn_sent", &[]),
    (SynRecv, "SYN-RECV", "syn_recv", &["synreceived", "newsynrecv"]),
    (FinWait1, "FIN-WAIT-1", "fin_wait1", &[]),
    (FinWait2, "FIN-WAIT-2", "fin_wait2", &[]),
    (TimeWait, "TIME-WAIT", "time_wait", &[]),
    (Close, "UNCONN", "close", &["closed", "unconn", "unconnected"]),
    (CloseWait, "CLOSE-WAIT", "close_wait", &[]),
    (LastAck, "LAST-ACK", "last_ack", &[]),
    (Listen, "LISTEN", "listen", &["listening"]),
    (Closing, "CLOSING", "closing", &[]),
];

/// A state that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct WantedState(pub(super) TcpState);

/// Nothing is called that.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("there is no such state; the states are {}", known())]
pub(in crate::cli) struct UnknownStateError;

impl FromStr for WantedState {
    type Err = UnknownStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = plain(text);
        let is_wanted = |(_, _, name, others): &&(TcpState, &str, &str, &[&str])| {
            plain(name) == wanted || others.contains(&&*wanted)
        };
        STATES.iter().find(is_wanted).map(|(state, ..)| Self(*state)).ok_or(UnknownStateError)
    }
}

/// How a state is shown, as in the column of `ss`.
pub(super) fn shown(state: TcpState) -> &'static str {
    STATES.iter().find(|(known, ..)| *known == state).map_or("?", |(_, shown, ..)| shown)
}

/// What a state is called in JSON.
pub(super) fn name(state: TcpState) -> &'static str {
    STATES.iter().find(|(known, ..)| *known == state).map_or("?", |(_, _, name, _)| name)
}

fn plain(text: &str) -> String {
    text.chars().filter(|char| !matches!(char, '-' | '_')).map(|char| char.to_ascii_lowercase()).collect()
}

/// All of them in words, as `ss` has them in its filters.
fn known() -> String {
    let names = STATES
        .map(|(_, _, name, _)| name.replace('_', "-").replace("wait1", "wait-1").replace("wait2", "wait-2"));
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_may_be_spelled_as_ss_and_as_the_kernel_spells_it() {
        for (spellings, expected) in [
            (&["established", "ESTABLISHED", "estab", "ESTAB"][..], Established),
            (&["syn-sent", "SYN_SENT", "synsent"], SynSent),
            (&["syn-recv", "SYN_RECV", "SYN-RECV", "NEW_SYN_RECV"], SynRecv),
            (&["fin-wait-1", "FIN_WAIT1", "FIN-WAIT-1"], FinWait1),
            (&["fin-wait-2", "FIN_WAIT2", "fin_wait_2"], FinWait2),
            (&["time-wait", "TIME_WAIT", "TIME-WAIT"], TimeWait),
            (&["closed", "CLOSE", "unconnected", "UNCONN"], Close),
            (&["close-wait", "CLOSE_WAIT"], CloseWait),
            (&["last-ack", "LAST_ACK"], LastAck),
            (&["listening", "LISTEN", "listen"], Listen),
            (&["closing", "CLOSING"], Closing),
        ] {
            for spelling in spellings {
                assert_eq!(spelling.parse(), Ok(WantedState(expected)), "{spelling}");
            }
            assert_eq!(shown(expected).parse(), Ok(WantedState(expected)));
            assert_eq!(name(expected).parse(), Ok(WantedState(expected)));
        }
    }

    #[test]
    fn what_is_no_state_is_told_with_those_that_are() {
        for text in ["", "-", "establish", "fin-wait-3", "connected"] {
            assert_eq!(text.parse::<WantedState>(), Err(UnknownStateError), "{text}");
        }
        let told = UnknownStateError.to_string();
        let all = "established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, close, close-wait, last-ack, listen, \
            closing";
        assert!(told.ends_with(all), "{told}");
    }
}
