//! The directory of recordings: each is called by when it was written, and the oldest make room for new ones.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use crate::capture::{Target, TargetError};
use crate::recorder::config::RecorderConfig;

/// What is written goes by this name until it is whole.
const PARTIAL: &str = ".partial";
/// How long a name is: `20261130T094210Z`.
const NAME: usize = 16;

/// The directory, and how much room is taken in it.
#[derive(Debug)]
pub(super) struct Recordings {
    target: Target,
    /// The oldest last, each with its size in bytes.
    known: Vec<(String, u64)>,
    at_most: u64,
    /// What the recording in the making takes so far, in bytes.
    taken: u64,
}

/// A recording in the making.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) target: Target,
    /// What it will be called.
    pub(super) name: String,
}

impl Recordings {
    /// Opens it, or makes it. What has no name of a recording is left alone.
    pub(super) fn open(config: &RecorderConfig) -> Result<Option<Self>, TargetError> {
        let Some(path) = config.directory.path() else { return Ok(None) };
        let target = Target::reuse(path)?;
        let failed = |source| TargetError::Failed { path: path.to_path_buf(), source };
        let mut known = Vec::new();
        for name in target.names().map_err(failed)? {
            let Some(name) = name.to_str() else { continue };
            if let Some(of) = name.strip_prefix('.').and_then(|name| name.strip_suffix(PARTIAL)) {
                // Of a run that ended meanwhile.
                if is_name(of) {
                    target.remove(name).map_err(failed)?;
                }
            } else if is_name(name) {
                known.push((name.to_owned(), target.size_of(name).map_err(failed)?));
            }
        }
        // Names are in the order of time.
        known.reverse();
        Ok(Some(Self { target, known, at_most: config.disk.bytes(), taken: 0 }))
    }

    /// Begins a recording at `now` (time since 1970).
    pub(super) fn begin(&self, now: Duration) -> io::Result<Partial> {
        let mut second = now.as_secs();
        while self.known.iter().any(|(name, _)| *name == name_at(second)) {
            second += 1;
        }
        let name = name_at(second);
        Ok(Partial { target: self.target.directory(&partial(&name))?, name })
    }

    /// Makes room for so many bytes more; gives whether there is any. Older recordings go first, the oldest at once.
    pub(super) fn make_room(&mut self, bytes: u64) -> io::Result<bool> {
        while bytes > self.room() {
            let Some((oldest, _)) = self.known.pop() else { return Ok(false) };
            self.target.remove(&oldest)?;
        }
        Ok(true)
    }

    /// So many bytes were written.
    pub(super) const fn take(&mut self, bytes: u64) {
        self.taken += bytes;
    }

    /// So many bytes that had been written are gone.
    pub(super) const fn give_back(&mut self, bytes: u64) {
        self.taken = self.taken.saturating_sub(bytes);
    }

    /// How much room there is without removing anything, in bytes.
    pub(super) fn room(&self) -> u64 {
        let taken = self.known.iter().map(|(_, size)| size).sum::<u64>() + self.taken;
        self.at_most.saturating_sub(taken)
    }

    /// The recording is whole.
    pub(super) fn finish(&self, partial_of: &Partial) -> io::Result<()> {
        self.target.rename(&partial(&partial_of.name), &partial_of.name)
    }

    /// There will be no recording.
    pub(super) fn abandon(&self, partial_of: &Partial) -> io::Result<()> {
        self.target.remove(&partial(&partial_of.name))
    }
}

fn partial(name: &str) -> String {
    format!(".{name}{PARTIAL}")
}

/// What a recording of this second since 1970 is called.
fn name_at(second: u64) -> String {
    let shown = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(second)).to_string();
    // `tar` takes what stands before a colon for another machine.
    shown.replace(['-', ':'], "")
}

fn is_name(name: &str) -> bool {
    let is_shape = |(place, byte): (usize, u8)| match place {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    name.len() == NAME && name.bytes().enumerate().all(is_shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::test_directory::TestDirectory;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn config(place: &TestDirectory) -> RecorderConfig {
        let path = place.join("recordings");
        let text = format!("recorder = {{ directory = {path:?}, disk = \"1MiB\" }}");
        Config::parse(&text).unwrap().recorder
    }

    #[test]
    fn names() {
        assert_eq!(name_at(1_796_031_730), "20261130T094210Z");
        for (name, expected) in [
            ("20261130T094210Z", true),
            ("20261130T094210", false),
            ("20261130 094210Z", false),
            ("2026113xT094210Z", false),
            ("lost+found", false),
        ] {
            assert_eq!(is_name(name), expected, "{name}");
        }
    }

    #[test]
    fn the_oldest_make_room_and_nothing_else_is_touched() {
        let place = TestDirectory::new("recordings-room");
        let config = config(&place);
        let recordings = Recordings::open(&config).unwrap().unwrap();
        for second in [20, 10] {
            let partial = recordings.begin(Duration::from_secs(second)).unwrap();
            fs::write(
                place.join("recordings").join(format!(".{}.partial/file", partial.name)),
                vec![0; 400_000],
            )
            .unwrap();
            recordings.finish(&partial).unwrap();
        }
        recordings.begin(Duration::from_secs(30)).unwrap();
        fs::create_dir(place.join("recordings/mine")).unwrap();
        let mut recordings = Recordings::open(&config).unwrap().unwrap();
        assert_eq!(recordings.room(), (1 << 20) - 800_000);
        assert!(recordings.make_room(248_576).unwrap());
        let present = || recordings.target.names().unwrap();
        assert_eq!(present(), ["19700101T000010Z", "19700101T000020Z", "mine"], "the partial one is gone");
        recordings.make_room(248_577).unwrap();
        assert_eq!(recordings.target.names().unwrap(), ["19700101T000020Z", "mine"]);
        assert!(!recordings.make_room((1 << 20) + 1).unwrap());
    }

    #[test]
    fn two_of_one_second_have_names_of_their_own() {
        let place = TestDirectory::new("recordings-second");
        let config = config(&place);
        for expected in ["19700101T000010Z", "19700101T000011Z"] {
            let recordings = Recordings::open(&config).unwrap().unwrap();
            let partial = recordings.begin(Duration::from_secs(10)).unwrap();
            recordings.finish(&partial).unwrap();
            assert!(place.join("recordings").join(expected).is_dir());
        }
    }

    #[test]
    fn what_others_could_write_to_is_refused() {
        let place = TestDirectory::new("recordings-refused");
        let config = config(&place);
        let path = place.join("recordings");
        Recordings::open(&config).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(matches!(Recordings::open(&config), Err(TargetError::OpenToOthers(_))));
        fs::remove_dir(&path).unwrap();
        symlink(&*place, &path).unwrap();
        assert!(matches!(Recordings::open(&config), Err(TargetError::NotADirectory(_))));
    }
}
