//! What people run of this repository, with programs of a test's own in the place of those that take long, ask for root
//! or change the machine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's failure is a panic")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What scripts use besides those programs that are in question.
const USUAL: [&str; 19] = [
    "awk", "basename", "cat", "cut", "date", "dirname", "env", "expand", "grep", "head", "mktemp", "rm",
    "sed", "sh", "sort", "tail", "tee", "tr", "wc",
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A directory of programs, which writes down in the order in which it happens what they do and what is said; gone when
/// dropped.
struct Machine {
    directory: PathBuf,
}

impl Machine {
    /// One that has the usual programs only, and says that its user is root.
    fn new(test: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
        for part in ["bin", "proc/net"] {
            fs::create_dir_all(directory.join(part)).unwrap();
        }
        let machine = Self { directory };
        let places = std::env::var_os("PATH").unwrap();
        for program in USUAL {
            let found =
                std::env::split_paths(&places).map(|place| place.join(program)).find(|path| path.exists());
            symlink(found.unwrap_or_else(|| panic!("{program} is missing")), machine.bin().join(program))
                .unwrap();
        }
        machine.has("id", "echo 0");
        // One test wherever it is asked, but for those that load the machine.
        machine.has(
            "cargo",
            r#"echo "called: cargo $*" >&2
            case "$*" in
            *--list) echo "a: test" ;;
            *--no-run*) ;;
            *' --test-threads=1 stress::') ;;
            *) echo "test result: ok. 1 passed; 0 failed; 0 ignored" ;;
            esac"#,
        );
        machine
    }

    fn bin(&self) -> PathBuf {
        self.directory.join("bin")
    }

    /// Adds a program.
    fn has(&self, name: &str, script: &str) {
        // Made new and put into its place: what is there may be a link to the machine's own.
        let (new, path) = (self.directory.join("new"), self.bin().join(name));
        let mut file = File::options().write(true).create_new(true).mode(0o755).open(&new).unwrap();
        write!(file, "#!/bin/sh\n{script}\n").unwrap();
        drop(file);
        fs::rename(new, path).unwrap();
    }

    /// Runs one of the repository's scripts, and gives whether all was well and what was said on both streams.
    fn run(&self, script: &str, ci: Option<&str>) -> (bool, String) {
        let path = self.directory.join("said");
        let said = File::create(&path).unwrap();
        let mut command = Command::new(repository().join(script));
        command.env_clear().env("PATH", self.bin()).env("PROC", self.directory.join("proc"));
        command.envs(ci.map(|ci| ("CI", ci))).env("TMPDIR", &self.directory);
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        let status = command.status().unwrap();
        (status.success(), fs::read_to_string(path).unwrap())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn ci_says_at_its_end_what_was_left_out() {
    let machine = Machine::new("ci");
    let bash = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).exists()).unwrap();
    symlink(bash, machine.bin().join("bash")).unwrap();
    let words = "*** LEFT OUT: something ***";
    machine
        .has("make", &format!("[ \"$1\" != lint ] || echo '{words}' | tee -a \"${{LEFT_OUT:-/dev/null}}\""));
    let (good, said) = machine.run(".ci/run", Some("1"));
    assert!(good, "{said}");
    assert!(said.ends_with(&format!("\n{words}\n")) && said.matches(words).count() == 2, "{said}");
}
