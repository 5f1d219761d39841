//! A directory in which this program keeps a file of its own.
//!
//! Nobody but root and the user of this process can put anything there, nor on the way: the trust that making files takes.
//! Files are reached below one descriptor, and no link is followed. Whoever replaces a file has another take its place,
//! whole; what is appended to one can be marked afterwards.

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{Access, AtFlags, Dir, Mode, OFlags, accessat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::{DirectoryError, FileError};

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// No waiting at a FIFO, and a terminal doesn't become the daemon's own.
const READING: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A file that wasn't there; neither is a link at its place.
const NEW: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A file that is there; no waiting at a FIFO.
const OVERWRITING: OFlags =
    OFlags::WRONLY.union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A file that is there or not, likewise.
const APPENDING: OFlags = OFlags::WRONLY
    .union(OFlags::APPEND)
    .union(OFlags::CREATE)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// It says who is at home.
const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A directory of this program's own, opened.
#[derive(Debug)]
pub(crate) struct OwnDirectory(OwnedFd);

impl OwnDirectory {
    /// Opens the directory at `path`; refuses one in which others than root and this process's user could put something.
    pub(crate) fn open(path: &Path) -> Result<Self, DirectoryError> {
        let found = super::open_parent(path)?;
        let failed =
            |error: Errno| DirectoryError::Unreachable { path: path.to_path_buf(), source: error.into() };
        Ok(Self(openat(found, ".", DIRECTORY, Mode::empty()).map_err(failed)?))
    }

    /// Reads the whole file `name`, and says what it is like; one of more than `at_most` bytes is refused.
    pub(crate) fn read(&self, name: &str, at_most: u64) -> io::Result<(Vec<u8>, Metadata)> {
        let file = regular(openat(&self.0, name, READING, Mode::empty())?)?;
        let metadata = file.metadata()?;
        Ok((super::read_whole(file, at_most)?, metadata))
    }

    /// Has the file `name` hold `content`, or what it held: nothing between. It is on the disk when this returns, however
    /// the power is cut. On the way it is called `temporary`.
    pub(crate) fn replace(&self, name: &str, temporary: &str, content: &[u8]) -> io::Result<()> {
        // Somebody was ended in the midst of it.
        self.remove(temporary)?;
        let written = self.write_new(temporary, content);
        let done = written.and_then(|()| self.rename(temporary, name));
        if done.is_err() {
            // What can't be removed either is removed the next time.
            let _ = self.remove(temporary);
        }
        done
    }

    /// Appends `content` to the file `name`, which is made if it isn't there, and says where in it that begins. What can't be
    /// appended whole isn't at all, as far as that can be had.
    pub(crate) fn append(&self, name: &str, content: &[u8]) -> io::Result<u64> {
        let mut file = regular(openat(&self.0, name, APPENDING, MODE)?)?;
        let before = file.metadata()?.len();
        let written = file.write_all(content);
        if written.is_err() {
            let _ = file.set_len(before);
        }
        written.map(|()| before)
    }

    /// Puts `content` in the place of what is in the file `name` from `offset` on.
    pub(crate) fn overwrite(&self, name: &str, offset: u64, content: &[u8]) -> io::Result<()> {
        regular(openat(&self.0, name, OVERWRITING, Mode::empty())?)?.write_all_at(content, offset)
    }

    /// Reads `length` bytes of the file `name`, from `offset` on.
    pub(crate) fn read_range(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let file = regular(openat(&self.0, name, READING, Mode::empty())?)?;
        let mut content = vec![0; length];
        file.read_exact_at(&mut content, offset)?;
        Ok(content)
    }

    /// What is in it, by name. A name that is no UTF-8 is none of ours.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            names.extend(entry?.file_name().to_str().map(str::to_owned));
        }
        Ok(names)
    }

    /// Has the file `name` be called `to`, in the place of what was called that.
    pub(crate) fn rename(&self, name: &str, to: &str) -> io::Result<()> {
        renameat(&self.0, name, &self.0, to)?;
        // A name is on the disk only once its directory is.
        File::from(self.0.try_clone()?).sync_all()
    }

    /// Whether files can be made here.
    pub(crate) fn is_writable(&self) -> io::Result<()> {
        Ok(accessat(&self.0, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty())?)
    }

    fn write_new(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file: File = openat(&self.0, name, NEW, MODE)?.into();
        file.write_all(content)?;
        file.sync_all()
    }

    /// Removes the file `name`, if it is there.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            removed => Ok(removed?),
        }
    }
}

/// A regular file, and nothing else.
fn regular(opened: OwnedFd) -> io::Result<File> {
    let file = File::from(opened);
    if file.metadata()?.is_file() { Ok(file) } else { Err(FileError::NotRegular.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use crate::test_directory::TestDirectory;

    fn private(test: &str) -> (TestDirectory, OwnDirectory) {
        let place = TestDirectory::new(&format!("own-{test}"));
        fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
        let directory = OwnDirectory::open(&place).unwrap();
        (place, directory)
    }

    #[test]
    fn a_file_is_replaced_whole_whatever_was_left_before() {
        let (place, directory) = private("replace");
        assert_eq!(directory.read("file", 9).unwrap_err().kind(), io::ErrorKind::NotFound);
        directory.replace("file", "new", b"one").unwrap();
        // Somebody was killed while writing.
        fs::write(place.join("new"), "tw").unwrap();
        assert_eq!(directory.read("file", 9).unwrap().0, b"one");
        directory.replace("file", "new", b"two").unwrap();
        assert_eq!(directory.read("file", 3).unwrap().0, b"two");
        assert_eq!(directory.read("file", 2).unwrap_err().to_string(), "larger than 2 bytes");
        assert_eq!(fs::metadata(place.join("file")).unwrap().mode() & 0o777, 0o600);
        assert!(!place.join("new").exists());
        directory.rename("file", "aside").unwrap();
        assert_eq!(directory.read("aside", 9).unwrap().0, b"two");
    }

    #[test]
    fn what_is_appended_can_be_read_and_marked() {
        let (place, directory) = private("append");
        assert_eq!(directory.append("file", b"one").unwrap(), 0);
        assert_eq!(directory.append("file", b"two").unwrap(), 3);
        directory.overwrite("file", 1, b"N").unwrap();
        assert_eq!(directory.read_range("file", 0, 4).unwrap(), b"oNet");
        assert!(directory.read_range("file", 3, 4).is_err() && directory.overwrite("none", 0, b"x").is_err());
        assert_eq!(directory.names().unwrap().iter().filter(|name| !name.starts_with('.')).count(), 1);
        directory.remove("file").unwrap();
        symlink("outside", place.join("file")).unwrap();
        fs::write(place.join("outside"), "outside").unwrap();
        assert!(directory.append("file", b"x").is_err() && directory.overwrite("file", 0, b"x").is_err());
        assert_eq!(fs::read(place.join("outside")).unwrap(), b"outside");
    }

    #[test]
    fn no_link_is_followed_and_only_files_are_read() {
        let (place, directory) = private("links");
        fs::write(place.join("outside"), "outside").unwrap();
        symlink("outside", place.join("link")).unwrap();
        symlink("outside", place.join("new")).unwrap();
        assert!(directory.read("link", 99).is_err());
        directory.replace("link", "new", b"inside").unwrap();
        assert_eq!(fs::read(place.join("outside")).unwrap(), b"outside");
        assert_eq!(directory.read("link", 99).unwrap().0, b"inside");
        fs::create_dir(place.join("directory")).unwrap();
        assert_eq!(directory.read("directory", 99).unwrap_err().to_string(), "not a regular file");
        assert!(directory.replace("directory", "new", b"x").is_err());
        assert!(!place.join("new").exists(), "nothing is left behind");
        assert!(directory.replace("file", "directory", b"x").is_err());
    }

    #[test]
    fn a_directory_in_which_others_may_put_something_is_refused() {
        let (place, _) = private("shared");
        fs::set_permissions(&*place, Permissions::from_mode(0o770)).unwrap();
        assert!(matches!(OwnDirectory::open(&place), Err(DirectoryError::OpenToOthers(_))));
        fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
        let missing = OwnDirectory::open(&place.join("missing"));
        assert!(matches!(missing, Err(DirectoryError::Unreachable { .. })), "{missing:?}");
    }
}
