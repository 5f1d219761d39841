//! A recording: what a router's files were like, instant by instant.
//!
//! Its directory has one for each instant, called by its Unix time in ten digits. Each stands for `/`, and lacks what was as
//! in the instant before.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use thiserror::Error;

/// How long the name of an instant is: `date +%s` gives ten digits until the year 2286.
const DIGITS: usize = 10;
/// How many instants a recording has at most: 36 hours of one every second, two weeks of one every ten.
pub const INSTANTS_AT_MOST: usize = 1 << 17;
/// How many names of what is no instant are kept to be told.
const STRANGERS_AT_MOST: usize = 10;

/// The instants of a recording, and which of them is looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Recording {
    directory: PathBuf,
    /// Seconds since 1970, ascending.
    instants: Vec<u64>,
    /// The place of the one that is looked at.
    present: Cell<usize>,
    /// Where the files are that were looked for, so that no instant is searched twice for one.
    found: RefCell<HashMap<PathBuf, Found>>,
}

/// Where a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    /// It was looked for in the instants before this place.
    before: usize,
    /// The last of those that has it.
    place: Option<usize>,
}

/// Why a directory can't be taken for a recording.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// What is in it can't be listed.
    #[error("{}: {source}", directory.display())]
    Unreadable {
        /// Which.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has too many instants.
    #[error("{} has more than the {INSTANTS_AT_MOST} instants that are replayed", .0.display())]
    TooMany(PathBuf),
    /// It has none, and isn't one itself.
    #[error("{} has neither instants nor a table: name what record or capture has written", .0.display())]
    Empty(PathBuf),
}

/// What is in the directory of a recording, by name.
#[derive(Debug, Default)]
pub struct Listing {
    /// Seconds since 1970, ascending.
    pub instants: Vec<u64>,
    /// What is no instant: some of the names.
    pub strangers: Vec<OsString>,
}

impl Listing {
    /// Lists `directory`. Links are no instants: they may lead anywhere.
    pub fn read(directory: &Path) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::Unreadable { directory: directory.to_path_buf(), source };
        let mut listing = Self::default();
        for entry in fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let is_directory = entry.file_type().map_err(failed)?.is_dir();
            match instant_of(&name).filter(|_| is_directory) {
                Some(instant) => listing.instants.push(instant),
                None if listing.strangers.len() < STRANGERS_AT_MOST => listing.strangers.push(name),
                None => {}
            }
            if listing.instants.len() > INSTANTS_AT_MOST {
                return Err(RecordingError::TooMany(directory.to_path_buf()));
            }
        }
        listing.instants.sort_unstable();
        listing.strangers.sort_unstable();
        Ok(listing)
    }
}

impl Recording {
    /// The recording in `directory` that has these instants (seconds since 1970, ascending). The first is looked at.
    pub fn new(directory: impl Into<PathBuf>, instants: Vec<u64>) -> Self {
        let (present, found) = (Cell::default(), RefCell::default());
        Self { directory: directory.into(), instants, present, found }
    }

    /// The recording one of whose instants is `directory`, as it was then; `None` if that is no instant.
    pub(super) fn up_to(directory: &Path) -> Option<Self> {
        let instant = instant_of(directory.file_name()?)?;
        let above = directory.parent()?;
        // `read_dir` knows no empty path for the present directory.
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        let mut instants = Listing::read(above).ok()?.instants;
        instants.truncate(instants.binary_search(&instant).ok()? + 1);
        let recording = Self::new(above, instants);
        recording.present.set(recording.instants.len() - 1);
        Some(recording)
    }

    /// Its instants: seconds since 1970, ascending.
    pub fn instants(&self) -> &[u64] {
        &self.instants
    }

    /// Looks at the instant in this place from now on.
    pub fn show(&self, place: usize) {
        if place < self.present.replace(place) {
            self.found.borrow_mut().clear();
        }
    }

    /// The directory in which the router's `path` is, or would be.
    pub(super) fn directory_of(&self, path: &Path) -> PathBuf {
        let found = self.found.borrow().get(path).and_then(|found| found.place);
        self.directory(found.unwrap_or(self.present.get()))
    }

    /// Tries `at` with the directory of the instant that is looked at, and with those before until one has `path`. Whatever
    /// else than its absence comes in the way ends the search.
    pub(super) fn look_up<T>(
        &self,
        path: &Path,
        mut at: impl FnMut(&Path) -> io::Result<T>,
    ) -> io::Result<T> {
        let present = self.present.get();
        let Found { before, place } = self.found.borrow().get(path).copied().unwrap_or_default();
        for place in (before..=present).rev() {
            match at(&self.directory(place)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(found) => {
                    self.note(path, Found { before: present + 1, place: Some(place) });
                    return Ok(found);
                }
            }
        }
        self.note(path, Found { before: present + 1, place });
        place.map_or_else(|| Err(Errno::NOENT.into()), |place| at(&self.directory(place)))
    }

    fn note(&self, path: &Path, found: Found) {
        let mut known = self.found.borrow_mut();
        match known.get_mut(path) {
            Some(known) => *known = found,
            None => {
                known.insert(path.to_path_buf(), found);
            }
        }
    }

    fn directory(&self, place: usize) -> PathBuf {
        self.directory.join(name_of(self.instants.get(place).copied().unwrap_or_default()))
    }
}

/// The name of the directory of an instant (seconds since 1970).
///
/// ```
/// # use conntrack_exporter::root::recording::{instant_of, name_of};
/// assert_eq!(name_of(1_795_241_400), "1795241400");
/// assert_eq!(instant_of("0000000060".as_ref()), Some(60));
/// assert_eq!(instant_of("60".as_ref()), None);
/// ```
pub fn name_of(instant: u64) -> String {
    format!("{instant:0DIGITS$}")
}

/// The instant (seconds since 1970) whose directory has this name, if it is one's.
pub fn instant_of(name: &OsStr) -> Option<u64> {
    let name = name.to_str().filter(|name| name.len() == DIGITS)?;
    name.bytes().all(|byte| byte.is_ascii_digit()).then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::Root;
    use crate::test_directory::TestDirectory;
    use proptest::prelude::*;
    use std::os::unix::fs::symlink;
    use std::rc::Rc;

    fn write(place: &TestDirectory, path: &str, text: &str) {
        let path = place.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(root: &Root, path: &str) -> Option<String> {
        match root.read(path, 100) {
            Ok(text) => Some(String::from_utf8(text).unwrap()),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::NotFound, "{path}");
                None
            }
        }
    }

    #[test]
    fn what_an_instant_lacks_is_as_it_was_before() {
        let place = TestDirectory::new("recording-lacks");
        write(&place, "0000000010/etc/hosts", "first");
        write(&place, "0000000010/table", "10");
        write(&place, "0000000020/table", "20");
        write(&place, "0000000030/etc/hosts", "");
        write(&place, "0000000040/late", "at last");
        let listing = Listing::read(&place).unwrap();
        assert_eq!((listing.instants.as_slice(), listing.strangers.len()), (&[10, 20, 30, 40][..], 0));
        let recording = Rc::new(Recording::new(&*place, listing.instants));
        let root = Root::recorded(Rc::clone(&recording));
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            (some("first"), some("10"), None),
            (some("first"), some("20"), None),
            (some(""), some("20"), None),
            (some(""), some("20"), some("at last")),
        ];
        // Forwards, and backwards, which nobody needs but may do.
        for index in [0, 0, 1, 2, 3, 3, 2, 0, 3, 1] {
            recording.show(index);
            let seen = (read(&root, "/etc/hosts"), read(&root, "/table"), read(&root, "/late"));
            assert_eq!(seen, expected[index], "{index}");
            let alone = Root::replay_instant(place.join(name_of(recording.instants()[index])));
            let seen = (read(&alone, "/etc/hosts"), read(&alone, "/table"), read(&alone, "/late"));
            assert_eq!(seen, expected[index], "{index}");
            assert_eq!(root.metadata("/late").is_ok(), expected[index].2.is_some());
        }
        recording.show(2);
        assert!(root.read("/table", 100).is_ok());
        assert_eq!(root.path("/table"), place.join("0000000020/table"));
        assert_eq!(root.path("/nowhere"), place.join("0000000030/nowhere"));
    }

    #[test]
    fn an_instant_is_a_directory_of_ten_digits() {
        let place = TestDirectory::new("recording-names");
        for directory in
            ["0000000010", "10", "00000000010", "000000001x", ".0000000030.partial", "+000000001"]
        {
            fs::create_dir(place.join(directory)).unwrap();
        }
        fs::write(place.join("0000000020"), "").unwrap();
        symlink("0000000010", place.join("0000000040")).unwrap();
        let listing = Listing::read(&place).unwrap();
        assert_eq!((listing.instants.as_slice(), listing.strangers.len()), (&[10][..], 7));
        // Who names a link means what is there, and nothing else.
        write(&place, "0000000010/file", "text");
        let named = Root::replay_instant(place.join("0000000040"));
        assert_eq!(named, Root::replay(place.join("0000000040")));
        assert_eq!(read(&named, "/file").as_deref(), Some("text"));
        assert!(matches!(Listing::read(&place.join("nowhere")), Err(RecordingError::Unreadable { .. })));
    }

    #[test]
    fn no_link_leads_from_an_instant_to_another_or_out() {
        let place = TestDirectory::new("recording-links");
        write(&place, "outside", "outside");
        write(&place, "0000000010/before", "before");
        fs::create_dir(place.join("0000000020")).unwrap();
        symlink("../0000000010/before", place.join("0000000020/across")).unwrap();
        symlink("../outside", place.join("0000000020/out")).unwrap();
        symlink(place.join("outside"), place.join("0000000020/absolute")).unwrap();
        symlink("before", place.join("0000000020/own")).unwrap();
        let root = Root::replay_instant(place.join("0000000020"));
        for path in ["/across", "/out", "/absolute", "/own", "/../outside"] {
            assert_eq!(read(&root, path), None, "{path}");
        }
        assert_eq!(read(&root, "/before").as_deref(), Some("before"));
    }

    #[test]
    fn what_comes_in_the_way_is_not_passed_over() {
        let place = TestDirectory::new("recording-in-the-way");
        write(&place, "0000000010/etc/hosts", "before");
        write(&place, "0000000020/etc", "no directory");
        fs::create_dir_all(place.join("0000000030/etc/hosts")).unwrap();
        for (instant, expected) in
            [("0000000020", io::ErrorKind::NotADirectory), ("0000000030", io::ErrorKind::Other)]
        {
            let root = Root::replay_instant(place.join(instant));
            assert_eq!(root.open("/etc/hosts").unwrap_err().kind(), expected, "{instant}");
        }
    }

    proptest! {
        #[test]
        fn names_are_understood_again(instant in 0..10_000_000_000_u64, any in "\\PC*") {
            prop_assert_eq!(instant_of(name_of(instant).as_ref()), Some(instant));
            if let Some(instant) = instant_of(any.as_ref()) {
                prop_assert_eq!(name_of(instant), any);
            }
        }
    }
}
