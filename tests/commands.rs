//! The program as a user calls it: exit codes, and what is said on which stream.

#![expect(clippy::unwrap_used, reason = "a test's failure is a panic")]

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

/// The exit code, and what was said on standard output and standard error.
fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = run(arguments);
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Runs the program with its output to a pipe that nobody reads.
fn with_a_closed_pipe(arguments: &[&str], as_stderr: bool) -> Option<i32> {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let command = if as_stderr { command.stderr(writer) } else { command.stdout(writer) };
    command.status().unwrap().code()
}

#[test]
fn help_and_version_go_to_standard_output() {
    for arguments in
        [&["--help"][..], &["-h"], &["help"], &["check", "--help"], &["--version"], &["once", "-V"]]
    {
        let (code, stdout, stderr) = said(arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(stdout.contains("conntrack-exporter") && stdout.ends_with('\n'), "{arguments:?}: {stdout}");
        assert!(!stdout.contains('\u{1b}'), "no colour: {stdout:?}");
    }
}

#[test]
fn a_closed_pipe_is_no_fault() {
    assert_eq!(with_a_closed_pipe(&["--help"], false), Some(0));
    assert_eq!(with_a_closed_pipe(&["--version"], false), Some(0));
    assert_eq!(with_a_closed_pipe(&["chek"], true), Some(64));
}

#[test]
fn bad_arguments_are_64_and_told_on_standard_error() {
    let (code, stdout, stderr) = said(&["chek"]);
    assert_eq!((code, stdout.as_str()), (Some(64), ""));
    assert!(stderr.starts_with("conntrack-exporter: unrecognized subcommand 'chek'\n"), "{stderr}");
    assert!(stderr.contains("'check'") && stderr.ends_with("try '--help'.\n"), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "no colour: {stderr:?}");
    assert_eq!(run(&["check", "--stdout"]).status.code(), Some(64));
}

#[test]
fn a_configuration_that_cannot_be_used_is_78() {
    let config = ["--config", "tests/no-such-file.toml"];
    for command in [&[][..], &["once"], &["devices"], &["capture", "/nowhere"]] {
        let (code, stdout, stderr) = said(&[&config, command].concat());
        assert_eq!((code, stdout.as_str()), (Some(78), ""), "{command:?}");
        assert!(stderr.starts_with("conntrack-exporter: tests/no-such-file.toml"), "{command:?}: {stderr}");
    }
    let (code, stdout, stderr) = said(&["check", "--config", "tests/no-such-file.toml"]);
    assert_eq!((code, stderr.as_str()), (Some(78), ""));
    assert!(stdout.starts_with("error    configuration  tests/no-such-file.toml"), "{stdout}");
}

#[test]
fn a_table_that_cannot_be_read_is_1() {
    let nowhere = "tests/support";
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join(nowhere).join("proc").exists());
    for command in ["once", "devices", "check"] {
        assert_eq!(run(&[command, "--root", nowhere]).status.code(), Some(1), "{command}");
    }
    let (code, _, stderr) = said(&["capture", "tests/cases", "--root", nowhere]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("tests/cases is not empty: name a directory that is, or a new one"), "{stderr}");
}

#[test]
fn devices_counts_whatever_is_switched_off() {
    let household = ["--root", "examples/household/root", "devices"];
    let case = ["--config", "tests/cases/33-measurements-switched-off/config.toml"];
    let off = std::env::temp_dir().join(format!("conntrack-exporter-commands-{}.toml", std::process::id()));
    std::fs::write(&off, "measurements.connection_state = false\n").unwrap();
    let off_path = off.to_str().unwrap();
    let with = |config: [&str; 2]| said(&[&config[..], &household].concat());
    let (code, table, stderr) = with(case);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(table.contains("router") && table.contains("desktop-pc"), "{table}");
    assert_eq!(with(["--config", off_path]).1, table);
    std::fs::remove_file(off).unwrap();
}

#[test]
fn names_of_addresses_are_shown() {
    let case = "tests/cases/35-registry-by-address";
    let config = format!("{case}/config.toml");
    let root = format!("{case}/root");
    let with = |command| said(&["--config", &config, "--root", &root, command]);
    let (code, table, _) = with("devices");
    assert_eq!(code, Some(0));
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |name: &str| rows.iter().find(|row| row[0] == name).unwrap_or_else(|| &rows[0]).join(" ");
    assert_eq!(
        row("NAS"),
        "NAS - 02:00:00:00:00:02 2 registry lease: synology 192.168.8.50 2001:db8:aa:10::50"
    );
    assert_eq!(row("Phone"), "Phone - - 1 registry - 10.0.0.2");
    assert_eq!(row("Printer"), "Printer - 02:00:00:00:00:03 1 registry - 192.168.8.60");
    let (_, report, _) = with("check");
    assert!(report.contains("(registry): 5 of 5 entries give a name\n"), "{report}");
    assert!(report.contains("devices: line 7: "), "the one that is no address: {report}");
    assert!(!report.contains("devices: line 2: "), "{report}");
}
