//! Our own ways through the table, and the two floors below them.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::outputs::Outputs;
use conntrack_exporter::root::Root;
use conntrack_exporter::series::point::Value;
use conntrack_exporter::snapshot::Snapshot;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};
use tokio::runtime::{Builder, Runtime};

use crate::table::{Measured, Table};

/// `struct nlmsghdr` and `struct nfgenmsg`: a dump (`NLM_F_REQUEST | NLM_F_DUMP`) of both families by
/// `IPCTNL_MSG_CT_GET` of `NFNL_SUBSYS_CTNETLINK`; in words of a little-endian machine.
const QUESTION: [u32; 5] = [20, 0x301 << 16 | 1 << 8 | 1, 1, 0, 0];
/// The beginning of the last message of a dump, `NLMSG_DONE`: its length, its type and `NLM_F_MULTI`.
const LAST: [u32; 2] = [20, 2 << 16 | 3];
const INSTANT: i64 = 1_795_241_400_000_000_000;

/// Has the kernel dump its table, and looks only for the end of it.
pub(crate) fn discard_dump() {
    let netlink = SockProtocol::NetlinkNetFilter;
    let socket =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, netlink).expect("netlink");
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(10)).expect("a timeout");
    let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
    send(socket.as_raw_fd(), &bytes(&QUESTION), MsgFlags::empty()).expect("a dump");
    let (last, mut buffer) = (bytes(&LAST), vec![0; 32 * 1024].into_boxed_slice());
    loop {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty()).expect("a dump");
        let datagram = black_box(&buffer).get(..length).unwrap_or_default();
        if datagram.len() >= 20 && datagram.get(length - 20..length - 12) == Some(&last) {
            return;
        }
    }
}

/// Reads the kernel's text, and looks at nothing of it.
pub(crate) fn discard_text() {
    let mut file = File::open("/proc/net/nf_conntrack").expect("the table");
    let mut buffer = [0; 16 * 1024];
    while file.read(&mut buffer).expect("the table") > 0 {
        black_box(&buffer);
    }
}

/// What the daemon has, within this process.
pub(crate) struct Ours {
    collector: Collector,
    runtime: Runtime,
    outputs: Outputs,
    entries: i64,
}

impl Ours {
    pub(crate) fn new(table: &Table, source: &str, measured: Measured, entries: u32) -> Self {
        let config = Config::parse(&table.configuration(source, measured)).unwrap();
        Self {
            outputs: Outputs::new(&config, &Root::live()),
            collector: Collector::new(config, &Root::live(), 0),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            entries: entries.into(),
        }
    }

    /// From the table to points.
    pub(crate) fn snapshot(&mut self, round: usize) {
        let snapshot = self.runtime.block_on(self.collector.snapshot(&moment(round))).expect("a snapshot");
        self.check(black_box(&snapshot));
    }

    /// From the table to datagrams, as the daemon does it: a whole tick but for waking up.
    pub(crate) fn tick(&mut self, round: usize) {
        let Self { collector, runtime, outputs, .. } = self;
        let snapshot = runtime.block_on(async {
            let moment = moment(round);
            let snapshot = collector.snapshot(&moment).await.expect("a snapshot");
            outputs.deliver(&snapshot, moment.boot).await.expect("somebody listens");
            snapshot
        });
        assert_eq!(self.outputs.ledger().map_or(0, |ledger| ledger.send_errors), 0, "somebody listens");
        self.check(&snapshot);
    }

    fn check(&self, snapshot: &Snapshot) {
        let fields = snapshot.points().last().map(|point| point.fields.as_slice()).unwrap_or_default();
        let read = fields.iter().find(|(name, _)| *name == "entries_read").map(|(_, value)| value);
        assert_eq!(read, Some(&Value::Integer(self.entries)), "the table is quiet");
    }
}

/// A tick a second.
fn moment(round: usize) -> Moment {
    let boot = Duration::from_secs(round as u64);
    Moment { boot, timestamp: Some(INSTANT), wall: Some(boot), due: DueClocks::Both }
}
