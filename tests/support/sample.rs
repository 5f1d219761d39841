//! The sample household, wherever the checkout lies.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with a copy of the household; gone when dropped. Root's power is not used in a checkout, which may be behind
/// somebody's closed directory.
pub(crate) struct Sample(PathBuf);

impl Sample {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("conntrack-exporter-{}-{test}-sample", std::process::id());
        let sample = Self(std::env::temp_dir().join(name));
        fs::create_dir(&sample.0).expect("a directory of the test's own");
        let household = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/household");
        let status = Command::new("cp").arg("-R").arg(household).arg(sample.household()).status();
        assert!(status.is_ok_and(|status| status.success()), "a copy");
        sample
    }

    fn household(&self) -> PathBuf {
        self.0.join("household")
    }

    /// The directory that stands for a router's `/`.
    pub(crate) fn root(&self) -> PathBuf {
        self.household().join("root")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.household().join("conntrack-exporter.toml")
    }
}

impl Deref for Sample {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
