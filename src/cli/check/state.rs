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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration as Time;

    use crate::config::Config;
    use crate::state::State;
    use crate::state::keeper::StateKeeper;
    use crate::test_directory::TestDirectory;

    fn said(directory: &Path, root: &Root) -> String {
        let text = format!("state.directory = \"{}\"", directory.display());
        let mut report = Report::default();
        check(&mut report, &Config::parse(&text).unwrap().state.directory, root);
        report.to_string()
    }

    #[test]
    fn it_is_told_where_it_is_how_old_and_of_how_many_devices() {
        let place = TestDirectory::new("check-state");
        fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
        let live = Root::live();
        let path = place.display();
        assert_eq!(said(&place, &live), format!("ok       state          {path}: nothing is kept yet\n"));
        let text = format!("state.directory = \"{path}\"");
        let directory = Config::parse(&text).unwrap().state.directory;
        StateKeeper::new(&directory, &live, Time::ZERO).save(&State::default(), Time::ZERO);
        let kept = format!(
            "ok       state          {path}/state, written 0 minutes ago: it is known what is normal for 0 devices\n"
        );
        assert_eq!(said(&place, &live), kept);
        fs::write(place.join("state"), "garbage").unwrap();
        let garbage = said(&place, &live);
        assert!(
            garbage.starts_with("warning") && garbage.contains("everything is learned anew"),
            "{garbage}"
        );
        assert_eq!(fs::read(place.join("state")).unwrap(), b"garbage", "nothing is set aside");
        fs::set_permissions(&*place, Permissions::from_mode(0o777)).unwrap();
        let open = said(&place, &live);
        assert!(open.contains("nothing can be written there") && open.contains(LOST), "{open}");
        fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn where_nothing_is_kept_that_is_said() {
        let live = Root::live();
        assert!(said(Path::new(""), &live).contains("state.directory = \"\": what is learned is kept until"));
        let place = TestDirectory::new("check-no-state");
        let replayed = said(Path::new("auto"), &Root::replay(&*place));
        let expected =
            "there is no /etc/conntrack-exporter/state and no /var/lib/conntrack-exporter: what is";
        assert!(replayed.starts_with("ok ") && replayed.contains(expected), "{replayed}");
    }

    #[test]
    fn an_age_is_in_whole_units() {
        for (seconds, told) in [
            (59, "0 minutes"),
            (61, "1 minute"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(rounded(seconds), told);
        }
    }
}
