//! A file that somebody else writes: read again only when it has changed, and only when it is whole.
//!
//! dnsmasq rewrites its lease file in place, truncating it first, so a reading can find it empty or cut short.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::root::Root;

/// What is read of one file at most, in bytes, unless less is wanted: some 25,000 leases, six times as many as are
/// remembered. It bounds how long a file can hold up everything else.
const LARGEST: u64 = 2 * 1024 * 1024;

/// A file that is looked at again and again.
#[derive(Debug)]
pub struct WatchedFile {
    root: Root,
    /// As the router has it.
    path: PathBuf,
    wholeness: Wholeness,
    at_most: u64,
    taken: Option<Stamp>,
}

/// How a file shows that it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wholeness {
    /// It ends in a newline, or is empty: programs that rewrite it in place end it so.
    EndsInNewline,
    /// It always is: people's editors may leave out the last newline.
    Any,
}

/// What tells one state of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Self { inode: metadata.ino(), size: metadata.size(), modified }
    }
}

/// What a look at the file found, of which `T` was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// Nothing new since it was last taken.
    Unchanged,
    /// It was there when it was last taken, and is no more.
    Gone,
    /// It is being written: look again at the next tick.
    Unsettled,
    /// Its new content.
    Taken(T),
    /// The beginning of its new content, which is larger than what is read of one file.
    Cut(T),
}

impl WatchedFile {
    /// The router's file at the absolute `path`, not read yet.
    pub fn new(root: &Root, path: &Path, wholeness: Wholeness) -> Self {
        Self { root: root.clone(), path: path.to_path_buf(), wholeness, at_most: LARGEST, taken: None }
    }

    /// The same, of which no more than `at_most` bytes are read.
    #[must_use]
    pub fn reading_at_most(self, at_most: u64) -> Self {
        Self { at_most, ..self }
    }

    /// Where it is on this machine.
    pub fn path(&self) -> PathBuf {
        self.root.path(&self.path)
    }

    /// Reads the file into memory if it has changed since it was last taken. Of one that is too large whole lines are read.
    pub fn look(&mut self) -> io::Result<Look<Vec<u8>>> {
        let mut look = self.look_through(|text| {
            let mut content = Vec::new();
            text.read_to_end(&mut content).map(|_| content)
        })?;
        if let Look::Cut(content) = &mut look {
            let end = memchr::memrchr(b'\n', content).map_or(0, |newline| newline + 1);
            content.truncate(end);
        }
        Ok(look)
    }

    /// Has `read` read the file, piece by piece, if it has changed since it was last taken.
    ///
    /// It is taken if it is whole and did not change while it was read; otherwise what `read` gave is thrown away, so it is
    /// not to keep anything elsewhere. That a file is gone is new once.
    pub fn look_through<T>(
        &mut self,
        read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
    ) -> io::Result<Look<T>> {
        let before = match self.root.metadata(&self.path) {
            Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("not a regular file")),
            Ok(metadata) => Stamp::of(&metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let was_there = self.taken.take().is_some();
                return Ok(if was_there { Look::Gone } else { Look::Unchanged });
            }
            Err(error) => return Err(error),
        };
        if self.taken == Some(before) {
            return Ok(Look::Unchanged);
        }
        let file = self.root.open(&self.path)?;
        let content = read(&mut BufReader::new((&file).take(self.at_most)))?;
        let is_cut = before.size > self.at_most;
        let is_whole = is_cut || self.wholeness == Wholeness::Any || ends_in_newline(&file, before.size)?;
        if !is_whole || Stamp::of(&file.metadata()?) != before {
            return Ok(Look::Unsettled);
        }
        self.taken = Some(before);
        Ok(if is_cut { Look::Cut(content) } else { Look::Taken(content) })
    }
}

/// Whether a file of this size ends in a newline, or is empty.
fn ends_in_newline(file: &File, size: u64) -> io::Result<bool> {
    let mut last = [0];
    match size.checked_sub(1) {
        None => Ok(true),
        // One that has become shorter has no last byte there.
        Some(place) => Ok(file.read_at(&mut last, place)? == 1 && last == *b"\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_directory::TestDirectory;
    use std::fs;

    fn watched(place: &TestDirectory) -> WatchedFile {
        WatchedFile::new(&Root::live(), &place.join("file"), Wholeness::EndsInNewline)
    }

    #[test]
    fn taken_once_and_again_when_it_changed() {
        let place = TestDirectory::new("watched-once");
        let mut file = watched(&place);
        assert_eq!(file.look().unwrap(), Look::Unchanged, "was never there");
        fs::write(file.path(), "a\n").unwrap();
        assert_eq!(file.look().unwrap(), Look::Taken(b"a\n".to_vec()));
        assert_eq!(file.look().unwrap(), Look::Unchanged);
        fs::write(file.path(), "").unwrap();
        assert_eq!(file.look().unwrap(), Look::Taken(vec![]));
        fs::write(file.path(), "a\nb").unwrap();
        assert_eq!(file.look().unwrap(), Look::Unsettled);
        assert_eq!(file.look().unwrap(), Look::Unsettled);
        fs::write(file.path(), "a\nb\n").unwrap();
        assert_eq!(file.look().unwrap(), Look::Taken(b"a\nb\n".to_vec()));
        fs::remove_file(file.path()).unwrap();
        assert_eq!(file.look().unwrap(), Look::Gone);
        assert_eq!(file.look().unwrap(), Look::Unchanged);
    }

    /// Reads the first line, and does something before it gives that.
    fn first_line(and: impl Fn()) -> impl FnOnce(&mut dyn BufRead) -> io::Result<String> {
        move |text| {
            let mut line = String::new();
            text.read_line(&mut line)?;
            and();
            Ok(line)
        }
    }

    #[test]
    fn what_changes_while_it_is_read_is_thrown_away() {
        let place = TestDirectory::new("watched-changing");
        let mut file = watched(&place);
        let path = file.path();
        fs::write(&path, "first\n").unwrap();
        let rewrite = || fs::write(&path, "second\n").unwrap();
        assert_eq!(file.look_through(first_line(rewrite)).unwrap(), Look::Unsettled);
        let truncate = || fs::write(&path, "").unwrap();
        assert_eq!(file.look_through(first_line(truncate)).unwrap(), Look::Unsettled);
        fs::write(&path, "third\n").unwrap();
        let exchange = || {
            let other = path.with_extension("new");
            fs::write(&other, "other\n").unwrap();
            fs::rename(other, &path).unwrap();
        };
        // What was opened was whole; the other one is read the next time.
        assert_eq!(file.look_through(first_line(exchange)).unwrap(), Look::Taken("third\n".to_owned()));
        assert_eq!(file.look_through(first_line(|| {})).unwrap(), Look::Taken("other\n".to_owned()));
    }

    #[test]
    fn an_editors_file_needs_no_last_newline() {
        let place = TestDirectory::new("watched-editor");
        let mut file = WatchedFile { wholeness: Wholeness::Any, ..watched(&place) };
        fs::write(file.path(), "a\nb").unwrap();
        assert_eq!(file.look().unwrap(), Look::Taken(b"a\nb".to_vec()));
    }

    #[test]
    fn a_huge_file_is_cut_at_a_line() {
        let place = TestDirectory::new("watched-huge");
        let mut file = watched(&place);
        fs::write(file.path(), "0123456789abcde\n".repeat(200_000)).unwrap();
        let Look::Cut(content) = file.look().unwrap() else { panic!("not cut") };
        assert!(content.len() as u64 <= LARGEST && content.ends_with(b"e\n"));
        assert_eq!(file.look().unwrap(), Look::Unchanged);
    }

    #[test]
    fn a_directory_is_an_error() {
        assert!(WatchedFile::new(&Root::live(), &std::env::temp_dir(), Wholeness::Any).look().is_err());
    }
}
