//! What people run of this repository, with programs of a test's own in the place of those that take long, ask for root
//! or change the machine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's failure is a panic")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// How long a script may take that does next to nothing, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(30);

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
        // What is there is a link, be it to the launcher or to the machine's own: never written through.
        let path = self.bin().join(name);
        let _ = fs::remove_file(&path);
        fs::write(self.bin().join(format!("{name}.script")), script).unwrap();
        symlink(repository().join("tests/scripts/launcher"), path).unwrap();
    }

    /// Adds programs that say how they are called, and do nothing.
    fn has_silent(&self, names: &[&str]) {
        for name in names {
            self.has(name, "echo \"called: ${0##*/} $*\" >&2");
        }
    }

    /// Adds the kernel's table.
    fn has_a_table(&self) {
        File::create(self.directory.join("proc/net/nf_conntrack")).unwrap();
    }

    /// Runs one of the repository's scripts, and gives whether all was well and what was said on both streams.
    fn run(&self, script: &str, ci: Option<&str>) -> (bool, String) {
        let path = self.directory.join("said");
        let said = File::create(&path).unwrap();
        let mut command = Command::new(repository().join(script));
        command.env_clear().env("PATH", self.bin()).env("PROC", self.directory.join("proc"));
        command.envs(ci.map(|ci| ("CI", ci))).env("TMPDIR", &self.directory);
        command.env("LEFT_OUT", self.directory.join("left-out"));
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

/// A child that another test has just begun may hold the file for a moment, of which the kernel says "Text file busy".
#[test]
fn what_somebody_still_has_open_for_writing_runs_all_the_same() {
    let machine = Machine::new("busy");
    let all = fs::read_dir(machine.bin()).unwrap().map(|entry| entry.unwrap());
    let own = all.filter(|entry| entry.file_type().unwrap().is_file());
    let held: Vec<_> = own.map(|entry| File::options().append(true).open(entry.path()).unwrap()).collect();
    assert_eq!(held.len(), 2, "id and cargo");
    let output = Command::new(machine.bin().join("id")).output().unwrap();
    assert_eq!(output.stdout, b"0\n");
}

#[test]
fn ci_says_at_its_end_what_was_left_out() {
    let machine = Machine::new("ci");
    let bash = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).exists()).unwrap();
    symlink(bash, machine.bin().join("bash")).unwrap();
    let words = "*** LEFT OUT: something, because of something ***";
    machine.has("make", "[ \"$1\" != lint ] || tools/left-out something, because of something");
    let (good, said) = machine.run(".ci/run", Some("1"));
    assert!(good, "{said}");
    assert!(said.ends_with(&format!("\n{words}\n")) && said.matches(words).count() == 2, "{said}");
}

#[test]
fn all_that_is_left_out_is_told_to_ci() {
    let machine = Machine::new("left-out");
    let (good, said) = machine.run("tools/router-test", None);
    assert!(good, "{said}");
    let told = fs::read_to_string(machine.directory.join("left-out")).unwrap();
    assert!(told.starts_with("*** LEFT OUT: the router in a box, ") && said.ends_with(&told), "{said}");
    let own =
        scripts().into_iter().filter(|(path, text)| text.contains("LEFT OUT") && !path.ends_with("left-out"));
    assert_eq!(
        own.map(|(path, _)| path).collect::<Vec<_>>(),
        <[PathBuf; 0]>::default(),
        "not by tools/left-out"
    );
}

/// Waits for the end of a process.
fn end_of(child: &mut Child) -> Option<ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        sleep(Duration::from_millis(20));
    }
    None
}

/// Starts the sample household with a daemon that never ends by itself and a receiver as scripted, its output to a pipe.
fn household(machine: &Machine, receiver: &str) -> Child {
    let programs = machine.directory.join("bin");
    fs::create_dir_all(programs.join("examples")).unwrap();
    let mark = machine.directory.join("daemon");
    machine.has(
        "conntrack-exporter",
        &format!("echo $$ >'{}.new'; mv '{0}.new' '{0}'; exec sleep 600", mark.display()),
    );
    machine.has("examples/receiver", receiver);
    let mut command = Command::new(repository().join("examples/household/run"));
    // A group of its own, so that nothing of it outlives a failure.
    command.arg(programs).process_group(0).stdout(Stdio::piped()).spawn().unwrap()
}

/// Insists that the household ends well and its daemon with it.
fn insist_on_its_end(machine: &Machine, mut run: Child) {
    let ended = end_of(&mut run);
    let group = Pid::from_raw(i32::try_from(run.id()).unwrap());
    let daemon = fs::read_to_string(machine.directory.join("daemon")).ok();
    let daemon = daemon.map(|pid| Pid::from_raw(pid.trim().parse().unwrap()));
    let daemon_lives = daemon.is_some_and(|pid| kill(pid, None).is_ok());
    let _ = killpg(group, Signal::SIGKILL);
    assert_eq!(ended.map(|status| status.code()), Some(Some(0)), "it goes on though nobody reads");
    assert!(!daemon_lives, "the daemon outlives it");
}

/// Does as the real one: what can't be written any more ends it, and well.
const RECEIVER: &str =
    "trap '' PIPE; echo listening; while echo a line 2>/dev/null; do sleep 0.1; done; exit 0";

#[test]
fn the_sample_household_ends_when_nobody_reads_any_more() {
    let machine = Machine::new("household");
    let mut run = household(&machine, RECEIVER);
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    while !machine.directory.join("daemon").exists() {
        lines.next().unwrap().unwrap();
    }
    drop(lines);
    insist_on_its_end(&machine, run);
}

#[test]
fn the_sample_household_ends_when_nobody_ever_read() {
    let machine = Machine::new("unread");
    let mut run =
        household(&machine, "trap '' PIPE; sleep 0.2; while echo 2>/dev/null; do sleep 0.1; done; exit 0");
    drop(run.stdout.take());
    insist_on_its_end(&machine, run);
}

/// The scripts that build something, as their text.
fn scripts() -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| fs::read_to_string(&path).ok().map(|text| (path, text));
    let inside = |directory: &str| {
        fs::read_dir(repository().join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    let all = [inside("tools"), inside("cross"), vec![repository().join("Makefile")]].concat();
    all.into_iter().filter(|path| path.is_file()).filter_map(read).collect()
}

#[test]
fn nothing_is_built_in_silence() {
    let builds = |line: &str| {
        let cargo = line.find("cargo ").map(|place| line.split_at(place).1);
        // What stands behind the double dash is for the tests themselves; who lists them has built them.
        let own = cargo.and_then(|command| command.split(" -- ").next()).unwrap_or_default();
        let words = ["build", "test", "clippy", "doc", "bench", "check", "install", "run"];
        let is_one = own.split_whitespace().nth(1).is_some_and(|word| words.contains(&word));
        is_one && own.contains(" --quiet") && !line.contains("-- --list")
    };
    let mut silent = Vec::new();
    for (path, text) in scripts() {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#') && builds(line));
        silent.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
    }
    assert!(silent.is_empty(), "a minute and more without a word:\n{}", silent.join("\n"));
}

#[test]
fn what_is_installed_and_loaded_is_said_before() {
    let machine = Machine::new("installing");
    machine.has_silent(&["apt-get", "tmux", "ip", "nft", "dnsmasq", "busybox", "nmap", "modprobe"]);
    let (_, said) = machine.run("tools/test", None);
    let place = |words: &str| said.find(words).unwrap_or_else(|| panic!("{words}: {said}"));
    assert!(place("installing Debian's packages: strace") < place("called: apt-get"), "{said}");
    assert!(said.contains("LEFT OUT: tests/kernel"), "{said}");

    machine.has_silent(&["strace"]);
    let (_, said) = machine.run("tools/test", None);
    let place = |words: &str| said.find(words).unwrap_or_else(|| panic!("{words}: {said}"));
    assert!(
        place("loading the kernel module nf_conntrack") < place("called: modprobe nf_conntrack"),
        "{said}"
    );
    assert!(said.contains("LEFT OUT: tests/kernel, because this kernel has no "), "{said}");
    assert!(!said.contains("apt-get"), "{said}");
}

#[test]
fn kernel_tests_are_left_out_loudly_where_mounts_cannot_be_made_private() {
    let machine = Machine::new("mounts");
    machine.has_silent(&["nft", "tmux", "dnsmasq", "busybox", "nmap", "strace", "modprobe"]);
    machine.has_a_table();
    // As it is in a chroot: `/` is no mount point, and whatever `ip -n` and `ip netns exec` do begins with it.
    let words = "\"mount --make-rslave /\" failed: Invalid argument";
    machine.has(
        "ip",
        &format!("case \"$*\" in '-n '* | *'netns exec '*) echo '{words}' >&2; exit 255 ;; esac; echo \"called: ip $*\""),
    );
    for (script, what) in [("tools/test", "tests/kernel"), ("tools/e2e", "the tests of the whole road")] {
        let (good, said) = machine.run(script, None);
        assert!(good, "{script}: {said}");
        let left_out = format!("*** LEFT OUT: {what}, because ");
        let because = said.lines().find_map(|line| line.strip_prefix(&left_out));
        let because = because.unwrap_or_else(|| panic!("{script}: {said}"));
        assert!(because.contains("made private") && because.contains(words), "{script}: {said}");
        assert!(said.contains("called: ip netns delete conntrack-exporter-probe-"), "{script}: {said}");
        assert!(said.contains(" 1 left out") || said.contains(", 0 ran"), "{script}: {said}");
        assert!(!machine.run(script, Some("1")).0, "{script} must fail in CI");
    }
}

#[test]
fn kernel_tests_run_where_all_is_there() {
    let machine = Machine::new("all");
    machine.has_silent(&["ip", "nft", "tmux", "dnsmasq", "busybox", "nmap", "strace", "modprobe"]);
    machine.has_a_table();
    let (good, said) = machine.run("tools/test", Some("1"));
    assert!(good && !said.contains("LEFT OUT") && said.contains(" 0 left out"), "{said}");
    assert!(!said.contains("called: modprobe"), "{said}");
    let built = said.lines().find(|line| line.starts_with("called: cargo ")).unwrap();
    assert!(
        built.contains("--no-run") && built.contains("--test kernel"),
        "built first, and all of it: {built}"
    );
    assert!(!built.contains("--quiet"), "{built}");
}

#[test]
fn kernel_tests_run_though_a_trial_namespace_stays() {
    let machine = Machine::new("stays");
    machine.has_silent(&["nft", "tmux", "dnsmasq", "busybox", "nmap", "strace"]);
    machine.has_a_table();
    machine.has("ip", "case \"$*\" in 'netns delete '*) exit 1 ;; esac");
    let (good, said) = machine.run("tools/test", Some("1"));
    assert!(good && !said.contains("LEFT OUT"), "{said}");
}

/// What config/compose/make-env prints for an address beside the `.env` that is there, if it ends with this code.
fn made(machine: &Machine, address: &str, code: i32) -> String {
    let script = machine.directory.join("make-env");
    fs::copy(repository().join("config/compose/make-env"), &script).unwrap();
    let output = Command::new("sh").arg(script).arg(address).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{address}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn who_has_made_the_passwords_is_told_where_grafana_is_and_what_to_tell_the_router() {
    let machine = Machine::new("make-env");
    let env = machine.directory.join(".env");
    for (address, grafana, router) in [
        ("192.168.8.10", "  http://192.168.8.10:3000\n", "\"192.168.8.10:8094\""),
        ("fd00::5", "  http://[fd00::5]:3000\n", "\"[fd00::5]:8094\""),
        ("0.0.0.0", "  http://localhost:3000\n  From other machines:", "\"ADDRESS:8094\""),
        ("::", "  http://localhost:3000\n  From other machines:", "\"ADDRESS:8094\""),
        ("127.0.0.1", "  http://127.0.0.1:3000\n  From this machine alone", "No router finds Telegraf"),
    ] {
        let said = made(&machine, address, 0);
        let kept = fs::read_to_string(&env).unwrap();
        let password = kept.lines().find_map(|line| line.strip_prefix("GRAFANA_PASSWORD=")).unwrap();
        assert!(password.len() >= 20, "{kept}");
        for words in
            [grafana, router, "user      admin\n", &format!("password  {password}\n"), "docker compose up -d"]
        {
            assert!(said.contains(words), "{address}: {words}: {said}");
        }
        // Again: nothing is made anew, and the same is told, without the line of what was written.
        let again = made(&machine, address, 0);
        assert_eq!(fs::read_to_string(&env).unwrap(), kept);
        assert_eq!(again.split_once('\n').unwrap().1, said.split_once('\n').unwrap().1);
        assert!(made(&machine, "10.0.0.1", 1).contains(grafana), "what is there holds");
        fs::remove_file(&env).unwrap();
    }
    for wrong in ["nas", "cafe", "192.168.8", "--help", ""] {
        assert_eq!(made(&machine, wrong, 64), "");
        assert!(!env.exists(), "{wrong}");
    }
}

#[test]
fn a_password_file_of_before_that_keeps_grafana_to_its_machine_says_so() {
    let machine = Machine::new("make-env-before");
    let before =
        "INFLUX_TOKEN=t\nGRAFANA_PASSWORD=before\nTELEGRAF_BIND=192.168.8.10\nGRAFANA_BIND=127.0.0.1\n";
    fs::write(machine.directory.join(".env"), before).unwrap();
    let said = made(&machine, "192.168.8.10", 0);
    for words in [
        "http://127.0.0.1:3000\n  From this machine alone: GRAFANA_BIND",
        "password  before",
        "192.168.8.10:8094",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}
