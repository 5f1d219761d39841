//! A backup: a steady upload for hours, a new connection for every part.

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::Device;
use super::router::{Connection, Server};

/// Bytes of a part.
const PART: u64 = 100_000_000;
const REQUEST: u64 = 1_500;

#[derive(Default)]
pub(crate) struct Backup(Option<Uploading>);

struct Uploading {
    /// Who is asked where the next part goes.
    front: Server,
    part: Connection,
    left: u64,
}

impl Uploading {
    fn begin(device: &mut Device<'_>, front: Server) -> Self {
        device.exchange(front, REQUEST, REQUEST);
        device.resolve();
        let store = device.server(Protocol::TCP, 443);
        Self { front, part: device.connect(store), left: PART }
    }
}

impl Activity for Backup {
    fn second(&mut self, device: &mut Device<'_>) {
        let uploading = self.0.get_or_insert_with(|| {
            let front = device.server(Protocol::TCP, 443);
            Uploading::begin(device, front)
        });
        // 8 to 10 Mbit/s.
        let sent = uploading.left.min(device.random.among(1_000_000..=1_250_000));
        uploading.left -= sent;
        device.tcp(uploading.part, sent, 0);
        if uploading.left == 0 {
            device.tcp(uploading.part, 0, REQUEST);
            device.router.finish(uploading.part);
            *uploading = Uploading::begin(device, uploading.front);
        }
    }

    fn end(&mut self, device: &mut Device<'_>) {
        if let Some(uploading) = self.0.take() {
            device.router.finish(uploading.part);
        }
    }
}
