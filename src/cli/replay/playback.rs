//! What is replayed: a recording, or a capture, which is taken for one of a single instant.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tracing::warn;

use crate::config::Interval;
use crate::conntrack::TABLE;
use crate::daemon::schedule::latest;
use crate::root::Root;
use crate::root::recording::{Listing, Recording, RecordingError};

/// The files, instant by instant.
#[derive(Debug)]
pub(in crate::cli) struct Playback {
    root: Root,
    source: Source,
    strangers: Vec<OsString>,
}

#[derive(Debug)]
enum Source {
    Recording(Rc<Recording>),
    /// When the table was written: seconds since 1970.
    Capture(u64),
}

impl Playback {
    /// Looks what is in `directory`.
    pub(in crate::cli) fn open(directory: &Path) -> Result<Self, RecordingError> {
        let Listing { instants, strangers } = Listing::read(directory)?;
        if instants.is_empty() {
            let root = Root::replay(directory);
            let table = root.metadata(TABLE).map_err(|_| RecordingError::Empty(directory.to_path_buf()))?;
            let written = u64::try_from(table.mtime()).unwrap_or_default();
            return Ok(Self { root, source: Source::Capture(written), strangers: Vec::new() });
        }
        let recording = Rc::new(Recording::new(directory, instants));
        let root = Root::recorded(Rc::clone(&recording));
        Ok(Self { root, source: Source::Recording(recording), strangers })
    }

    /// Where the router's files are.
    pub(in crate::cli) const fn root(&self) -> &Root {
        &self.root
    }

    /// Its instants: seconds since 1970, ascending. Of a capture, the latest multiple of `interval` at which the daemon could
    /// have taken it.
    pub(in crate::cli) fn instants(&self, interval: Interval) -> Vec<u64> {
        match &self.source {
            Source::Recording(recording) => recording.instants().to_vec(),
            Source::Capture(written) => {
                vec![latest(interval.duration(), Duration::from_secs(*written)).as_secs()]
            }
        }
    }

    /// How many instants there are.
    pub(in crate::cli) fn len(&self) -> usize {
        match &self.source {
            Source::Recording(recording) => recording.instants().len(),
            Source::Capture(_) => 1,
        }
    }

    /// The time from the first instant to the last.
    pub(in crate::cli) fn span(&self) -> Duration {
        match &self.source {
            Source::Recording(recording) => {
                let instants = recording.instants();
                let ends = instants.first().zip(instants.last());
                ends.map_or(Duration::ZERO, |(first, last)| Duration::from_secs(last - first))
            }
            Source::Capture(_) => Duration::ZERO,
        }
    }

    /// Goes to the instant in this place.
    pub(in crate::cli) fn show(&self, place: usize) {
        if let Source::Recording(recording) = &self.source {
            recording.show(place);
        }
    }

    /// Says what beside its instants is passed over.
    pub(in crate::cli) fn tell_of_strangers(&self) {
        for name in &self.strangers {
            warn!("{} is no instant of the recording and is passed over", name.display());
        }
    }
}
