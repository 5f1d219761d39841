//! `capture`: beside other people's directories, and where the kernel has no text of its table.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use conntrack_exporter::conntrack::{Reading, procfs};

use crate::exporter::{PROGRAM, configure};
use crate::household::Household;
use crate::namespace::require;
use crate::sample::Sample;
use crate::sources::{flows, read, text};
use crate::truth::Held;
use crate::wait::until;

/// Whoever else has an account.
const SOMEBODY: u32 = 12_345;

/// A directory for a test's files, gone when dropped.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
        fs::create_dir(&path).expect("a directory of the test's own");
        Self(path)
    }

    /// A directory in it.
    fn directory(&self, name: &str, owner: u32, mode: u32) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir(&path).expect("a new directory");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("its mode");
        chown(&path, Some(owner), None).expect("root may give it away");
        path
    }

    fn link(&self, name: &str, owner: u32, to: &Path) {
        symlink(to, self.0.join(name)).expect("a new link");
        lchown(self.0.join(name), Some(owner), None).expect("root may give it away");
    }

    /// Everything in it.
    fn all(&self) -> Vec<PathBuf> {
        let (mut all, mut next) = (vec![self.0.clone()], 0);
        while let Some(path) = all.get(next).cloned() {
            next += 1;
            if fs::symlink_metadata(&path).expect("it is there").is_dir() {
                all.extend(
                    fs::read_dir(&path).expect("root may look").map(|entry| entry.expect("one").path()),
                );
            }
        }
        all.sort();
        all
    }

    /// Captures the sample household.
    fn capture(&self, sample: &Sample, directory: &str) -> Output {
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(sample.config());
        command.arg("--root").arg(sample.root()).arg("capture").arg(self.0.join(directory));
        command.output().expect("a program that was just built")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn nothing_is_captured_to_where_somebody_else_could_lead_it() {
    let place = Place::new("others");
    let sample = Sample::new("others");
    let victim = place.directory("victim", 0, 0o755);
    place.directory("hers", SOMEBODY, 0o755);
    place.directory("hers/roots", 0, 0o755);
    place.directory("open", 0, 0o777);
    place.directory("sticky", 0, 0o1777);
    place.directory("sticky/hers", SOMEBODY, 0o755);
    place.directory("hers-sticky", SOMEBODY, 0o1777);
    place.link("hers/link", SOMEBODY, &victim);
    place.link("sticky/link", SOMEBODY, &victim);
    place.link("sticky/roots-link", 0, &victim);
    let before = place.all();
    for directory in [
        "hers/new",
        "hers/roots",
        "hers/roots/new",
        "hers/link",
        "hers/link/new",
        "open/new",
        "sticky/hers",
        "sticky/hers/new",
        "sticky/link",
        "sticky/link/new",
        "sticky/roots-link",
        "hers-sticky/new",
    ] {
        let output = place.capture(&sample, directory);
        assert_eq!(place.all(), before, "{directory} was made or written to");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains("name "), "{directory}: {said}");
    }
    for directory in ["sticky/new", "sticky/roots-link/new", "victim/./../victim/also"] {
        let output = place.capture(&sample, directory);
        assert!(output.status.success(), "{directory}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(place.0.join(directory).join("proc/net/nf_conntrack").is_file());
    }
}

/// Captures in the router's namespace, by a command before the program's own.
fn capture(home: &Household, before: &[&str], config: &Path, directory: &Path) -> String {
    let mut command = Command::new(before.first().unwrap_or(&PROGRAM));
    command.args(before.get(1..).unwrap_or_default());
    if !before.is_empty() {
        command.arg(PROGRAM);
    }
    command.arg("--config").arg(config).arg("capture").arg(directory);
    let child = home.router.spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let output = child.wait_with_output().expect("a child that was just started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn without_the_text_what_netlink_gives_is_written_as_text() {
    // Where nothing is mounted, there is no text.
    const WITHOUT_PROC: [&str; 5] =
        ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" \"$@\""];
    require("unshare", "util-linux");
    let home = Household::new("as-text");
    let held = Held::all(&home);
    let mut number = 0;
    for (before, more) in [(&WITHOUT_PROC[..], ""), (&[], "source = \"netlink\"")] {
        let config = configure(&home, "127.0.0.1:8094", "");
        let text_of_config = fs::read_to_string(&config).expect("what was just written");
        fs::write(&config, format!("{more}\n{text_of_config}")).expect("writing the configuration");
        // The last packets of a connection arrive after the call that caused them has returned.
        let (by_text, captured) = until("a quiet table", || {
            number += 1;
            let directory = home.file(&format!("captured-{number}"));
            let by_text = flows(&home.router, text);
            capture(&home, before, &config, &directory);
            let table = File::open(directory.join("proc/net/nf_conntrack")).expect("the table");
            let captured = read(Reading::Procfs(procfs::Reading::new(table)));
            (by_text == flows(&home.router, text)).then_some((by_text, captured))
        });
        assert!(by_text.len() > 20 && by_text.iter().any(|flow| flow.original.counters.is_some()));
        for (text, captured) in by_text.iter().zip(&captured) {
            assert_eq!(text, captured);
        }
        assert_eq!(by_text.len(), captured.len());
    }
    let directory = home.file("anonymised");
    let config = configure(&home, "127.0.0.1:8094", "");
    let mut command = WITHOUT_PROC.to_vec();
    command.extend([PROGRAM, "--anonymise"]);
    let (program, arguments) = command.split_first().expect("unshare");
    let mut command = Command::new(program);
    command.args(arguments).arg("--config").arg(&config).arg("capture").arg(&directory);
    let output = home
        .router
        .spawn(command.stdout(Stdio::null()).stderr(Stdio::null()))
        .wait_with_output()
        .expect("a child");
    assert!(output.status.success());
    let table = File::open(directory.join("proc/net/nf_conntrack")).expect("the table");
    assert_eq!(read(Reading::Procfs(procfs::Reading::new(table))).len(), home.router.entries());
    drop(held);
}
