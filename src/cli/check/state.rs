//! Where it is kept what was learned, and how much is known.

use std::io;
use std::path::Path;

use super::report::Report;
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::root::Root;
use crate::state::config::StateDirectory;
use crate::state::keeper::{FILE, Found, Place};
use crate::wording::counted;

const LOST: &str = "what is learned is lost at the next start";
/// Where systemd keeps the directories of services that run as a user of their own.
const PRIVATE: &str = "/var/lib/private";

/// Tells where the state is, whether it can be written, how old it is, and of how many devices it tells.
pub(super) fn check(report: &mut Report, directory: &StateDirectory, root: &Root) {
    let Some(place) = Place::find(directory, root) else {
        return report.ok("state", nowhere(directory));
    };
    let path = place.path();
    if let Some(private) = private(&path, root) {
        return report.ok("state", private);
    }
    match place.read() {
        Ok(None) => report.ok("state", format!("{}: nothing is kept yet", path.display())),
        Ok(Some(found)) => report.ok("state", told(&path.join(FILE), &found, root)),
        Err(error) => {
            let file = path.join(FILE);
            report.warning("state", format!("{}: {error}: everything is learned anew", file.display()));
        }
    }
    if let Err(error) = place.check_writable() {
        report.warning("state", format!("{}: nothing can be written there: {error}; {LOST}", path.display()));
    }
}

fn nowhere(directory: &StateDirectory) -> String {
    match directory {
        StateDirectory::Nowhere => {
            "state.directory = \"\": what is learned is kept until the program ends".to_owned()
        }
        StateDirectory::Auto | StateDirectory::At(_) => {
            let places = directory.candidates().into_iter().map(|path| path.display().to_string());
            let places: Vec<_> = places.collect();
            format!("there is no {}: what is learned is kept until the program ends", places.join(" and no "))
        }
    }
}

/// What there is to say of a directory that only its service can look into.
fn private(path: &Path, root: &Root) -> Option<String> {
    let target = path.read_link().ok().filter(|_| root.is_live())?;
    let is_private = path.parent()?.join(target).starts_with(PRIVATE);
    let is_closed = path.metadata().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    (is_private && is_closed).then(|| {
        format!("{}: systemd shows it to the service alone, which knows what is in it", path.display())
    })
}

fn told(path: &Path, found: &Found, root: &Root) -> String {
    let devices = counted(found.state.habits.len() as u64, "device", "devices");
    let now = SystemClock::new(root).now().map(|now| now.wall.as_secs()).unwrap_or_default();
    let age = found.written.and_then(|written| now.checked_sub(written));
    let written = age.map(|age| format!(", written {} ago", rounded(age))).unwrap_or_default();
    format!("{}{written}: it is known what is normal for {devices}", path.display())
}

/// An age in whole units of which there is more than one, if there are any.
fn rounded(seconds: u64) -> String {
    let minutes = seconds / 60;
    match minutes {
        0..120 => counted(minutes, "minute", "minutes"),
        120..2880 => counted(minutes / 60, "hour", "hours"),
        _ => counted(minutes / 1440, "day", "days"),
    }
}
