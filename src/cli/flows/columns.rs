//! What a table and a spreadsheet show of a flow.

use std::net::IpAddr;

use crate::attribution::Direction;
use crate::conntrack::flow::Endpoint;
use crate::flow_list::ListedFlow;

/// A column. One of which nothing is known of any flow is left out.
#[derive(Debug)]
pub(super) struct Column {
    /// Above it in a table.
    pub(super) title: &'static str,
    /// In the header of a spreadsheet.
    pub(super) key: &'static str,
    /// What stands there for people; `None` where it isn't known.
    pub(super) shown: fn(&ListedFlow) -> Option<String>,
    /// The same for programs.
    pub(super) exact: fn(&ListedFlow) -> Option<String>,
}

const COLUMNS: [Column; 12] = [
    same("DEVICE", "device", |listed| Some(listed.device.to_string())),
    same("PROTO", "protocol", |listed| Some(listed.flow.protocol.name().to_owned())),
    same("STATE", "state", |listed| Some(listed.flow.state.name().to_owned())),
    same("LOCAL", "local", |listed| Some(end(listed.local()))),
    Column {
        title: "REMOTE",
        key: "remote",
        shown: |listed| Some(arrow(listed.direction).to_owned() + &end(listed.remote)),
        exact: |listed| Some(end(listed.remote)),
    },
    Column {
        title: "",
        key: "direction",
        shown: |_| None,
        exact: |listed| Some(listed.direction.name().to_owned()),
    },
    same("SERVICE", "service", |listed| Some(listed.service.to_string())),
    Column {
        title: "RECEIVED",
        key: "rx_bytes",
        shown: |listed| Some(amount(listed.received()?.bytes)),
        exact: |listed| Some(listed.received()?.bytes.to_string()),
    },
    Column {
        title: "SENT",
        key: "tx_bytes",
        shown: |listed| Some(amount(listed.sent()?.bytes)),
        exact: |listed| Some(listed.sent()?.bytes.to_string()),
    },
    Column {
        title: "IDLE",
        key: "idle_seconds",
        shown: |listed| Some(format!("{} s", listed.idle?)),
        exact: |listed| Some(listed.idle?.to_string()),
    },
    Column {
        title: "LEFT",
        key: "timeout_seconds",
        shown: |listed| Some(format!("{} s", listed.flow.timeout?)),
        exact: |listed| Some(listed.flow.timeout?.to_string()),
    },
    same("OFFLOADED", "offloaded", |listed| listed.flow.flags.offloaded().then(|| "yes".to_owned())),
];

const fn same(title: &'static str, key: &'static str, cell: fn(&ListedFlow) -> Option<String>) -> Column {
    Column { title, key, shown: cell, exact: cell }
}

/// The columns of which something is known, as `cell` tells.
pub(super) fn known(
    flows: &[ListedFlow],
    cell: impl Fn(&Column) -> fn(&ListedFlow) -> Option<String>,
) -> Vec<&'static Column> {
    COLUMNS.iter().filter(|column| flows.iter().any(|flow| cell(column)(flow).is_some())).collect()
}

const fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "",
        Direction::Inbound => "from ",
    }
}

/// Address and port, as in a URL.
pub(in crate::cli) fn end(Endpoint { address, port }: Endpoint) -> String {
    match address {
        IpAddr::V4(address) => format!("{address}:{port}"),
        IpAddr::V6(address) => format!("[{address}]:{port}"),
    }
}

/// Bytes, to three digits or so.
fn amount(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = bytes / (unit / 10);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_999, "1.9 kB"),
            (5_250_000, "5.2 MB"),
            (12_345_678_901, "12.3 GB"),
            (u64::MAX, "18446744073.7 GB"),
        ] {
            assert_eq!(amount(bytes), expected);
        }
    }
}
