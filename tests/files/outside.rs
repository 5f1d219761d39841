//! Links and `..` lead nowhere outside of the directory that is replayed: a stranger's bug report must not have the files
//! of whoever replays it read and shown.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::replay::Replay;

const REGISTRY: &str = "etc/conntrack-exporter.devices";

/// Every file that is read, but those of which only a figure is.
const PLACES: [&str; 8] = [
    "etc/conntrack-exporter.toml",
    "proc/net/nf_conntrack",
    "proc/sys/kernel/hostname",
    "ip-address",
    "ip-neigh",
    REGISTRY,
    "tmp/dhcp.leases",
    "usr/share/vendors",
];

fn link(replay: &Replay, path: &str, to: &Path) {
    let path = replay.path(path);
    fs::remove_file(&path).expect("a file that is there");
    symlink(to, path).expect("a link");
}

/// What `devices` says with a registry that is a link.
fn devices(test: &str, to: impl FnOnce(&Replay) -> String) -> String {
    let replay = Replay::new(test);
    fs::write(replay.beside("outside"), "02:00:00:00:00:11=outsider\n").expect("a file");
    replay.write("tmp/inside", "02:00:00:00:00:11=insider\n");
    let to = to(&replay);
    link(&replay, REGISTRY, Path::new(&to));
    let (code, said) = replay.start(&["devices"]).end("devices");
    assert_eq!(code, Some(0), "{said}");
    said
}

#[test]
fn a_link_to_what_is_outside_is_a_link_to_nothing() {
    for (number, below) in ["", "/..", "/../..", "/tmp/../.."].into_iter().enumerate() {
        let said = devices(&format!("absolute-{number}"), |replay| {
            format!("{below}{}", replay.beside("outside").display())
        });
        assert!(!said.contains("outsider"), "{below}: {said}");
    }
    for (number, to) in ["../../outside", "../../../outside", "../tmp/../../outside"].into_iter().enumerate()
    {
        let said = devices(&format!("relative-{number}"), |_| to.to_owned());
        assert!(!said.contains("outsider"), "{to}: {said}");
    }
}

#[test]
fn links_lead_where_they_do_on_the_router() {
    for (number, to) in ["/tmp/inside", "../tmp/inside", "../../../tmp/inside", "/../tmp/../tmp/inside"]
        .into_iter()
        .enumerate()
    {
        let said = devices(&format!("inside-{number}"), |_| to.to_owned());
        assert!(said.contains("insider"), "{to}: {said}");
    }
}

#[test]
fn whichever_file_it_is_nothing_of_one_outside_is_told_or_captured() {
    for path in PLACES {
        for to in ["../../../../outside", ""] {
            let replay = Replay::new(&format!("outside-{}-{}", path.replace('/', "-"), to.len()));
            let outside = replay.beside("outside");
            fs::write(&outside, "secret = \"secret\"\n").expect("a file");
            link(&replay, path, if to.is_empty() { &outside } else { Path::new(to) });
            for command in ["devices", "check", "once", "capture"] {
                let captured = replay.beside("captured");
                let words = [Path::new(command), &captured];
                let words = &words[..if command == "capture" { 2 } else { 1 }];
                let (_, said) = replay.start(words).end(command);
                assert!(!said.contains("secret"), "{command}, {path}: {said}");
                let copied = fs::read_to_string(captured.join(path)).unwrap_or_default();
                assert!(!copied.contains("secret"), "{command}, {path}: {copied}");
            }
        }
    }
}
