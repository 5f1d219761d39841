//! What a recording last wrote of each file: one that is still the same is left out of the next instant.

use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

/// What tells one content from another: its length, and a hash of it whose key nobody knows. Two contents of one length
/// are taken for the same once in 2⁶⁴ changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    length: u64,
    hash: u64,
}

/// The digest of each file, by the router's path.
#[derive(Debug, Default)]
pub(super) struct LastWritten {
    digests: HashMap<PathBuf, Digest>,
    key: RandomState,
}

/// A digest in the making.
#[derive(Clone, Debug)]
pub(super) struct Digester {
    length: u64,
    hasher: DefaultHasher,
}

impl LastWritten {
    /// Whether nothing was written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Whether there was a file at `path`.
    pub(super) fn contains(&self, path: &Path) -> bool {
        self.digests.contains_key(path)
    }

    /// Whether the file at `path` had this content.
    pub(super) fn is(&self, path: &Path, digest: Digest) -> bool {
        self.digests.get(path) == Some(&digest)
    }

    /// Takes note of what was written.
    pub(super) fn note(&mut self, written: Vec<(PathBuf, Digest)>) {
        self.digests.extend(written);
    }

    /// Begins a digest, to be compared with others of here.
    pub(super) fn digester(&self) -> Digester {
        Digester { length: 0, hasher: self.key.build_hasher() }
    }

    /// The digest of `content`.
    pub(super) fn digest(&self, content: &[u8]) -> Digest {
        let mut digester = self.digester();
        digester.update(content);
        digester.digest()
    }
}

impl Digester {
    /// Adds what comes next.
    pub(super) fn update(&mut self, content: &[u8]) {
        self.length += content.len() as u64;
        self.hasher.write(content);
    }

    /// How many bytes there were so far.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// The digest of all of it.
    pub(super) fn digest(&self) -> Digest {
        Digest { length: self.length, hash: self.hasher.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_told_apart_however_they_are_cut_into_pieces() {
        let mut last = LastWritten::default();
        let (path, other) = (Path::new("/etc/hosts"), Path::new("/etc/ethers"));
        assert!(last.is_empty() && !last.contains(path));
        last.note(vec![(path.to_path_buf(), last.digest(b"some text"))]);
        assert!(!last.is_empty() && last.contains(path) && !last.contains(other));
        let mut digester = last.digester();
        for piece in [&b"so"[..], b"", b"me te", b"xt"] {
            digester.update(piece);
        }
        assert!(last.is(path, digester.digest()) && !last.is(other, digester.digest()));
        for content in [&b"some texT"[..], b"some text\0", b"some tex", b""] {
            assert!(!last.is(path, last.digest(content)), "{content:?}");
        }
        last.note(vec![(path.to_path_buf(), last.digest(b""))]);
        assert!(last.is(path, last.digest(b"")) && !last.is(path, digester.digest()));
    }
}
