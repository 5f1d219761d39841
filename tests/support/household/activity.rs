//! What devices do. Where the figures come from: tests/recordings/README.md.

use super::backup::Backup;
use super::browsing::Browsing;
use super::call::Call;
use super::device::Device;
use super::film::Film;
use super::scenario::What;
use super::standby::{Sensor, Standby};
use super::torrent::Torrent;

pub(crate) trait Activity {
    /// What it does in one second.
    fn second(&mut self, device: &mut Device<'_>);

    /// It is over: whatever is open is closed.
    fn end(&mut self, device: &mut Device<'_>);
}

pub(crate) fn of(what: What) -> Box<dyn Activity> {
    match what {
        What::Backup => Box::<Backup>::default(),
        What::Browsing => Box::<Browsing>::default(),
        What::Call => Box::<Call>::default(),
        What::Film => Box::<Film>::default(),
        What::Sensor => Box::<Sensor>::default(),
        What::Standby => Box::<Standby>::default(),
        What::Torrent => Box::<Torrent>::default(),
    }
}
