//! Root's power reads root's files, and none of somebody else's choosing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::connections::{at, established, listen};
use crate::exporter::{Exporter, PROGRAM, command, configure};
use crate::household::{Household, INTERNET, LAPTOP, LAPTOP_MAC};
use crate::least_privilege::{DAC_READ_SEARCH, NONE, insist, nobody, reload};
use crate::snapshot::{Receiver, counts};

/// Somebody who is neither root nor whom the program becomes.
const SOMEBODY: u32 = 4242;

/// Stands in files that only root may read.
const SECRET: &str = "secret-of-roots";

fn directory(home: &Household, name: &str, owner: u32, mode: u32) -> PathBuf {
    let path = home.file(name);
    fs::create_dir(&path).expect("a new directory");
    chown(&path, Some(owner), Some(owner)).expect("root may give it away");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a directory of ours");
    path
}

fn file(path: PathBuf, owner: u32, mode: u32) -> PathBuf {
    fs::write(&path, format!("{LAPTOP_MAC}={SECRET}\n")).expect("a new file");
    chown(&path, Some(owner), Some(owner)).expect("root may give it away");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a file of ours");
    path
}

fn link(path: PathBuf, owner: u32, to: &Path) -> PathBuf {
    symlink(to, &path).expect("a new link");
    lchown(&path, Some(owner), Some(owner)).expect("root may give it away");
    path
}

/// A lease file in which the laptop has root's secret for a name.
fn secret_leases(path: PathBuf) -> PathBuf {
    let path = file(path, 0, 0o600);
    fs::write(&path, format!("1795241374 {LAPTOP_MAC} {LAPTOP} {SECRET} *\n")).expect("a file of ours");
    path
}

/// The same file by way of a link that the kernel shows, and that leads to `/`.
fn by_way_of(link: &str, path: &Path) -> PathBuf {
    Path::new(link).join(path.strip_prefix("/").expect("a whole path"))
}

/// The configuration with another lease file.
fn configure_with_leases(home: &Household, leases: &Path, more: &str) -> PathBuf {
    let config = configure(home, "127.0.0.1:8094", more);
    let text = fs::read_to_string(&config).expect("what was just written");
    let (old, new) = (home.leases().display().to_string(), leases.display().to_string());
    fs::write(&config, text.replace(&old, &new)).expect("a file of ours");
    config
}

#[test]
fn the_capability_is_kept_for_files_of_roots_alone() {
    let home = Household::new("roots");
    let receiver = Receiver::new(&home.router, at("127.0.0.1", 8094));
    let sticky = directory(&home, "sticky", 0, 0o1777);
    let theirs = directory(&home, "theirs", SOMEBODY, 0o755);
    let shared = directory(&home, "shared", 0, 0o775);
    let closed = directory(&home, "closed", 0, 0o700);
    let roots = file(home.file("roots"), 0, 0o600);
    let trusted = [
        roots.clone(),
        file(closed.join("roots"), 0, 0o600),
        link(home.file("link"), 0, &roots),
        closed.join("nothing yet"),
    ];
    let others = [
        file(sticky.join("somebodys"), SOMEBODY, 0o600),
        file(sticky.join("roots"), 0, 0o600),
        file(theirs.join("roots"), 0, 0o600),
        file(shared.join("roots"), 0, 0o600),
        file(home.file("somebodys"), SOMEBODY, 0o600),
        link(theirs.join("link"), SOMEBODY, &roots),
        link(home.file("way"), 0, &theirs).join("roots"),
    ];
    let cases =
        trusted.iter().map(|path| (path, DAC_READ_SEARCH)).chain(others.iter().map(|path| (path, NONE)));
    for (path, held) in cases {
        let key = format!("source = \"procfs\"\ndevices.registry = {path:?}");
        let exporter = Exporter::start(&home, &configure(&home, "127.0.0.1:8094", &key));
        receiver.fresh();
        println!("{}", path.display());
        insist(&exporter, nobody(), held);
        let said = exporter.errors();
        let refused = said.contains(&path.display().to_string()) && said.contains("only root may");
        assert_eq!(refused, held == NONE, "{said}");
        exporter.end(Signal::SIGTERM);
    }

    // A restart would not help.
    let exporter = Exporter::start(&home, &configure(&home, "127.0.0.1:8094", "source = \"procfs\""));
    receiver.fresh();
    for (times, path) in others.iter().enumerate() {
        configure(&home, "127.0.0.1:8094", &format!("source = \"procfs\"\ndevices.registry = {path:?}"));
        reload(&exporter, times + 1);
    }
    insist(&exporter, nobody(), NONE);
    exporter.end(Signal::SIGTERM);
}

#[test]
fn with_the_capability_no_file_is_read_for_somebody_elses_sake() {
    let home = Household::new("sake");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let receiver = Receiver::new(&home.router, at("127.0.0.1", 8094));
    let registry = file(home.file("registry"), 0, 0o600);
    fs::write(&registry, "02:00:00:00:00:99=nobody\n").expect("a file of ours");
    let secret = secret_leases(home.file("secret"));
    let sticky = directory(&home, "sticky", 0, 0o1777);
    let theirs = directory(&home, "theirs", SOMEBODY, 0o755);
    let leases = [
        link(sticky.join("link"), SOMEBODY, &secret),
        link(theirs.join("link"), SOMEBODY, &secret),
        secret_leases(sticky.join("roots")),
        by_way_of("/proc/self/root", &sticky.join("roots")),
    ];
    for path in leases {
        let key = format!("source = \"procfs\"\ndevices.registry = {registry:?}");
        let config = configure_with_leases(&home, &path, &key);
        let exporter = Exporter::start(&home, &config);
        let snapshots = [receiver.fresh(), receiver.next()];
        insist(&exporter, nobody(), DAC_READ_SEARCH);
        for snapshot in snapshots {
            let named = snapshot.states().any(|line| line.tags["device_name"] == SECRET);
            assert!(!named, "{}: {:?}", path.display(), snapshot.counts());
        }
        let said = exporter.await_error(&format!("{} can't be read", path.display()));
        assert!(!said.contains(SECRET), "{said}");
        exporter.end(Signal::SIGTERM);
    }
}

#[test]
fn a_lease_file_for_everybody_in_a_sticky_directory_is_read() {
    let home = Household::new("everybody");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let receiver = Receiver::new(&home.router, at("127.0.0.1", 8094));
    let sticky = directory(&home, "sticky", 0, 0o1777);
    for owner in [0, SOMEBODY, nobody()] {
        let leases = secret_leases(sticky.join(format!("leases-{owner}")));
        chown(&leases, Some(owner), Some(owner)).expect("root may give it away");
        fs::set_permissions(&leases, Permissions::from_mode(0o644)).expect("a file of ours");
        let exporter = Exporter::start(&home, &configure_with_leases(&home, &leases, "source = \"procfs\""));
        assert_eq!(receiver.fresh().counts(), counts(&[(SECRET, "tcp", "ESTABLISHED", 1)]), "{owner}");
        insist(&exporter, nobody(), NONE);
        assert_eq!(exporter.errors(), "");
        exporter.end(Signal::SIGTERM);
    }
}

#[test]
fn root_captures_no_file_of_somebody_elses_choosing() {
    let home = Household::new("choosing");
    let sticky = directory(&home, "sticky", 0, 0o1777);
    let secret = secret_leases(home.file("secret"));
    let registry = file(sticky.join("somebodys"), SOMEBODY, 0o600);
    let theirs = directory(&home, "theirs", SOMEBODY, 0o755);
    let paths = [
        link(sticky.join("link"), SOMEBODY, &secret),
        link(theirs.join("link"), SOMEBODY, &secret),
        secret_leases(sticky.join("roots")),
        by_way_of("/proc/thread-self/root", &sticky.join("roots")),
    ];
    for path in paths {
        let captured = home.file("captured");
        let config = configure_with_leases(&home, &path, &format!("devices.registry = {registry:?}"));
        for more in [&[][..], &["--anonymise"]] {
            let mut capture = command(Path::new(PROGRAM), &config);
            let capture = capture.arg("capture").arg(&captured).args(more);
            let capture = home.router.spawn(capture.stdout(Stdio::piped()).stderr(Stdio::piped()));
            let capture = capture.wait_with_output().expect("a child that was just started");
            let said = String::from_utf8_lossy(&capture.stderr);
            for path in [&path, &registry] {
                assert!(said.contains(&format!("{} is missing: ", path.display())), "{said}");
                assert!(!captured.join(path.strip_prefix("/").expect("a whole path")).exists(), "{said}");
            }
            assert_eq!(capture.status.code(), Some(1), "{said}");
            fs::remove_dir_all(&captured).expect("what was captured");
        }
    }
}

#[test]
fn root_replays_nothing_from_where_somebodys_process_is() {
    let home = Household::new("process");
    let theirs = directory(&home, "theirs", SOMEBODY, 0o755);
    fs::create_dir(theirs.join("tmp")).expect("a new directory");
    secret_leases(theirs.join("tmp/dhcp.leases"));
    let config = home.file("empty.toml");
    fs::write(&config, "").expect("a new file");
    let mut process = Command::new("sleep");
    let process = process.arg("infinity").current_dir(&theirs).uid(SOMEBODY).gid(SOMEBODY);
    let mut process = process.spawn().expect("sleep");
    let their_own = PathBuf::from(format!("/proc/{}/cwd", process.id()));
    let captured = home.file("captured");
    let outcomes = [&theirs, &their_own].map(|root| {
        let capture = command(Path::new(PROGRAM), &config)
            .args(["--root".as_ref(), root.as_os_str(), "capture".as_ref(), captured.as_os_str()])
            .output()
            .expect("the program");
        let copied = captured.join("tmp/dhcp.leases").exists();
        fs::remove_dir_all(&captured).expect("what was captured");
        (copied, String::from_utf8_lossy(&capture.stderr).into_owned())
    });
    process.kill().expect("a child that was just started");
    process.wait().expect("a child that was just started");
    for (copied, said) in outcomes {
        assert!(!copied && said.contains("/tmp/dhcp.leases is missing: "), "{said}");
    }
}

#[test]
fn a_configuration_named_by_who_captures_may_be_its_owners_all_the_way() {
    let home = Household::new("named");
    let theirs = directory(&home, "theirs", SOMEBODY, 0o750);
    let text = format!("tags = {{ place = {SECRET:?} }}\n");
    let config = file(theirs.join("config.toml"), SOMEBODY, 0o600);
    fs::write(&config, &text).expect("a file of ours");
    let (root, captured) = (home.file("nothing"), home.file("captured"));
    for (more, expected) in [(&[][..], Some(text.as_str())), (&["--anonymise"], None)] {
        let mut capture = command(Path::new(PROGRAM), &config);
        let capture = capture.arg("--root").arg(&root).arg("capture").arg(&captured).args(more);
        let said = String::from_utf8_lossy(&capture.output().expect("the program").stderr).into_owned();
        let copy = captured.join("etc/conntrack-exporter.toml");
        let copy = fs::read_to_string(copy).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert!(expected.is_none_or(|expected| copy == expected), "{copy}");
        fs::remove_dir_all(&captured).expect("what was captured");
    }
}
