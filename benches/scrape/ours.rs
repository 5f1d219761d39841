//! Our own ways through the table, and the two floors below them.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::time::Duration;

use conntrack_exporter::config::Config;
use conntrack_exporter::daemon::snapshot::Observer;
use conntrack_exporter::daemon::write_lines;
use conntrack_exporter::line_protocol::Lines;
use conntrack_exporter::netlink::Dump;
use conntrack_exporter::point::{Point, Value};
use conntrack_exporter::root::Root;
use conntrack_exporter::telegraf::Telegraf;
use nix::sys::socket::SockProtocol;
use tokio::runtime::{Builder, Runtime};

use crate::table::Table;

/// `NFNL_SUBSYS_CTNETLINK` and `IPCTNL_MSG_CT_GET`.
const GET: u16 = 1 << 8 | 1;
const INSTANT: i64 = 1_795_241_400_000_000_000;

/// Has the kernel dump its table, and looks at nothing but where each message ends.
pub(crate) fn discard_dump() {
    let mut dump = Dump::request(SockProtocol::NetlinkNetFilter, GET, &[0; 4]).expect("a dump");
    while dump.step(&mut |_, payload| _ = black_box(payload)).expect("a dump") {}
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
    observer: Observer,
    runtime: Runtime,
    telegraf: Telegraf,
    lines: Lines,
    datagram: usize,
    entries: i64,
}

impl Ours {
    pub(crate) fn new(table: &Table, source: &str, entries: u32) -> Self {
        let config = Config::parse(&table.configuration(source)).unwrap();
        let telegraf = Telegraf::new(config.telegraf.address.host(), config.telegraf.address.port());
        Self {
            datagram: config.telegraf.max_datagram.bytes(),
            observer: Observer::new(config, &Root::live(), 0),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            telegraf,
            lines: Lines::default(),
            entries: entries.into(),
        }
    }

    /// From the table to points.
    pub(crate) fn snapshot(&mut self, round: usize) {
        let boot = Duration::from_secs(round as u64);
        let points = self.runtime.block_on(self.observer.snapshot(boot, true)).expect("a snapshot");
        self.check(black_box(&points));
    }

    /// From the table to datagrams, as the daemon does it: a whole tick but for waking up.
    pub(crate) fn tick(&mut self, round: usize) {
        let boot = Duration::from_secs(round as u64);
        let Self { observer, runtime, telegraf, lines, datagram, .. } = self;
        let points = runtime.block_on(async {
            let points = observer.snapshot(boot, true).await.expect("a snapshot");
            write_lines(lines, &points, Some(INSTANT));
            let delivery = telegraf.send(lines.datagrams(*datagram).map(|(_, bytes)| bytes)).await;
            assert_eq!(delivery.errors, 0, "somebody listens");
            observer.confirm(&points, |_| true, false);
            points
        });
        self.check(&points);
    }

    fn check(&self, points: &[Point]) {
        let fields = points.last().map(|point| point.fields.as_slice()).unwrap_or_default();
        let read = fields.iter().find(|(name, _)| *name == "entries_read").map(|(_, value)| value);
        assert_eq!(read, Some(&Value::Integer(self.entries)), "the table is quiet");
    }
}
