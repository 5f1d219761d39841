//! A file that is being written, and what was written into it so far.

use std::fs::File;
use std::io::{self, Seek, Write};

use super::last_written::Digester;

/// A new file, for which there is so much room and no more.
#[derive(Debug)]
pub(super) struct NewFile {
    file: File,
    empty: Digester,
    digester: Digester,
    room: u64,
}

impl NewFile {
    /// `file` is empty, and may become as large as `room` (in bytes). `digester` has seen nothing yet.
    pub(super) fn new(file: File, digester: Digester, room: u64) -> Self {
        Self { file, empty: digester.clone(), digester, room }
    }

    /// What was written.
    pub(super) const fn content(&self) -> &Digester {
        &self.digester
    }

    /// Empties the file.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.digester = self.empty.clone();
        self.file.set_len(0)?;
        self.file.rewind()
    }
}

impl Write for NewFile {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.digester.length() + text.len() as u64 > self.room {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "a recording may not become larger"));
        }
        let written = self.file.write(text)?;
        self.digester.update(text.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::last_written::LastWritten;
    use crate::test_directory::TestDirectory;
    use std::fs;

    #[test]
    fn it_knows_its_content_and_its_bound() {
        let place = TestDirectory::new("new-file");
        let (path, last) = (place.join("file"), LastWritten::default());
        let mut file = NewFile::new(File::create(&path).unwrap(), last.digester(), 8);
        file.write_all(b"1234").unwrap();
        file.write_all(b"5678").unwrap();
        assert_eq!(file.write_all(b"9").unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!(file.content().digest(), last.digest(b"12345678"));
        file.restart().unwrap();
        file.write_all(b"other").unwrap();
        assert_eq!((file.content().digest(), file.content().length()), (last.digest(b"other"), 5));
        assert_eq!(fs::read(&path).unwrap(), b"other");
    }
}
