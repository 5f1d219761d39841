//! A call: sound and picture both ways by one flow of UDP, and a connection that keeps it up.

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::{Datagrams, Device};
use super::router::Connection;

/// Datagrams of sound in a second, one for every 20 ms, and their bytes.
const SOUND: Datagrams = Datagrams(50, 130);
/// Bytes of a datagram of picture.
const PICTURE: u64 = 1_100;
const MEDIA_PORT: u16 = 8_801;
/// How often the signalling says that it is there, in seconds.
const KEPT_ALIVE: u64 = 10;

#[derive(Default)]
pub(crate) struct Call(Option<[Connection; 2]>);

impl Activity for Call {
    fn second(&mut self, device: &mut Device<'_>) {
        let [signalling, media] = *self.0.get_or_insert_with(|| {
            device.resolve();
            let (front, relay) =
                (device.server(Protocol::TCP, 443), device.server(Protocol::UDP, MEDIA_PORT));
            [device.connect(front), device.connect(relay)]
        });
        device.udp(media, SOUND, SOUND);
        let [sent, received] =
            [140..=290, 160..=320].map(|range| Datagrams(device.random.among(range), PICTURE));
        device.udp(media, sent, received);
        if device.now().is_multiple_of(KEPT_ALIVE) {
            device.tcp(signalling, 90, 70);
        }
    }

    fn end(&mut self, device: &mut Device<'_>) {
        // Nothing ends a flow of UDP.
        if let Some([signalling, _]) = self.0.take() {
            device.router.finish(signalling);
        }
    }
}
