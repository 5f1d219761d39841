//! The file in which the state is kept, and when it is written.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::{info, warn};

use super::State;
use super::config::StateDirectory;
use super::format::{self, FormatError, LARGEST};
use crate::edge_log::EdgeLog;
use crate::files::own_directory::OwnDirectory;
use crate::files::{self, DirectoryError};
use crate::root::Root;
use crate::wording::counted;

/// The file in the directory.
pub const FILE: &str = "state";
/// What it is called while it is written.
const TEMPORARY: &str = "state.new";
/// What one is called that could not be read. One is kept.
const UNREADABLE: &str = "state.unreadable";
/// The least time between two writes, but for the last: flash wears out.
const WRITE_EVERY: Duration = Duration::from_hours(6);
/// What that means.
const LOST: &str = "what is learned is lost at the next start";

/// Why a state can't be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Its file can't.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What is in it can't.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// A state that was found, and when it was written.
#[derive(Debug)]
pub struct Found {
    /// The state.
    pub state: State,
    /// When it was written, in seconds since 1970, if that is known.
    pub written: Option<u64>,
}

/// Where the state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    root: Root,
    /// On the router.
    directory: PathBuf,
}

impl Place {
    /// Where `directory` says, below `root`; `None` if nothing is kept, or none of the usual places is there.
    pub fn find(directory: &StateDirectory, root: &Root) -> Option<Self> {
        let candidates = directory.candidates();
        let is_there = |path: &&&Path| {
            if root.is_live() {
                files::metadata(None, path).is_ok_and(|metadata| metadata.is_dir())
            } else {
                root.metadata(path.join(FILE)).is_ok()
            }
        };
        let found = match directory {
            StateDirectory::Auto => candidates.iter().find(is_there),
            StateDirectory::Nowhere | StateDirectory::At(_) => candidates.first(),
        };
        found.map(|path| Self { root: root.clone(), directory: path.to_path_buf() })
    }

    /// The state that is kept where `directory` says, for whoever only looks at it; nothing where there is none, or none that
    /// can be read.
    pub fn remembered(directory: &StateDirectory, root: &Root) -> State {
        let found = Self::find(directory, root).and_then(|place| place.read().ok()?);
        found.map(|found| found.state).unwrap_or_default()
    }

    /// The directory, on this machine.
    pub fn path(&self) -> PathBuf {
        self.root.path(&self.directory)
    }

    /// Reads the state; `None` if there is none.
    pub fn read(&self) -> Result<Option<Found>, StateError> {
        match self.bytes() {
            Ok((bytes, written)) => Ok(Some(Found { state: format::decode(&bytes)?, written })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn bytes(&self) -> io::Result<(Vec<u8>, Option<u64>)> {
        if !self.root.is_live() {
            // Another router's: read as its other files are.
            return Ok((self.root.read(self.directory.join(FILE), LARGEST)?, None));
        }
        let (bytes, metadata) = self.open()?.read(FILE, LARGEST)?;
        Ok((bytes, u64::try_from(metadata.mtime()).ok()))
    }

    /// Whether a state can be written here, if any is.
    pub fn check_writable(&self) -> io::Result<()> {
        if self.root.is_live() { self.open()?.is_writable() } else { Ok(()) }
    }

    /// Sets a state aside that can't be read, in the place of one before; says what has become of it.
    fn set_aside(&self) -> String {
        if !self.root.is_live() {
            return "it stays as it is".to_owned();
        }
        match self.open().and_then(|directory| directory.rename(FILE, UNREADABLE)) {
            Ok(()) => format!("it is called {UNREADABLE} from now on"),
            Err(error) => format!("it can't be set aside either ({error})"),
        }
    }

    fn open(&self) -> io::Result<OwnDirectory> {
        OwnDirectory::open(&self.directory).map_err(|error| match error {
            DirectoryError::Unreachable { source, .. } => source,
            open @ DirectoryError::OpenToOthers(_) => io::Error::other(format!(
                "{open}. It must be this program's user's or root's, and nobody else may write to it"
            )),
        })
    }
}

/// Reads the state at the start, and writes it now and then and at the end.
///
/// Of another router, whose files are replayed, it is read and never written.
#[derive(Debug)]
pub struct StateKeeper {
    place: Option<Place>,
    /// When it was last written or tried, in time since boot; `None` if it is to be as soon as there is time.
    tried: Option<Duration>,
    /// The CRC-32 of what the file holds, as far as that is known.
    held: Option<u32>,
    failing: EdgeLog,
}

impl StateKeeper {
    /// Keeps it where `directory` says, below `root`, from `boot` (time since boot) on.
    pub fn new(directory: &StateDirectory, root: &Root, boot: Duration) -> Self {
        let place = Place::find(directory, root);
        Self { place, tried: Some(boot), held: None, failing: EdgeLog::default() }
    }

    /// Whether anything is kept.
    pub const fn keeps(&self) -> bool {
        self.place.is_some()
    }

    /// What an earlier run has kept; nothing if there is none. One that can't be read is set aside.
    pub fn load(&mut self) -> State {
        let Some(place) = &self.place else { return State::default() };
        let path = place.path().join(FILE);
        let found = place.read();
        if let Err(error) = &found {
            // Whether that is logged or not.
            let aside = place.set_aside();
            warn!("{}: {error}; {aside}, and everything is learned anew", path.display());
        } else if let Err(error) = place.check_writable()
            && self.failing.begins()
        {
            warn!("{}: nothing can be written there: {error}; {LOST}", place.path().display());
        }
        let state = found.ok().flatten().map(|found| found.state);
        if let Some(state) = &state {
            let known = counted(state.habits.len() as u64, "device", "devices");
            info!("{}: it is known what is normal for {known}", path.display());
        }
        state.unwrap_or_default()
    }

    /// Takes over another configuration. What is known goes to the new place at the next opportunity.
    pub fn reconfigure(&mut self, directory: &StateDirectory, root: &Root) {
        let place = Place::find(directory, root);
        if place != self.place {
            (self.place, self.tried, self.held) = (place, None, None);
        }
    }

    /// Whether it is time to write.
    pub fn is_due(&self, boot: Duration) -> bool {
        let waited = |tried| boot.saturating_sub(tried) >= WRITE_EVERY;
        self.place.is_some() && self.tried.is_none_or(waited)
    }

    /// Writes `state` at `boot` (time since boot), unless that is what the file holds. Says when that begins and ceases to
    /// fail.
    pub fn save(&mut self, state: &State, boot: Duration) {
        self.tried = Some(boot);
        let Some(place) = self.place.as_ref().filter(|place| place.root.is_live()) else { return };
        let path = place.path().join(FILE);
        match write(place, state, self.held) {
            Ok(held) => {
                self.held = Some(held);
                if self.failing.ends() {
                    info!("{}: can be written again", path.display());
                }
            }
            Err(error) if self.failing.begins() => {
                warn!("{}: can't be written: {error}; {LOST}", path.display());
            }
            Err(_) => {}
        }
    }
}

/// Writes `state`, and gives the CRC-32 of what the file holds now; `held` is that of what it held.
fn write(place: &Place, state: &State, held: Option<u32>) -> Result<u32, StateError> {
    let bytes = format::encode(state)?;
    let checksum = crc32fast::hash(&bytes);
    if held != Some(checksum) {
        place.open()?.replace(FILE, TEMPORARY, &bytes)?;
    }
    Ok(checksum)
}

#[cfg(test)]
mod tests;
