//! FIFOs and devices in place of every file that is read.

use std::ffi::OsStr;

use nix::sys::signal::Signal;

use crate::replay::{Replay, Stranger};

const CONFIG: &str = "etc/conntrack-exporter.toml";
const TABLE: &str = "proc/net/nf_conntrack";
const HOST_NAME: &str = "proc/sys/kernel/hostname";

/// Every file but that of vendors, which is looked for in several places: what isn't one is passed over.
const PLACES: [&str; 11] = [
    CONFIG,
    TABLE,
    HOST_NAME,
    "proc/sys/net/netfilter/nf_conntrack_max",
    "ip-address",
    "ip-neigh",
    "etc/conntrack-exporter.devices",
    "etc/conntrack-exporter.services",
    "etc/conntrack-exporter.networks",
    "etc/hosts",
    "tmp/dhcp.leases",
];
const VENDORS: &str = "usr/share/vendors";

const WHY: &str = "not a regular file";

fn with(stranger: Stranger, path: &str, test: &str) -> Replay {
    let replay = Replay::new(&format!("{test}-{stranger:?}-{}", path.replace('/', "-")));
    stranger.replace(&replay.path(path));
    replay
}

/// What a command says of a stranger, and its exit code.
fn run(stranger: Stranger, path: &str, command: &str) -> (Option<i32>, String) {
    let replay = with(stranger, path, command);
    let captured = replay.beside("captured");
    let target = if command == "capture" { captured.as_os_str() } else { OsStr::new("") };
    let arguments = [OsStr::new(command), target];
    let arguments = arguments.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
    replay.start(&arguments).end(&format!("{command} with a {stranger:?} at {path}"))
}

#[test]
fn commands_end_and_say_so() {
    for stranger in Stranger::ALL {
        for command in ["once", "check", "devices", "capture"] {
            for path in PLACES {
                let (code, said) = run(stranger, path, command);
                // check doesn't ask for the name.
                let asks = (command, path) != ("check", HOST_NAME);
                assert!(said.contains(WHY) == asks, "{command} with a {stranger:?} at {path}: {said}");
                let expected = match (path, command) {
                    (CONFIG, _) => 78,
                    (TABLE, _) | (_, "capture") => 1,
                    _ => 0,
                };
                assert_eq!(code, Some(expected), "{command} with a {stranger:?} at {path}: {said}");
            }
            let (code, said) = run(stranger, VENDORS, command);
            assert_eq!(code, Some(i32::from(command == "capture")), "{command}: {said}");
        }
    }
}

#[test]
fn the_daemon_starts_with_no_such_configuration() {
    for stranger in Stranger::ALL {
        let replay = with(stranger, CONFIG, "start");
        let (code, said) = replay.start(&["--stdout"]).end("the daemon");
        assert!(code == Some(78) && said.contains(WHY) && said.lines().count() == 1, "{code:?}: {said}");
    }
}

#[test]
fn the_daemon_goes_on_and_hears_that_it_is_to_stop() {
    let places: Vec<_> = PLACES.into_iter().filter(|path| *path != CONFIG).chain([VENDORS]).collect();
    // All at once: each takes a few seconds of doing nothing.
    let replays: Vec<_> = Stranger::ALL
        .iter()
        .flat_map(|stranger| places.iter().map(|path| (*path, with(*stranger, path, "daemon"))))
        .collect();
    let daemons: Vec<_> = replays.iter().map(|(path, replay)| (path, replay.start(&["--stdout"]))).collect();
    for (path, mut daemon) in daemons {
        if *path != VENDORS {
            daemon.until(path, |daemon| daemon.said().contains(WHY).then_some(()));
        }
        if *path != TABLE {
            daemon.await_ticks_in_all(2);
        }
        assert!(daemon.said().matches(WHY).count() <= 1, "said once, not at every tick: {}", daemon.said());
        daemon.stop();
    }
}

#[test]
fn a_configuration_exchanged_for_one_is_not_taken_over() {
    for stranger in Stranger::ALL {
        let replay = Replay::new(&format!("reload-{stranger:?}"));
        let mut daemon = replay.start(&["--stdout"]);
        daemon.await_ticks(1);
        stranger.replace(&replay.path(CONFIG));
        daemon.signal(Signal::SIGHUP);
        let kept = format!("{WHY}; the running configuration is kept");
        daemon.until("the refusal", |daemon| daemon.said().contains(&kept).then_some(()));
        daemon.await_ticks(2);
        daemon.stop();
    }
}
