//! Golden recordings: what comes out of each, byte for byte.
//!
//! One is a directory `tests/recordings/NN-name` with `expected.lp` and
//! - `recording/` (as `record` writes it, or by hand) and `config.toml`: what `replay` prints of it, or
//! - `scenario.toml`: a household that is made up, whose table goes through the same pipeline in memory; every look is held
//!   beside what the household really did.
//!
//! `make bless` writes what comes out over what was expected; the diff is to be read.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's failure is a panic"
)]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/household/mod.rs"]
mod household;
#[path = "support/made.rs"]
mod made;
#[path = "support/place.rs"]
mod place;
#[path = "support/told.rs"]
mod told;
#[path = "support/truth.rs"]
mod truth;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use conntrack_exporter::measurements::NAMES;
use conntrack_exporter::measurements::system::SystemConfig;
use golden::STANDING;
use household::Household;
use household::files;
use household::scenario::{START, Scenario};
use influxdb_line_protocol::parse_lines;
use made::{golden, play, scenario};
use place::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");
/// How many lines of a difference are shown.
const SHOWN: usize = 40;
/// Held by the test that runs. What a look costs is told by the time of the whole process: if two went on at once, one could
/// be taken to cost too much, and looks would become rare.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn every_recording_gives_what_is_expected() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut recordings: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    recordings.sort();
    assert!(!recordings.is_empty(), "none was found");
    let blessing = env::var_os("BLESS").is_some();
    let mut failed = Vec::new();
    for recording in &recordings {
        let (actual, expected) = (actual(recording), recording.join("expected.lp"));
        if blessing {
            fs::write(expected, actual).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if actual != expected {
            show_difference(recording, &actual, &expected);
            failed.push(recording);
        }
    }
    assert!(failed.is_empty(), "not as expected: {failed:?} (see above; `make bless` accepts)");
}

/// What comes out of a recording.
fn actual(recording: &Path) -> String {
    let name = recording.file_name().unwrap().to_str().unwrap();
    if recording.join("scenario.toml").exists() {
        let scenario = scenario(recording);
        return play(name, &scenario).expected(&scenario);
    }
    // Root's power is not used in a checkout, which may be behind somebody's closed directory.
    let place = Place::new(name);
    let copied =
        Command::new("cp").arg("-R").arg(recording.join("recording")).arg(place.path()).status().unwrap();
    assert!(copied.success(), "{name}: no copy");
    replay(place.path(), &configuration(&fs::read_to_string(recording.join("config.toml")).unwrap()))
}

/// What the program prints of `recording/` below this directory.
fn replay(place: &Path, config: &str) -> String {
    let path = place.join("config.toml");
    fs::write(&path, config).unwrap();
    let output =
        Command::new(PROGRAM).arg("--config").arg(path).arg("replay").arg(place.join("recording")).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", place.display());
    println!("{}", said.trim_end());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(parse_lines(&text).flatten().count(), text.lines().count(), "{text}");
    golden(&text)
}

/// The configuration of a recording; one that doesn't say which measurements are on has the standing
/// ones, and none of the router itself.
fn configuration(text: &str) -> String {
    let mut text = text.to_owned();
    if !text.contains("[measurements]") {
        text += "\n[measurements]\n";
        for name in NAMES.iter().filter(|name| !STANDING.contains(name)) {
            writeln!(text, "{name} = false").unwrap();
        }
    }
    if text.contains("[system]") { text } else { text + &nothing_of_the_router() }
}

/// That nothing of the router itself is told.
fn nothing_of_the_router() -> String {
    format!("\n[system]\n{}", toml::to_string(&SystemConfig::NOTHING).unwrap())
}

fn show_difference(recording: &Path, actual: &str, expected: &str) {
    eprintln!("{} gives other lines:", recording.display());
    let (actual, expected): (Vec<_>, Vec<_>) = (actual.lines().collect(), expected.lines().collect());
    let gone = expected.iter().filter(|line| !actual.contains(line)).map(|line| format!("- {line}"));
    let come = actual.iter().filter(|line| !expected.contains(line)).map(|line| format!("+ {line}"));
    gone.take(SHOWN).chain(come.take(SHOWN)).for_each(|line| eprintln!("{line}"));
}

#[test]
fn an_hour_in_files_gives_what_it_gives_in_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let scenario = scenario(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/02-a-film"));
    assert!(scenario.length >= 3600);
    let place = Place::new("an-hour-in-files");
    write_recording(&place.path().join("recording"), &scenario);
    let in_memory =
        play("an-hour-in-memory", &scenario).looks.into_iter().map(|look| look.lines).collect::<String>();
    let in_memory = in_memory.replace("source=\"memory\"", "source=\"procfs\"");
    let in_files = replay(place.path(), &made::configuration(&scenario).to_toml().unwrap());
    assert!(in_memory.len() > 100_000);
    if in_files != in_memory {
        show_difference(Path::new("replay"), &in_files, &in_memory);
        panic!("the files give other lines than the memory");
    }
}

/// The household as `record` would have written it down.
fn write_recording(directory: &Path, scenario: &Scenario) {
    let mut household = Household::new(scenario);
    for instant in scenario.instants() {
        household.live_until(instant);
        let root = directory.join(instant.to_string());
        if instant == START {
            files::write_standing(&root, &household).unwrap();
        }
        files::write_counters(&root, &household).unwrap();
        files::write_table(&root, &household).unwrap();
    }
}
