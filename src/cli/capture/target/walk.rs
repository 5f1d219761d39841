//! The way to a directory, each step from a descriptor to the next.
//!
//! Links are followed only where nobody but root and the user of this process can have put them. A descriptor that was
//! reached stays what it is, whatever is renamed behind it.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat};
use rustix::io::Errno;

use super::TargetError;

/// What is on the way: to look at, not to read; a link is not followed.
const STEP: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// `MAXSYMLINKS` of `linux/namei.h`.
const LINKS_AT_MOST: usize = 40;
const ROOT: u32 = 0;
const STICKY: u32 = 0o1000;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Opens the directory at `path` for whoever runs as `ours`.
pub(super) fn open_directory(path: &Path, ours: u32) -> Result<OwnedFd, TargetError> {
    Walk::new(path, ours)?.finish().map(|walk| walk.at)
}

/// Opens the directory at `path`, in which something is to be made.
pub(super) fn open_parent(path: &Path, ours: u32) -> Result<OwnedFd, TargetError> {
    let walk = Walk::new(path, ours)?.finish()?;
    walk.insist_on_no_others()?;
    Ok(walk.at)
}

/// A path that is walked.
struct Walk {
    ours: u32,
    /// How far it has come, and how that is called.
    at: OwnedFd,
    name: PathBuf,
    /// What is left, the next at the end.
    rest: Vec<OsString>,
    links: usize,
}

impl Walk {
    fn new(path: &Path, ours: u32) -> Result<Self, TargetError> {
        let name = PathBuf::from(if path.is_absolute() { "/" } else { "." });
        let at = start(&name).map_err(|error| failed(&name, error))?;
        let mut walk = Self { ours, at, name, rest: Vec::new(), links: 0 };
        walk.go_on_with(path);
        Ok(walk)
    }

    /// Puts `path` before what is left.
    fn go_on_with(&mut self, path: &Path) {
        let names = path.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        });
        self.rest.extend(names.rev());
    }

    fn finish(mut self) -> Result<Self, TargetError> {
        while let Some(name) = self.rest.pop() {
            self.insist_on_no_others()?;
            self.step(&name)?;
        }
        Ok(self)
    }

    fn step(&mut self, name: &OsStr) -> Result<(), TargetError> {
        let path = self.name.join(name);
        let next = openat(&self.at, name, STEP, Mode::empty()).map_err(|error| failed(&path, error))?;
        let found = fstat(&next).map_err(|error| failed(&path, error))?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => (self.at, self.name) = (next, path),
            FileType::Symlink => self.follow(&next, &found, &path)?,
            _ => return Err(TargetError::NotADirectory(path)),
        }
        Ok(())
    }

    /// Goes on where a link leads. In a sticky directory anybody may have put it, as the kernel's `protected_symlinks`
    /// has it.
    fn follow(&mut self, link: &OwnedFd, found: &Stat, path: &Path) -> Result<(), TargetError> {
        if ![ROOT, self.ours].contains(&found.st_uid) {
            return Err(TargetError::OpenToOthers(path.to_path_buf()));
        }
        self.links += 1;
        if self.links > LINKS_AT_MOST {
            return Err(failed(path, Errno::LOOP));
        }
        let leads_to = readlinkat(link, "", Vec::new()).map_err(|error| failed(path, error))?;
        let leads_to = Path::new(OsStr::from_bytes(leads_to.to_bytes()));
        if leads_to.is_absolute() {
            self.name = "/".into();
            self.at = start(&self.name).map_err(|error| failed(path, error))?;
        }
        self.go_on_with(leads_to);
        Ok(())
    }

    /// What is looked up where others may write could be theirs.
    fn insist_on_no_others(&self) -> Result<(), TargetError> {
        let found = fstat(&self.at).map_err(|error| failed(&self.name, error))?;
        let safe = is_ours_alone(found.st_uid, found.st_mode, self.ours);
        if safe { Ok(()) } else { Err(TargetError::OpenToOthers(self.name.clone())) }
    }
}

fn start(path: &Path) -> rustix::io::Result<OwnedFd> {
    openat(CWD, path, STEP | OFlags::DIRECTORY, Mode::empty())
}

fn failed(path: &Path, error: Errno) -> TargetError {
    TargetError::Failed { path: path.to_path_buf(), source: error.into() }
}

/// Whether nobody but root and `ours` can exchange what somebody put into a directory. The owner of a directory can,
/// sticky or not.
const fn is_ours_alone(owner: u32, mode: u32, ours: u32) -> bool {
    (owner == ROOT || owner == ours) && (mode & WRITABLE_BY_OTHERS == 0 || mode & STICKY != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_else_could_put_links_into_a_directory() {
        const OURS: u32 = 1000;
        for (owner, mode, expected) in [
            (ROOT, 0o755, true),
            (OURS, 0o755, true),
            (OURS, 0o700, true),
            (ROOT, 0o1777, true),
            (OURS, 0o1777, true),
            (ROOT, 0o777, false),
            (ROOT, 0o775, false),
            (OURS, 0o757, false),
            (OURS, 0o2775, false),
            (1001, 0o755, false),
            (1001, 0o700, false),
            (1001, 0o1777, false),
        ] {
            assert_eq!(is_ours_alone(owner, mode, OURS), expected, "{owner} {mode:o}");
        }
        assert!(!is_ours_alone(OURS, 0o755, ROOT), "root trusts nobody else's");
    }
}
