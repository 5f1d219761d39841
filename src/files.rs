//! The one place where files are opened to be read, and where a way is gone to what is read or written to.
//!
//! What lies at a path is not to be trusted.
//!
//! A FIFO in place of a file holds up whoever opens it until somebody writes into it, a device may never end. So nothing
//! here waits: a file is opened without blocking, looked at by its descriptor, and refused unless it is a regular one.
//! Those of the kernel below `/proc` and `/sys` are regular too, of size 0.
//!
//! A link may have been put there so that root's power reads a file for somebody else, or writes where they like. So the
//! way there is gone step by step, and `trust` has the rules for what may be on it. Of a replayed router it never leads out
//! of the directory that stands for `/`.
//!
//! [`own_directory`] is where this program keeps a file of its own.
//!
//! Nobody else in this crate opens a file that is there; other crates are handed its bytes, or a reader.

pub(crate) mod descriptors;
#[expect(
    clippy::disallowed_methods,
    reason = "below a descriptor, without blocking, and regular files alone"
)]
pub(crate) mod own_directory;
mod trust;
mod walk;

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, getgroups};
use rustix::thread::{CapabilitySet, capabilities};
use thiserror::Error;

pub(crate) use trust::ChosenBy;
use trust::{Kind, Reader};
use walk::Walk;

/// What a file that people write is read of at most, in bytes.
pub(crate) const WRITTEN_AT_MOST: u64 = 1 << 20;
/// What one figure or name of the kernel's is read of at most, in bytes: the kernel gives a page (`seq_read()`).
pub(crate) const FIGURE_AT_MOST: u64 = 4096;
/// What a list that a command has printed is read of at most, in bytes.
pub(crate) const PRINTED_AT_MOST: u64 = 8 << 20;

/// Why a file that is there is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FileError {
    /// It is a directory, a FIFO, a device or a socket.
    #[error("not a regular file")]
    NotRegular,
    /// It has more bytes than are read of such a file.
    #[error("larger than {}", size(*.0))]
    TooLarge(u64),
    /// Its path leads over a link that anybody could have put there.
    #[error(
        "there is a link on the way, in a directory that everybody may write, and the link is not root's"
    )]
    LinkOfOthers,
    /// It takes root's power to read it, and others than root may choose what is read.
    #[error(
        "it takes root's power to read it, and that is used only for files of root's, in directories that only root \
         may write"
    )]
    NotRoots,
    /// Its path leads over a link of somebody's to what that one perhaps may not read.
    #[error("there is a link on the way that is not root's, and not everybody may read what it leads to")]
    LinkToClosed,
}

/// Why nothing is to be made below a directory.
#[derive(Debug, Error)]
pub(crate) enum DirectoryError {
    /// This on the way lets somebody besides root and the user of this process choose where it leads.
    #[error("{}: others may choose where it leads", .0.display())]
    OpenToOthers(PathBuf),
    /// The way ends there. Where that is no directory, the cause is of the kind `NotADirectory`.
    #[error("{}: {source}", path.display())]
    Unreachable {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        Self::other(error)
    }
}

/// Opens the regular file at `path`, without waiting for anybody, if `chosen` may choose it. Below `root`, if there is
/// one, which stands for `/`: nothing on the way leads out of it.
pub(crate) fn open(root: Option<&Path>, path: &Path, chosen: ChosenBy) -> io::Result<File> {
    let Walk { way, end, .. } = Walk::to_file(root, path);
    let file = end?;
    trust::check(&way, reader()?, chosen)?;
    Ok(file)
}

/// Reads the whole file of this machine's at `path`, which is refused if it has more than `at_most` bytes.
pub(crate) fn read(path: &Path, at_most: u64) -> io::Result<Vec<u8>> {
    read_whole(open(None, path, ChosenBy::Configuration)?, at_most)
}

/// Reads all of `file`, which is refused if it has more than `at_most` bytes.
pub(crate) fn read_whole(file: File, at_most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(at_most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > at_most {
        return Err(FileError::TooLarge(at_most).into());
    }
    Ok(content)
}

/// Opens the directory at `path`, in which something is to be made: nobody but root and the user of this process can put
/// anything on the way, nor exchange what is made. What is opened is not for listing (`O_PATH`).
pub(crate) fn open_parent(path: &Path) -> Result<File, DirectoryError> {
    open_if_safe(Walk::to_directory(path))
}

/// The same, whoever may write to the directory itself.
pub(crate) fn open_directory(path: &Path) -> Result<File, DirectoryError> {
    let mut walk = Walk::to_directory(path);
    if walk.end.is_ok() {
        // Nothing was looked up in it, unless a link to `.` is the last.
        walk.way.pop_if(|end| end.kind == Kind::Directory);
    }
    open_if_safe(walk)
}

fn open_if_safe(walk: Walk) -> Result<File, DirectoryError> {
    if let Some(index) = trust::first_open_to_others(&walk.way, Uid::effective().as_raw()) {
        return Err(DirectoryError::OpenToOthers(walk.path(index)));
    }
    let path = walk.path(walk.names.len() - 1);
    walk.end.map_err(|source| DirectoryError::Unreachable { path, source })
}

/// What the file at `path` is like. Below a `root` it is opened for that.
pub(crate) fn metadata(root: Option<&Path>, path: &Path) -> io::Result<Metadata> {
    if root.is_none() { fs::metadata(path) } else { Walk::to_file(root, path).end?.metadata() }
}

/// Whether there is a regular file at `path` that this process has permission to read; or else why not.
pub(crate) fn reach(root: Option<&Path>, path: &Path) -> io::Result<()> {
    Walk::to_file(root, path).end.map(drop)
}

/// Whether root's power is to be used for the file at `path`, if there is one: nobody else chooses it. What can't be
/// looked at doesn't speak against it.
pub(crate) fn is_roots(root: Option<&Path>, path: &Path) -> bool {
    trust::is_roots(&Walk::to_file(root, path).way)
}

/// Who this process is.
fn reader() -> io::Result<Reader> {
    let (uid, root_group) = (Uid::effective(), Gid::from_raw(0));
    let reads_all = CapabilitySet::DAC_READ_SEARCH | CapabilitySet::DAC_OVERRIDE;
    Ok(Reader {
        uid: uid.as_raw(),
        group_0: Gid::effective() == root_group || getgroups()?.contains(&root_group),
        power: uid.is_root() || capabilities(None)?.effective.intersects(reads_all),
    })
}

/// A bound in words.
fn size(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{bytes} bytes") } else { format!("{} MiB", bytes >> 20) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, lchown, symlink};

    use crate::test_directory::TestDirectory;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_refused_beyond() {
        let place = TestDirectory::new("files-read");
        let path = place.join("file");
        fs::write(&path, "12345678").unwrap();
        assert_eq!(read(&path, 8).unwrap(), b"12345678");
        assert_eq!(read(&path, 7).unwrap_err().to_string(), "larger than 7 bytes");
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&path, 7).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(FileError::TooLarge(WRITTEN_AT_MOST).to_string(), "larger than 1 MiB");
    }

    #[test]
    fn only_regular_files_are_opened_the_kernels_among_them() {
        for path in ["/dev/zero", "/dev/null", "/proc", "/"] {
            let opened = open(None, Path::new(path), ChosenBy::Configuration);
            assert_eq!(opened.unwrap_err().to_string(), "not a regular file", "{path}");
        }
        assert!(!read(Path::new("/proc/self/statm"), FIGURE_AT_MOST).unwrap().is_empty());
    }

    #[test]
    fn in_a_directory_that_others_may_write_to_nothing_is_made() {
        let place = TestDirectory::new("files-open");
        let path = place.to_path_buf();
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        assert!(open_directory(&path).is_ok());
        let is_refused =
            |opened, at: &Path| matches!(opened, Err(DirectoryError::OpenToOthers(open)) if open == at);
        assert!(is_refused(open_parent(&path), &path));
        let link = path.join("link");
        symlink(".", &link).unwrap();
        assert!(is_refused(open_directory(&link), &path));
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert!(open_directory(&link).is_ok());
        // Only root can make it somebody else's.
        if lchown(&link, Some(65534), None).is_ok() {
            assert!(is_refused(open_directory(&link), &link));
        }
    }
}
