//! A directory in which this program keeps a file of its own.
//!
//! Nobody but root and the user of this process can put anything there, nor on the way: the trust that making files takes.
//! Files are reached below one descriptor, and no link is followed. A file is never changed: another takes its place, whole.

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Access, AtFlags, Mode, OFlags, accessat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::{DirectoryError, FileError};

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// No waiting at a FIFO, and a terminal doesn't become the daemon's own.
const READING: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A file that wasn't there; neither is a link at its place.
const NEW: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
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
        let file: File = openat(&self.0, name, READING, Mode::empty())?.into();
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(FileError::NotRegular.into());
        }
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

    fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            removed => Ok(removed?),
        }
    }
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
