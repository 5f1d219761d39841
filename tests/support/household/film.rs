//! A film: segments that are fetched faster than they are watched, all from one host.

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::Device;
use super::router::{Connection, Server};

/// Bytes of one second of picture and of sound: 5 Mbit/s and 128 kbit/s.
const PICTURE: u64 = 625_000;
const SOUND: u64 = 16_000;
/// Bytes of 1 Mbit.
const MEGABIT: u64 = 125_000;
const REQUEST: u64 = 900;
/// For how many seconds a player waits for an answer.
const PATIENCE: u64 = 10;

#[derive(Default)]
pub(crate) struct Film(Option<Playing>);

struct Playing {
    picture: Connection,
    sound: Connection,
    /// Where the player tells how it goes.
    telemetry: Server,
    /// Bytes of the segment that is fetched.
    left: u64,
    next_segment: u64,
    begun: u64,
}

impl Playing {
    fn begin(device: &mut Device<'_>) -> Self {
        device.resolve();
        let server = device.server(Protocol::TCP, 443);
        let telemetry = device.server(Protocol::TCP, 443);
        let [picture, sound] = [0, 1].map(|_| device.connect(server));
        Self { picture, sound, telemetry, left: 0, next_segment: device.now(), begun: device.now() }
    }
}

impl Activity for Film {
    fn second(&mut self, device: &mut Device<'_>) {
        let playing = self.0.get_or_insert_with(|| Playing::begin(device));
        if playing.left == 0 && device.now() >= playing.next_segment {
            let seconds = device.random.among(4..=10);
            playing.left = seconds * PICTURE * device.random.among(75..=125) / 100;
            playing.next_segment += seconds;
            device.tcp(playing.picture, REQUEST, 0);
            device.tcp(playing.sound, REQUEST, seconds * SOUND);
        }
        if playing.left > 0 {
            let fetched = playing.left.min(device.random.among(5..=25) * MEGABIT);
            playing.left -= fetched;
            device.tcp(playing.picture, 0, fetched);
        }
        if (device.now() - playing.begun) % 60 == 59 {
            device.exchange(playing.telemetry, 2_000, 400);
        }
    }

    /// The player gives its connections up, and tries again and again.
    fn cut_off(&mut self, device: &mut Device<'_>, seconds: u64) {
        if seconds < PATIENCE {
            return;
        }
        if let Some(playing) = self.0.take() {
            device.router.reset(playing.picture);
            device.router.reset(playing.sound);
        }
        if seconds.is_multiple_of(PATIENCE) {
            let server = device.server(Protocol::TCP, 443);
            device.knock(server);
        }
    }

    fn end(&mut self, device: &mut Device<'_>) {
        if let Some(playing) = self.0.take() {
            device.router.finish(playing.picture);
            device.router.finish(playing.sound);
        }
    }
}
