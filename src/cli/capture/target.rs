//! The directory that a capture is written to, and nothing beside it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

/// Only the owner may look: it says who is at home, and with whom they talk.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Where a capture goes.
#[derive(Debug)]
pub(super) struct Target {
    directory: PathBuf,
}

/// Why nothing is written to a directory.
#[derive(Debug, Error)]
pub(in crate::cli) enum TargetError {
    /// Something is in it.
    #[error("{} is not empty: name a directory that is, or a new one", .0.display())]
    NotEmpty(PathBuf),
    /// It is a file, or a link to somewhere else.
    #[error("{} is no directory: name an empty one, or a new one", .0.display())]
    NotADirectory(PathBuf),
    /// Somebody else could put links into it while it is written.
    #[error("{} belongs to somebody else: name a new directory", .0.display())]
    NotOurs(PathBuf),
    /// It can't be made or read.
    #[error("{}: {source}", path.display())]
    Failed {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Target {
    /// Makes the directory, or takes it if it is empty.
    pub(super) fn create(directory: &Path) -> Result<Self, TargetError> {
        let failed = |source| TargetError::Failed { path: directory.to_path_buf(), source };
        match DirBuilder::new().mode(DIRECTORY_MODE).create(directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => take(directory)?,
            made => made.map_err(failed)?,
        }
        Ok(Self { directory: directory.to_path_buf() })
    }

    /// Makes the file that stands for the router's `path`, which must not be there yet.
    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        let path = path.strip_prefix("/").unwrap_or(path);
        let mut below = self.directory.clone();
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let Component::Normal(name) = component else {
                return Err(io::Error::other("its path leads out of the directory"));
            };
            below.push(name);
            if components.peek().is_some() {
                enter(&below)?;
            }
        }
        // With O_EXCL a link at the end is not followed either.
        #[expect(clippy::disallowed_methods, reason = "a new file, which capture writes")]
        OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(below)
    }
}

/// Takes over a directory that is there.
fn take(directory: &Path) -> Result<(), TargetError> {
    let path = || directory.to_path_buf();
    let failed = |source| TargetError::Failed { path: path(), source };
    let metadata = fs::symlink_metadata(directory).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(TargetError::NotADirectory(path()));
    }
    let is_empty = || Ok(fs::read_dir(directory).map_err(failed)?.next().is_none());
    if !is_empty()? {
        return Err(TargetError::NotEmpty(path()));
    }
    // The owner of this process's own directory is whoever it runs as.
    let ours = fs::metadata("/proc/self").map_err(failed)?.uid();
    if metadata.uid() != ours {
        return Err(TargetError::NotOurs(path()));
    }
    fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE)).map_err(failed)?;
    // Now that nobody else can write to it.
    if is_empty()? { Ok(()) } else { Err(TargetError::NotEmpty(path())) }
}

fn enter(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(DIRECTORY_MODE).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_directory = fs::symlink_metadata(directory)?.is_dir();
            if is_directory { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
        }
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    fn place(test: &str) -> PathBuf {
        let place = env::temp_dir().join(format!("conntrack-exporter-target-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir(&place).unwrap();
        place
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
        fs::remove_dir_all(place).unwrap();
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
        fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn nothing_leads_out() {
        let place = place("out");
        let target = Target::create(&place.join("new")).unwrap();
        symlink(&place, place.join("new/tmp")).unwrap();
        for path in ["/../outside", "/a/../../outside", "/tmp/outside", ".."] {
            assert!(target.file(Path::new(path)).is_err(), "{path}");
        }
        assert!(!place.join("outside").exists());
        fs::remove_dir_all(place).unwrap();
    }
}
