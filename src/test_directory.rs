//! A directory for the files of a unit test.

use std::fs::{self, Permissions};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// An empty directory of a test's own; gone when dropped. It is used as the path that it is.
#[derive(Debug)]
pub(crate) struct TestDirectory(PathBuf);

impl TestDirectory {
    /// `test` is a name that no other one of this crate has.
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("conntrack-exporter-{}-{test}", std::process::id());
        let directory = Self(std::env::temp_dir().join(name));
        // One of a run that was killed, whose number this process has now.
        let _ = fs::remove_dir_all(&directory.0);
        fs::create_dir(&directory.0).unwrap();
        // Whatever the umask: a directory that a group may write to is none to write in.
        fs::set_permissions(&directory.0, Permissions::from_mode(0o755)).unwrap();
        directory
    }

    /// Puts a copy of what is at `path` of the repository here, and says where. Root's power is not used in a checkout, which
    /// may be behind somebody's closed directory.
    pub(crate) fn copy(&self, path: &str) -> PathBuf {
        let copy = self.join(path);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        copy_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path), &copy);
        copy
    }
}

fn copy_all(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy_all(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::write(to, fs::read(from).unwrap()).unwrap();
    }
}

impl Deref for TestDirectory {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn it_is_empty_at_first_and_gone_at_last() {
    let directory = TestDirectory::new("itself");
    let path = directory.to_path_buf();
    fs::write(path.join("file"), "").unwrap();
    drop(directory);
    assert!(!path.exists());
    // What a killed run has left.
    fs::create_dir(&path).unwrap();
    fs::write(path.join("file"), "").unwrap();
    assert_eq!(fs::read_dir(&*TestDirectory::new("itself")).unwrap().count(), 0);
}
