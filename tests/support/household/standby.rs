//! What devices do while nobody uses them: they keep a connection alive, ask for the time, look for news.

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::{Datagrams, Device};
use super::router::Connection;

/// How often the time is asked for, once it is known, in seconds.
const NTP: u64 = 1024;
const NTP_MESSAGE: Datagrams = Datagrams(1, 48);

/// A telephone, a television, a computer.
#[derive(Default)]
pub(crate) struct Standby(Option<Waiting>);

/// Something that measures or switches.
#[derive(Default)]
pub(crate) struct Sensor(Option<Waiting>);

/// A connection over which news come, and when it began: every device has other seconds for what it does.
struct Waiting {
    connection: Connection,
    begun: u64,
}

impl Waiting {
    fn begin(device: &mut Device<'_>, port: u16) -> Self {
        device.resolve();
        let server = device.server(Protocol::TCP, port);
        let connection = device.connect(server);
        device.tcp(connection, 1_200, 4_000);
        Self { connection, begun: device.now() - device.random.among(0..=299) }
    }

    /// Whether what happens so often happens now.
    fn is_time(&self, device: &Device<'_>, every: u64) -> bool {
        (device.now() - self.begun).is_multiple_of(every)
    }

    fn ask_for_the_time(&self, device: &mut Device<'_>) {
        if self.is_time(device, NTP) {
            let server = device.server(Protocol::UDP, 123);
            let question = device.connect(server);
            device.udp(question, NTP_MESSAGE, NTP_MESSAGE);
        }
    }
}

impl Activity for Standby {
    fn second(&mut self, device: &mut Device<'_>) {
        let waiting = self.0.get_or_insert_with(|| Waiting::begin(device, 5223));
        if waiting.is_time(device, 900) {
            device.tcp(waiting.connection, 60, 60);
        }
        if waiting.is_time(device, 300) {
            let server = device.server(Protocol::TCP, 443);
            device.exchange(server, 2_000, 6_000);
        }
        waiting.ask_for_the_time(device);
    }

    fn end(&mut self, device: &mut Device<'_>) {
        close(self.0.take(), device);
    }
}

impl Activity for Sensor {
    fn second(&mut self, device: &mut Device<'_>) {
        let waiting = self.0.get_or_insert_with(|| Waiting::begin(device, 8883));
        // A message of MQTT and its acknowledgement, then PINGREQ and PINGRESP, inside TLS.
        if waiting.is_time(device, 30) {
            device.tcp(waiting.connection, 180, 33);
        }
        if waiting.is_time(device, 60) {
            device.tcp(waiting.connection, 31, 31);
        }
        if waiting.is_time(device, 600) {
            device.resolve();
        }
        waiting.ask_for_the_time(device);
    }

    fn end(&mut self, device: &mut Device<'_>) {
        close(self.0.take(), device);
    }
}

fn close(waiting: Option<Waiting>, device: &mut Device<'_>) {
    if let Some(waiting) = waiting {
        device.router.finish(waiting.connection);
    }
}
