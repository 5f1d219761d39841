//! Golden recordings: what `replay` prints of each, byte for byte.
//!
//! One is a directory `tests/recordings/NN-name` with `recording/` (as `record` writes it, or by hand), `config.toml` and
//! `expected.lp`. `make bless` writes what comes out over what was expected; the diff is to be read.

#![expect(clippy::unwrap_used, reason = "a test's failure is a panic")]

#[path = "support/golden.rs"]
mod golden;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conntrack_exporter::measurements::NAMES;
use golden::{STANDING, shown};
use influxdb_line_protocol::parse_lines;

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");

#[test]
fn every_recording_gives_what_is_expected() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut recordings: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    recordings.sort();
    assert!(!recordings.is_empty(), "none was found");
    let blessing = env::var_os("BLESS").is_some();
    let mut failed = Vec::new();
    for recording in &recordings {
        let (actual, expected) = (replay(recording), recording.join("expected.lp"));
        if blessing {
            fs::write(expected, actual).unwrap();
        } else if actual != fs::read_to_string(&expected).unwrap_or_default() {
            eprintln!("{} gives:\n{actual}", recording.display());
            failed.push(recording);
        }
    }
    assert!(failed.is_empty(), "not as expected: {failed:?} (see above; `make bless` accepts)");
}

/// What the program prints of a copy: root's power is not used in a checkout, which may be behind somebody's closed
/// directory.
fn replay(recording: &Path) -> String {
    let name = recording.file_name().unwrap().to_string_lossy();
    let place = env::temp_dir().join(format!("conntrack-exporter-recordings-{}-{name}", std::process::id()));
    fs::create_dir(&place).unwrap();
    let copied = Command::new("cp").arg("-R").arg(recording.join("recording")).arg(&place).status().unwrap();
    assert!(copied.success(), "{name}: no copy");
    let config = place.join("config.toml");
    fs::write(&config, configuration(&fs::read_to_string(recording.join("config.toml")).unwrap())).unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("--config").arg(config).arg("replay").arg(place.join("recording"));
    let output = command.output().unwrap();
    fs::remove_dir_all(&place).unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(parse_lines(&text).flatten().count(), text.lines().count(), "{name}: {text}");
    text.lines().map(|line| shown(line) + "\n").collect()
}

/// The configuration of a recording; one that doesn't say which measurements are on has the standing ones.
fn configuration(text: &str) -> String {
    let mut text = text.to_owned();
    if !text.contains("[measurements]") {
        text += "\n[measurements]\n";
        for name in NAMES.iter().filter(|name| !STANDING.contains(name)) {
            writeln!(text, "{name} = false").unwrap();
        }
    }
    text
}
