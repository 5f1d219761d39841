//! The way to a file, from directory to directory: by descriptors, so that nobody can exchange what was looked at.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::libc;
use rustix::fs::{CWD, Mode, OFlags, readlinkat};
use rustix::io::Errno;

use super::FileError;
use super::trust::{Kind, Node};

/// How many links are followed, as in the kernel (`MAXSYMLINKS`).
const LINKS_AT_MOST: usize = 40;
/// How many directories and links are passed. Links to long paths could lead through many thousands.
const NODES_AT_MOST: usize = 512;

/// How a file is opened. Without `O_NOCTTY` a terminal might become the daemon's own.
const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

const BITS: u32 = 0o7777;

/// A way that was gone as far as it leads.
#[derive(Debug)]
pub(super) struct Walk {
    /// What was passed, the file at its end among it if there is one; nothing on the way to a file of the kernel's.
    pub(super) way: Vec<Node>,
    /// The regular file at its end, or why there is none.
    pub(super) end: io::Result<File>,
}

impl Walk {
    /// Goes to `path` and opens what is there, without waiting for anybody.
    pub(super) fn to(path: &Path) -> Self {
        if is_the_kernels(path) {
            return Self { way: Vec::new(), end: open_kernels(path) };
        }
        let mut way = Vec::new();
        let end = walk(path, &mut way).map_err(|error| {
            // The link of an open pipe leads there, and names no path: `/dev/stdin`, or a shell's `<(…)`.
            let is_a_pipe = error.kind() == io::ErrorKind::NotFound
                && fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
            if is_a_pipe { FileError::NotRegular.into() } else { error }
        });
        Self { way, end }
    }

    /// Whether it ended where permission is lacking.
    pub(super) fn is_denied(&self) -> bool {
        self.end.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }
}

/// Whether the kernel alone says what is there. Nobody can put anything on the way, and below `/proc` directories belong
/// to whoever a process is.
fn is_the_kernels(path: &Path) -> bool {
    let leads_out = path.components().any(|component| component == Component::ParentDir);
    ["/proc", "/sys"].iter().any(|kernels| path.starts_with(kernels)) && !leads_out
}

fn open_kernels(path: &Path) -> io::Result<File> {
    let file = File::from(open_at(CWD, path.as_os_str(), READING)?);
    regular(&file.metadata()?)?;
    Ok(file)
}

fn walk(path: &Path, way: &mut Vec<Node>) -> io::Result<File> {
    if path.as_os_str().is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    // Not by way of the present directory, into which this user may not look.
    let (start, rest) = path.strip_prefix("/").map_or((".", path), |rest| ("/", rest));
    let mut directory = enter(OsStr::new(start), CWD, way)?;
    let mut ahead = Ahead::default();
    ahead.add(rest);
    let mut links = 0;
    while let Some(name) = ahead.names.pop() {
        if way.len() >= NODES_AT_MOST {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        if name == "/" || name == ".." {
            directory = enter(&name, &directory, way)?;
            continue;
        }
        let found = File::from(open_at(&directory, &name, OFlags::PATH | OFlags::NOFOLLOW)?);
        let metadata = found.metadata()?;
        if metadata.is_dir() {
            way.push(node(Kind::Directory, &metadata));
            directory = found;
        } else if metadata.is_symlink() {
            way.push(node(Kind::Link, &metadata));
            links += 1;
            if links > LINKS_AT_MOST {
                return Err(io::Error::from_raw_os_error(libc::ELOOP));
            }
            let to = readlinkat(&found, "", Vec::new())?;
            ahead.add(&PathBuf::from(OsString::from_vec(to.into_bytes())));
        } else if !ahead.names.is_empty() {
            return Err(io::ErrorKind::NotADirectory.into());
        } else {
            return open_file(&directory, &name, &metadata, way);
        }
    }
    Err(FileError::NotRegular.into())
}

/// What is still to be gone, the next at the end.
#[derive(Debug, Default)]
struct Ahead {
    names: Vec<OsString>,
}

impl Ahead {
    /// `path` comes first.
    fn add(&mut self, path: &Path) {
        let names = path.components().rev().filter(|component| *component != Component::CurDir);
        self.names.extend(names.map(|component| component.as_os_str().to_os_string()));
    }
}

/// Passes on to the directory `name`.
fn enter(name: &OsStr, from: impl AsFd, way: &mut Vec<Node>) -> io::Result<File> {
    let directory = File::from(open_at(from, name, OFlags::PATH | OFlags::DIRECTORY)?);
    way.push(node(Kind::Directory, &directory.metadata()?));
    Ok(directory)
}

/// Opens the file, which was looked at a moment ago.
fn open_file(directory: &File, name: &OsStr, metadata: &Metadata, way: &mut Vec<Node>) -> io::Result<File> {
    // That alone may do something to a device, so what is known to be none is not even tried.
    regular(metadata)?;
    let file = match open_at(directory, name, READING | OFlags::NOFOLLOW) {
        Ok(file) => File::from(file),
        Err(error) => {
            way.push(node(Kind::File, metadata));
            return Err(error.into());
        }
    };
    // It may have been exchanged meanwhile; what was opened can't.
    let metadata = file.metadata()?;
    regular(&metadata)?;
    way.push(node(Kind::File, &metadata));
    Ok(file)
}

fn open_at(directory: impl AsFd, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    #[expect(clippy::disallowed_methods, reason = "this is what everybody else is to call, without blocking")]
    rustix::fs::openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty())
}

fn regular(metadata: &Metadata) -> Result<(), FileError> {
    if metadata.is_file() { Ok(()) } else { Err(FileError::NotRegular) }
}

fn node(kind: Kind, metadata: &Metadata) -> Node {
    Node { kind, uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & BITS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn place(test: &str) -> PathBuf {
        let place =
            std::env::temp_dir().join(format!("conntrack-exporter-walk-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(place.join("a/b")).unwrap();
        fs::set_permissions(place.join("a/b"), fs::Permissions::from_mode(0o711)).unwrap();
        fs::write(place.join("a/b/file"), "text").unwrap();
        place
    }

    /// What was passed below `place`, which itself is as many directories below the top.
    fn below(place: &Path, walk: &Walk) -> Vec<Kind> {
        let above = place.components().count();
        walk.way.iter().skip(above).map(|node| node.kind).collect()
    }

    fn read(walk: Walk) -> String {
        io::read_to_string(walk.end.unwrap()).unwrap()
    }

    #[test]
    fn directories_links_and_the_file() {
        use Kind::{Directory, File, Link};
        let place = place("way");
        symlink("a/../a/./b", place.join("relative")).unwrap();
        symlink(place.join("a"), place.join("absolute")).unwrap();
        let above = vec![Directory; place.components().count()];
        for (path, expected) in [
            ("a/b/file", vec![Directory, Directory, File]),
            ("./a//b/../b/./file", vec![Directory, Directory, Directory, Directory, File]),
            ("relative/file", vec![Link, Directory, Directory, Directory, Directory, File]),
            ("absolute/b/file", [vec![Link], above, vec![Directory, Directory, File]].concat()),
        ] {
            let walk = Walk::to(&place.join(path));
            assert_eq!(below(&place, &walk), expected, "{path}");
            assert_eq!(read(walk), "text", "{path}");
        }
        let walk = Walk::to(&place.join("a/b/file"));
        assert_eq!(walk.way[walk.way.len() - 2].mode, 0o711);
        fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn a_relative_path_begins_where_the_program_is() {
        let walk = Walk::to(Path::new("src/files.rs"));
        assert_eq!(
            walk.way.iter().map(|node| node.kind).collect::<Vec<_>>(),
            [Kind::Directory, Kind::Directory, Kind::File]
        );
        assert!(read(walk).starts_with("//!"));
    }

    #[test]
    fn what_is_the_kernels() {
        for (path, expected) in [
            ("/proc/net/nf_conntrack", true),
            ("/sys/class/rtc/rtc0/since_epoch", true),
            ("/proc/../tmp/proc", false),
            ("/process", false),
            ("proc/self", false),
        ] {
            assert_eq!(is_the_kernels(Path::new(path)), expected, "{path}");
        }
        let walk = Walk::to(Path::new("/proc/self/stat"));
        assert!(walk.way.is_empty() && !read(walk).is_empty());
        assert!(Walk::to(Path::new("/proc/self")).end.is_err());
    }

    #[test]
    fn ways_that_lead_nowhere() {
        let place = place("nowhere");
        symlink("loop", place.join("loop")).unwrap();
        symlink("nothing", place.join("dangling")).unwrap();
        symlink("a/../".repeat(400) + "a/b/file", place.join("long")).unwrap();
        for (path, expected) in [
            ("a/nothing", "No such file"),
            ("nothing/file", "No such file"),
            ("dangling", "No such file"),
            ("a/b/file/more", "not a directory"),
            ("a/b/file/..", "not a directory"),
            ("loop", "levels of symbolic links"),
            ("long", "levels of symbolic links"),
            ("a/b", "not a regular file"),
        ] {
            let error = Walk::to(&place.join(path)).end.unwrap_err();
            assert!(error.to_string().contains(expected), "{path}: {error}");
        }
        assert_eq!(Walk::to(Path::new("")).end.unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::remove_dir_all(place).unwrap();
    }
}
