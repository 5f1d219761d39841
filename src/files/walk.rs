//! The way to a file or to a directory, step by step: by descriptors, so that nobody can exchange what was looked at.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fstat, readlinkat};
use rustix::io::Errno;

use super::FileError;
use super::trust::{Kind, Node};

/// How many links are followed, as in the kernel (`MAXSYMLINKS`).
const LINKS_AT_MOST: usize = 40;
/// How many directories and links are passed. Links to long paths could lead through many thousands.
const NODES_AT_MOST: usize = 512;

/// Below these are files of the kernel's, and links to nothing else. That doesn't hold for all of `/proc`, where links lead
/// to any directory and file: `root`, `cwd` and `fd` of a process (`proc_pid_get_link()`).
const KERNELS: [&str; 5] = ["/proc/net", "/proc/self/statm", "/proc/sys", "/sys/class/net", "/sys/class/rtc"];

/// How a file is opened. Without `O_NOCTTY` a terminal might become the daemon's own.
const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

const BITS: u32 = 0o7777;

/// A way that was gone as far as it leads.
#[derive(Debug)]
pub(super) struct Walk {
    /// What was passed, what is at its end among it if that was reached; nothing on the way to a file of the kernel's.
    pub(super) way: Vec<Node>,
    /// How each of it is called in its directory; where the way ends too early, what could not be passed is the last.
    pub(super) names: Vec<OsString>,
    /// The regular file or the directory at its end, or why there is none.
    pub(super) end: io::Result<File>,
}

impl Walk {
    /// Goes to the file at `path` and opens it, without waiting for anybody. Nothing on the way leads out of `root`, if
    /// there is one: that stands for `/`, as for openat2(2) with `RESOLVE_IN_ROOT`, which kernels have from 5.6 on.
    pub(super) fn to_file(root: Option<&Path>, path: &Path) -> Self {
        if root.is_none() && is_the_kernels(path) {
            return Self { way: Vec::new(), names: Vec::new(), end: open_kernels(path) };
        }
        let mut walk = Self::to(root, path, Kind::File);
        walk.end = walk.end.map_err(|error| {
            // The link of an open pipe leads there, and names no path: `/dev/stdin`, or a shell's `<(…)`.
            let is_a_pipe = root.is_none()
                && error.kind() == io::ErrorKind::NotFound
                && fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
            if is_a_pipe { FileError::NotRegular.into() } else { error }
        });
        walk
    }

    /// Goes to the directory at `path`, which is the present one if that is empty.
    pub(super) fn to_directory(path: &Path) -> Self {
        Self::to(None, path, Kind::Directory)
    }

    fn to(root: Option<&Path>, path: &Path, kind: Kind) -> Self {
        let (mut way, mut names) = (Vec::new(), Vec::new());
        let mut end = Ok(None);
        if let Some(root) = root {
            end = walk(None, root, Kind::Directory, &mut way, &mut names).map(Some);
        }
        let end = end.and_then(|root| walk(root.as_ref(), path, kind, &mut way, &mut names));
        Self { way, names, end }
    }

    /// The path of that whose name has this index.
    pub(super) fn path(&self, index: usize) -> PathBuf {
        let above = self.way.iter().zip(&self.names).take(index);
        let above = above.filter(|(node, _)| node.kind == Kind::Directory).map(|(_, name)| name);
        // It begins anew at each `/`.
        above.chain(self.names.get(index)).collect()
    }
}

/// Whether the kernel alone says what is there, so that nobody can put anything on the way. The way would tell nothing:
/// below `/proc` directories belong to whoever a process is.
fn is_the_kernels(path: &Path) -> bool {
    let leads_out = path.components().any(|component| component == Component::ParentDir);
    KERNELS.iter().any(|kernels| path.starts_with(kernels)) && !leads_out
}

fn open_kernels(path: &Path) -> io::Result<File> {
    let file = open_at(CWD, path.as_os_str(), READING)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

fn walk(
    root: Option<&File>,
    path: &Path,
    to: Kind,
    way: &mut Vec<Node>,
    names: &mut Vec<OsString>,
) -> io::Result<File> {
    if path.as_os_str().is_empty() && to == Kind::File {
        return Err(io::ErrorKind::NotFound.into());
    }
    // What is still to be gone, the next at the end.
    let mut ahead = steps(path);
    // An absolute path not by way of the present directory, into which this user may not look.
    if root.is_none() && !path.is_absolute() {
        ahead.push(".".into());
    }
    let mut directory = root.map(File::try_clone).transpose()?;
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        names.push(name.clone());
        if way.len() >= NODES_AT_MOST {
            return Err(Errno::LOOP.into());
        }
        let from = directory.as_ref().map_or(CWD, File::as_fd);
        let found = match root {
            Some(root) if begins_anew(root, from, &name)? => root.try_clone()?,
            _ => open_at(from, &name, OFlags::PATH | OFlags::NOFOLLOW)?,
        };
        let metadata = found.metadata()?;
        if metadata.is_dir() {
            way.push(node(Kind::Directory, &metadata));
            directory = Some(found);
        } else if metadata.is_symlink() {
            way.push(node(Kind::Link, &metadata));
            links += 1;
            if links > LINKS_AT_MOST {
                return Err(Errno::LOOP.into());
            }
            let leads_to = readlinkat(&found, "", Vec::new())?;
            ahead.extend(steps(Path::new(OsStr::from_bytes(leads_to.to_bytes()))));
        } else if to == Kind::File && ahead.is_empty() {
            // One descriptor less: users may have few.
            drop(found);
            return open_file(from, &name, metadata, way);
        } else {
            return Err(io::ErrorKind::NotADirectory.into());
        }
    }
    match directory {
        Some(directory) if to == Kind::Directory => Ok(directory),
        _ => Err(FileError::NotRegular.into()),
    }
}

/// Whether this step leads to `root`, which stands for `/`: one to `/`, or one upwards from there.
fn begins_anew(root: &File, from: BorrowedFd<'_>, name: &OsStr) -> io::Result<bool> {
    Ok(match Path::new(name).components().next() {
        Some(Component::RootDir) => true,
        Some(Component::ParentDir) => {
            let (root, from) = (fstat(root)?, fstat(from)?);
            (root.st_dev, root.st_ino) == (from.st_dev, from.st_ino)
        }
        _ => false,
    })
}

/// The steps of a path, the first at the end.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().rev().filter(|component| *component != Component::CurDir);
    steps.map(|component| component.as_os_str().to_os_string()).collect()
}

/// Opens the file, which was looked at a moment ago.
fn open_file(directory: impl AsFd, name: &OsStr, seen: Metadata, way: &mut Vec<Node>) -> io::Result<File> {
    // That alone may do something to a device, so what is known to be none is not even tried.
    regular(&seen)?;
    let file = open_at(directory, name, READING | OFlags::NOFOLLOW);
    // It may have been exchanged meanwhile; what was opened can't.
    let metadata = file.as_ref().map_or(Ok(seen), File::metadata)?;
    regular(&metadata)?;
    way.push(node(Kind::File, &metadata));
    file
}

fn open_at(directory: impl AsFd, name: &OsStr, flags: OFlags) -> io::Result<File> {
    #[expect(clippy::disallowed_methods, reason = "this is what everybody else is to call, without blocking")]
    let opened = rustix::fs::openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty())?;
    Ok(opened.into())
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

    use crate::test_directory::TestDirectory;

    fn place(test: &str) -> TestDirectory {
        let place = TestDirectory::new(&format!("walk-{test}"));
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
            let walk = Walk::to_file(None, &place.join(path));
            assert_eq!(below(&place, &walk), expected, "{path}");
            assert_eq!(read(walk), "text", "{path}");
        }
        let walk = Walk::to_file(None, &place.join("a/b/file"));
        assert_eq!(walk.way[walk.way.len() - 2].mode, 0o711);
    }

    #[test]
    fn a_directory_and_by_which_path_it_was_reached() {
        let place = place("directory");
        symlink("a/../a", place.join("relative")).unwrap();
        symlink(place.join("a"), place.join("absolute")).unwrap();
        for (path, reached) in [
            ("a/b", "a/b"),
            ("./a//b/.", "a/b"),
            ("a/b/..", "a/b/.."),
            ("relative/b", "a/../a/b"),
            ("absolute/b", "a/b"),
        ] {
            let walk = Walk::to_directory(&place.join(path));
            assert_eq!(walk.path(walk.names.len() - 1), place.join(reached), "{path}");
            let (found, expected) = (walk.end.unwrap().metadata().unwrap(), fs::metadata(place.join(path)));
            assert_eq!(found.ino(), expected.unwrap().ino(), "{path}");
        }
        for (path, reached) in [("a/b/file", "a/b/file"), ("absolute/nothing/b", "a/nothing")] {
            let walk = Walk::to_directory(&place.join(path));
            assert_eq!(walk.path(walk.names.len() - 1), place.join(reached), "{path}");
            assert!(walk.end.is_err(), "{path}");
        }
        for (path, reached) in
            [("", "."), (".", "."), ("/", "/"), ("src", "./src"), ("/proc/self/..", "/proc")]
        {
            let walk = Walk::to_directory(Path::new(path));
            assert!(walk.path(walk.names.len() - 1).starts_with(reached), "{path}");
            assert!(walk.end.unwrap().metadata().unwrap().is_dir(), "{path}");
        }
    }

    #[test]
    fn a_relative_path_begins_where_the_program_is() {
        let walk = Walk::to_file(None, Path::new("src/files.rs"));
        assert_eq!(
            walk.way.iter().map(|node| node.kind).collect::<Vec<_>>(),
            [Kind::Directory, Kind::Directory, Kind::File]
        );
        assert!(read(walk).starts_with("//!"));
    }

    #[test]
    fn below_a_root_nothing_leads_out() {
        use Kind::{Directory, File, Link};
        let place = place("root");
        let root = place.join("a");
        fs::write(place.join("outside"), "outside").unwrap();
        symlink("/b/file", root.join("absolute")).unwrap();
        symlink("b/../../../b/./file", root.join("relative")).unwrap();
        symlink(place.join("outside"), root.join("b/outside")).unwrap();
        symlink("../../outside", root.join("b/upwards")).unwrap();
        symlink("b", root.join("directory")).unwrap();
        let inside = [Directory, Directory, File];
        for (path, expected) in [
            ("/b/file", &inside[..]),
            ("b/file", &inside[1..]),
            ("/../b/file", &[Directory, Directory, Directory, File]),
            ("/absolute", &[Directory, Link, Directory, Directory, File]),
            ("/relative", &[Directory, Link, Directory, Directory, Directory, Directory, Directory, File]),
            ("/directory/file", &[Directory, Link, Directory, File]),
        ] {
            for root in [&root, &place.join("a/../a"), &place.join("a/b/..")] {
                let walk = Walk::to_file(Some(root), Path::new(path));
                let above = Walk::to_directory(root).way.len();
                let below = walk.way.iter().skip(above).map(|node| node.kind).collect::<Vec<_>>();
                assert_eq!(below, expected, "{path}");
                assert_eq!(read(walk), "text", "{path}");
            }
        }
        for path in ["/b/outside", "/b/upwards", "/../outside", "../outside", "/proc/self/statm"] {
            let error = Walk::to_file(Some(&root), Path::new(path)).end.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{path}");
        }
        let nowhere = Walk::to_file(Some(&place.join("nowhere")), Path::new("/b/file"));
        assert_eq!(nowhere.end.unwrap_err().kind(), io::ErrorKind::NotFound);
        let found = read(Walk::to_file(Some(Path::new("/")), Path::new("/proc/self/statm")));
        assert!(!found.is_empty());
    }

    #[test]
    fn what_is_the_kernels() {
        for (path, expected) in [
            ("/proc/net/nf_conntrack", true),
            ("/proc/sys/kernel/hostname", true),
            ("/proc/self/statm", true),
            ("/sys/class/rtc/rtc0/since_epoch", true),
            ("/proc/self/root/etc/shadow", false),
            ("/proc/1/cwd/file", false),
            ("/proc/1/task/1/fd/3", false),
            ("/proc/thread-self/net/dev", false),
            ("/sys/kernel/debug/file", false),
            ("/proc/network", false),
            ("/proc/../tmp/proc", false),
            ("/process", false),
            ("proc/self", false),
        ] {
            assert_eq!(is_the_kernels(Path::new(path)), expected, "{path}");
        }
        let walk = Walk::to_file(None, Path::new("/proc/self/statm"));
        assert!(walk.way.is_empty() && !read(walk).is_empty());
        assert!(Walk::to_file(None, Path::new("/proc/self")).end.is_err());
    }

    #[test]
    fn a_link_of_the_kernels_is_gone_by_what_it_says() {
        let place = place("magic");
        let plain = Walk::to_file(None, &place.join("a/b/file")).way;
        let walk = Walk::to_file(
            None,
            &Path::new("/proc/self/root").join(place.strip_prefix("/").unwrap()).join("a/b/file"),
        );
        assert!(walk.way.ends_with(&plain) && walk.way.len() > plain.len(), "{walk:?}");
        assert_eq!(read(walk), "text");
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
            let error = Walk::to_file(None, &place.join(path)).end.unwrap_err();
            assert!(error.to_string().contains(expected), "{path}: {error}");
        }
        assert_eq!(Walk::to_file(None, Path::new("")).end.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
