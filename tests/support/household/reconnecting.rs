//! An app that its service throws out as soon as it has let it in.

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::Device;
use super::router::Server;

/// How often it tries in a second.
const A_SECOND: u64 = 3;

#[derive(Default)]
pub(crate) struct Reconnecting(Option<Server>);

impl Activity for Reconnecting {
    fn second(&mut self, device: &mut Device<'_>) {
        let server = *self.0.get_or_insert_with(|| device.server(Protocol::TCP, 8883));
        for _ in 0..A_SECOND {
            let connection = device.connect(server);
            device.tcp(connection, 600, 300);
            device.router.finish(connection);
        }
    }

    fn end(&mut self, _: &mut Device<'_>) {}
}
