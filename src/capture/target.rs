//! The directory that a capture is written to, and nothing beside it.
//!
//! The way to it is gone once, to a descriptor; everything is then made below that. Whoever renames the directory, or
//! puts a link where it was, changes nothing about where the files go.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use nix::unistd::Uid;
use rustix::fs::{
    Access, AtFlags, Dir, FileType, Mode, OFlags, accessat, fchmod, fstat, mkdirat, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;
use thiserror::Error;

use crate::files::{self, DirectoryError};

/// Only the owner may look: it says who is at home, and with whom they talk.
const DIRECTORY_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
/// A directory whose entries can be read; no link to one.
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A file that wasn't there; neither is a link at its place.
const NEW_FILE: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Where a capture goes.
#[derive(Debug)]
pub(crate) struct Target {
    directory: OwnedFd,
}

/// Why nothing is written to a directory.
#[derive(Debug, Error)]
pub(crate) enum TargetError {
    /// Something is in it.
    #[error("{} is not empty: name a directory that is, or a new one", .0.display())]
    NotEmpty(PathBuf),
    /// It is a file, or a link to somewhere else.
    #[error("{} is no directory: name an empty one, or a new one", .0.display())]
    NotADirectory(PathBuf),
    /// Somebody else could put links into it while it is written.
    #[error("{} belongs to somebody else: name a new directory", .0.display())]
    NotOurs(PathBuf),
    /// Somebody else can put there whatever they like, so that its path leads where they like.
    #[error(
        "{} is not safe to write in, for somebody else could put a link there: name a directory in /tmp, or in one \
         that only you and root may write",
        .0.display()
    )]
    OpenToOthers(PathBuf),
    /// It can't be made or read.
    #[error("{}: {source}", path.display())]
    Failed {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<DirectoryError> for TargetError {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::OpenToOthers(path) => Self::OpenToOthers(path),
            DirectoryError::Unreachable { path, source } if source.kind() == io::ErrorKind::NotADirectory => {
                Self::NotADirectory(path)
            }
            DirectoryError::Unreachable { path, source } => Self::Failed { path, source },
        }
    }
}

impl Target {
    /// Makes the directory, or takes it if it is empty and our own. Refuses a path through a directory in which
    /// somebody else could have put a link.
    pub(crate) fn create(directory: &Path) -> Result<Self, TargetError> {
        let path = || directory.to_path_buf();
        let failed = |source: Errno| TargetError::Failed { path: path(), source: source.into() };
        let opened = Self::open(directory)?.directory;
        // One that isn't empty stays as it is.
        if !is_empty(&opened).map_err(failed)? {
            return Err(TargetError::NotEmpty(path()));
        }
        fchmod(&opened, DIRECTORY_MODE).map_err(failed)?;
        // Now that nobody else can write to it.
        let empty = is_empty(&opened).map_err(failed)?;
        if empty { Ok(Self { directory: opened }) } else { Err(TargetError::NotEmpty(path())) }
    }

    /// Makes the directory, or takes it with all that is in it, if nobody else may write to it. Refuses the same paths.
    pub(crate) fn reuse(directory: &Path) -> Result<Self, TargetError> {
        let opened = Self::open(directory)?;
        let failed =
            |source: Errno| TargetError::Failed { path: directory.to_path_buf(), source: source.into() };
        let mode = Mode::from_raw_mode(fstat(&opened.directory).map_err(failed)?.st_mode);
        if mode.intersects(Mode::WGRP | Mode::WOTH) {
            return Err(TargetError::OpenToOthers(directory.to_path_buf()));
        }
        Ok(opened)
    }

    /// Whether [`Target::reuse`] would have it, as far as can be seen without making anything.
    pub(crate) fn can_reuse(directory: &Path) -> Result<(), TargetError> {
        let failed =
            |source: Errno| TargetError::Failed { path: directory.to_path_buf(), source: source.into() };
        let (Some(parent), Some(name)) = (directory.parent(), directory.file_name()) else {
            return Self::reuse(directory).map(drop);
        };
        let parent = files::open_parent(parent)?;
        let (place, name) = match statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => (Self::reuse(directory)?.directory.into(), OsStr::new(".")),
            Err(Errno::NOENT) => (parent, OsStr::new(".")),
            Err(error) => return Err(failed(error)),
        };
        accessat(&place, name, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).map_err(failed)
    }

    /// Opens the directory, which is made unless it is there, and is our own.
    fn open(directory: &Path) -> Result<Self, TargetError> {
        let path = || directory.to_path_buf();
        let failed = |source: Errno| TargetError::Failed { path: path(), source: source.into() };
        let opened = match (directory.parent(), directory.file_name()) {
            (Some(parent), Some(name)) => enter(files::open_parent(parent)?, name),
            // `.`, `..` and `/` have no name to be made by.
            _ => openat(files::open_directory(directory)?, ".", DIRECTORY, Mode::empty()),
        };
        let opened = opened.map_err(|error| match error {
            Errno::NOTDIR | Errno::LOOP => TargetError::NotADirectory(path()),
            error => failed(error),
        })?;
        if fstat(&opened).map_err(failed)?.st_uid != Uid::effective().as_raw() {
            return Err(TargetError::NotOurs(path()));
        }
        Ok(Self { directory: opened })
    }

    /// What is in here, in order of the names.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.directory)? {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            names.extend(Some(name).filter(|name| name != "." && name != ".."));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// How large the files are that the directory `name` in here has, in bytes.
    pub(crate) fn size_of(&self, name: &str) -> io::Result<u64> {
        Ok(size_of_all(&self.directory, OsStr::new(name))?)
    }

    /// The directory `name` in here, which is made unless it is there.
    pub(crate) fn within(&self, name: &str) -> io::Result<Self> {
        Ok(Self { directory: enter(&self.directory, OsStr::new(name))? })
    }

    /// Makes the file that stands for the router's `path`, which must not be there yet.
    pub(crate) fn file(&self, path: &Path) -> io::Result<File> {
        let (below, name) = self.place(path)?;
        Ok(openat(&below, name, NEW_FILE, FILE_MODE)?.into())
    }

    /// Removes a file that was made.
    pub(super) fn remove_file(&self, path: &Path) -> io::Result<()> {
        let (below, name) = self.place(path)?;
        Ok(unlinkat(below, name, AtFlags::empty())?)
    }

    /// Makes the directory `name` in here, which must not be there yet.
    pub(crate) fn directory(&self, name: &str) -> io::Result<Self> {
        mkdirat(&self.directory, name, DIRECTORY_MODE)?;
        Ok(Self { directory: openat(&self.directory, name, DIRECTORY, Mode::empty())? })
    }

    /// Has the directory `from` in here be called `to`, which must not be there yet.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.directory, from, &self.directory, to)?)
    }

    /// Removes the directory `name` in here with all that is in it.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(remove_all(&self.directory, OsStr::new(name))?)
    }

    /// The directory in which the router's `path` lies, which is made unless it is there, and its name in that.
    fn place<'a>(&self, path: &'a Path) -> io::Result<(OwnedFd, &'a OsStr)> {
        let path = path.strip_prefix("/").unwrap_or(path);
        let names = path.components().map(|component| match component {
            Component::Normal(name) => Ok(name),
            _ => Err(io::Error::other("its path leads out of the directory")),
        });
        let names = names.collect::<io::Result<Vec<_>>>()?;
        let (name, directories) = names.split_last().ok_or(io::ErrorKind::IsADirectory)?;
        let mut below = self.directory.try_clone()?;
        for directory in directories {
            below = enter(&below, directory)?;
        }
        Ok((below, name))
    }
}

/// Removes the directory `name` with all that is in it. Directories are as deep as paths that were written.
fn remove_all(below: impl AsFd, name: &OsStr) -> rustix::io::Result<()> {
    let directory = openat(&below, name, DIRECTORY, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        match unlinkat(&directory, name, AtFlags::empty()) {
            // Linux says the one, POSIX the other.
            Err(Errno::ISDIR | Errno::PERM) => remove_all(&directory, name)?,
            removed => removed?,
        }
    }
    unlinkat(below, name, AtFlags::REMOVEDIR)
}

/// How large the files are in the directory `name` and below.
fn size_of_all(below: impl AsFd, name: &OsStr) -> rustix::io::Result<u64> {
    let directory = openat(&below, name, DIRECTORY, Mode::empty())?;
    let mut size = 0;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let found = statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        size += match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => size_of_all(&directory, name)?,
            _ => u64::try_from(found.st_size).unwrap_or_default(),
        };
    }
    Ok(size)
}

fn is_empty(directory: impl AsFd) -> rustix::io::Result<bool> {
    for entry in Dir::read_from(directory)? {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The directory `name`, which is made unless it is there.
fn enter(below: impl AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    match mkdirat(&below, name, DIRECTORY_MODE) {
        Ok(()) | Err(Errno::EXIST) => openat(below, name, DIRECTORY, Mode::empty()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;
    use std::fs::{self, Permissions};
    use std::io::Write;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use crate::test_directory::TestDirectory;

    fn place(test: &str) -> TestDirectory {
        TestDirectory::new(&format!("target-{test}"))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn only_the_owner_may_look() {
        let place = place("modes");
        let empty = place.join("empty");
        fs::create_dir(&empty).unwrap();
        fs::set_permissions(&empty, Permissions::from_mode(0o755)).unwrap();
        for directory in [place.join("new"), empty] {
            let target = Target::create(&directory).unwrap();
            target.file(Path::new("/etc/config/dhcp")).unwrap().write_all(b"x").unwrap();
            target.file(Path::new("/etc/hosts")).unwrap();
            assert_eq!([mode(&directory), mode(&directory.join("etc/config"))], [0o700; 2]);
            assert_eq!(mode(&directory.join("etc/config/dhcp")), 0o600);
            assert!(target.file(Path::new("/etc/hosts")).is_err(), "never written over");
            assert!(target.file(Path::new("/etc/hosts/more")).is_err());
        }
    }

    #[test]
    fn what_is_refused() {
        let place = place("refused");
        let (full, file, link) = (place.join("full"), place.join("file"), place.join("link"));
        fs::create_dir_all(full.join("something")).unwrap();
        fs::write(&file, "").unwrap();
        symlink(env::temp_dir(), &link).unwrap();
        assert!(matches!(Target::create(&full), Err(TargetError::NotEmpty(_))));
        assert!(matches!(Target::create(&file), Err(TargetError::NotADirectory(_))));
        assert!(matches!(Target::create(&link), Err(TargetError::NotADirectory(_))));
        assert!(matches!(Target::create(&place.join("a/b")), Err(TargetError::Failed { .. })));
        assert!(matches!(
            Target::create(&PathBuf::from("/proc/1/task/nothing")),
            Err(TargetError::Failed { .. })
        ));
    }

    #[test]
    fn a_directory_is_renamed_or_gone_with_all_that_is_in_it() {
        let place = place("directory");
        let target = Target::create(&place.join("new")).unwrap();
        let below = target.directory("one").unwrap();
        below.file(Path::new("/etc/config/dhcp")).unwrap();
        below.file(Path::new("/etc/hosts")).unwrap();
        below.remove_file(Path::new("/etc/hosts")).unwrap();
        assert!(target.directory("one").is_err(), "it is there");
        target.rename("one", "two").unwrap();
        assert!(place.join("new/two/etc/config/dhcp").is_file() && !place.join("new/two/etc/hosts").exists());
        target.directory("three").unwrap().file(Path::new("/file")).unwrap();
        assert!(target.rename("two", "three").is_err(), "nothing is written over");
        fs::write(place.join("outside"), "").unwrap();
        symlink(&*place, place.join("new/two/link")).unwrap();
        target.remove("two").unwrap();
        assert_eq!(fs::read_dir(place.join("new")).unwrap().count(), 1);
        assert!(place.join("outside").is_file(), "no link was followed");
        assert!(target.remove("two").is_err());
    }

    #[test]
    fn nothing_leads_out() {
        let place = place("out");
        let target = Target::create(&place.join("new")).unwrap();
        symlink(&*place, place.join("new/tmp")).unwrap();
        for path in ["/../outside", "/a/../../outside", "/tmp/outside", ".."] {
            assert!(target.file(Path::new(path)).is_err(), "{path}");
        }
        assert!(!place.join("outside").exists());
    }

    #[test]
    fn whatever_becomes_of_its_path_the_files_go_where_it_was() {
        let place = place("swapped");
        let [new, moved, elsewhere] = ["new", "moved", "elsewhere"].map(|name| place.join(name));
        fs::create_dir(&elsewhere).unwrap();
        let target = Target::create(&new).unwrap();
        target.file(Path::new("/etc/hosts")).unwrap();
        fs::rename(&new, &moved).unwrap();
        symlink(&elsewhere, &new).unwrap();
        for path in ["/tmp/dhcp.leases", "/etc/ethers"] {
            target.file(Path::new(path)).unwrap().write_all(b"x").unwrap();
        }
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "led outside");
        for path in ["etc/hosts", "etc/ethers", "tmp/dhcp.leases"] {
            assert!(moved.join(path).is_file(), "{path}");
        }
    }

    #[test]
    fn where_others_may_write_nothing_is_made() {
        let place = place("open");
        let open = place.join("open");
        fs::create_dir_all(open.join("own")).unwrap();
        symlink(open.join("own"), place.join("link")).unwrap();
        for (mode, refused) in [(0o777, true), (0o775, true), (0o757, true), (0o1777, false), (0o755, false)]
        {
            fs::set_permissions(&open, Permissions::from_mode(mode)).unwrap();
            for (number, parent) in [&open, &open.join("own"), &place.join("link")].into_iter().enumerate() {
                let directory = parent.join(format!("{mode:o}-{number}"));
                let created = Target::create(&directory);
                assert_eq!(created.is_err(), refused, "{mode:o} {}: {created:?}", directory.display());
                assert_eq!(directory.exists(), !refused, "{}", directory.display());
            }
        }
    }
}
