//! The columns of devices.

use super::column::{Column, What, short};
use crate::conntrack::flow::State;
use crate::overview::Device;

/// The title of the column by which devices are sorted at first.
pub(super) const SORTED_BY: &str = "CONN";

/// All of them, in the order in which they stand. The first is what a device is called.
pub(super) const COLUMNS: [Column<Device>; 15] = [
    Column { title: "DEVICE", width: (16, 40), rank: 0, what: What::Text(|device| Some(&device.name)) },
    Column {
        title: "DOING",
        width: (8, 12),
        rank: 2,
        what: What::Text(|device| device.activity.as_ref().map(|doing| &*doing.activity)),
    },
    count("CONN", 1, |device| count_of(device.connections)),
    count("ESTAB", 5, |device| tcp(device, &[State::Established])),
    count("TIME-W", 6, |device| tcp(device, &[State::TimeWait])),
    count("SYN", 11, |device| tcp(device, &[State::SynSent, State::SynSent2, State::SynRecv])),
    count("CLOSING", 12, |device| {
        tcp(device, &[State::FinWait, State::CloseWait, State::LastAck, State::Close, State::None])
    }),
    count("ACTIVE", 13, |device| in_states(device, |protocol| protocol != "tcp", &[State::Active])),
    count("UNREPL", 14, |device| in_states(device, |protocol| protocol != "tcp", &[State::Unreplied])),
    Column {
        title: "OPEN/S",
        width: (6, 6),
        rank: 7,
        what: What::Figure(|device| device.opened_per_second, |opened| format!("{opened:.1}")),
    },
    bits("DOWN", 3, |device| device.rx_bits_per_second),
    bits("UP", 4, |device| device.tx_bits_per_second),
    bits("/CONN", 8, |device| device.bits_per_second_per_connection),
    count("HOSTS", 9, |device| count_of(device.remote_hosts)),
    Column { title: "ADDRESS", width: (15, 39), rank: 15, what: What::Text(|device| device.ip.as_deref()) },
];

const fn count(title: &'static str, rank: u8, of: fn(&Device) -> Option<f64>) -> Column<Device> {
    let least = if title.len() > 5 { title.len() } else { 5 };
    #[expect(clippy::cast_possible_truncation, reason = "titles are short")]
    let least = least as u16;
    Column { title, width: (least, 8), rank, what: What::Figure(of, |count| format!("{count:.0}")) }
}

const fn bits(title: &'static str, rank: u8, of: fn(&Device) -> Option<f64>) -> Column<Device> {
    Column { title, width: (5, 6), rank, what: What::Figure(of, short) }
}

#[expect(clippy::cast_precision_loss, reason = "far fewer connections than that")]
fn count_of(count: Option<i64>) -> Option<f64> {
    count.map(|count| count as f64)
}

fn tcp(device: &Device, states: &[State]) -> Option<f64> {
    in_states(device, |protocol| protocol == "tcp", states)
}

/// How many entries are in these states; not known where states aren't counted.
fn in_states(device: &Device, is_of: fn(&str) -> bool, states: &[State]) -> Option<f64> {
    // A device without a single entry has no states either; that it has none is known by them.
    device.entries?;
    let protocols = device.states.iter().filter(|(protocol, _)| is_of(protocol)).map(|(_, states)| states);
    let counts = protocols.flat_map(|of| states.iter().filter_map(|state| of.get(state.name())));
    count_of(Some(counts.sum()))
}
