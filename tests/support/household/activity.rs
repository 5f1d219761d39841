//! What devices do. Where the figures come from: tests/recordings/README.md.

use super::backup::Backup;
use super::browsing::Browsing;
use super::call::Call;
use super::device::Device;
use super::film::Film;
use super::reconnecting::Reconnecting;
use super::scan::Scan;
use super::scenario::What;
use super::standby::{Sensor, Standby};
use super::torrent::Torrent;

pub(crate) trait Activity {
    /// What it does in one second.
    fn second(&mut self, device: &mut Device<'_>);

    /// The line to the provider has been broken for so many seconds: without one there is nothing to do.
    fn cut_off(&mut self, device: &mut Device<'_>, seconds: u64) {
        let _ = (device, seconds);
    }

    /// It is over: whatever is open is closed.
    fn end(&mut self, device: &mut Device<'_>);
}

pub(crate) fn of(what: What) -> Box<dyn Activity> {
    match what {
        What::Backup => Box::<Backup>::default(),
        What::Browsing => Box::<Browsing>::default(),
        What::Call => Box::<Call>::default(),
        What::Film => Box::<Film>::default(),
        What::Reconnecting => Box::<Reconnecting>::default(),
        What::Scan => Box::<Scan>::default(),
        What::Sensor => Box::<Sensor>::default(),
        What::Standby => Box::<Standby>::default(),
        What::Torrent => Box::<Torrent>::default(),
    }
}
