//! The program as a user calls it: exit codes, and what is said on which stream.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's failure is a panic")]

#[path = "support/sample.rs"]
mod sample;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sample::Sample;

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
fn an_empty_path_is_refused_in_words_that_say_so() {
    for (arguments, option) in [
        (&["--config", ""][..], "--config <FILE>"),
        (&["--config=", "once"], "--config <FILE>"),
        (&["check", "--config", ""], "--config <FILE>"),
        (&["--root", "", "once"], "--root <DIR>"),
        (&["capture", ""], "<DIR>"),
        (&["record", "--for", "1m", ""], "<DIR>"),
        (&["replay", ""], "<DIR>"),
    ] {
        let (code, stdout, stderr) = said(arguments);
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{arguments:?}");
        let first =
            format!("conntrack-exporter: invalid value '' for '{option}': an empty path leads nowhere\n");
        assert!(stderr.starts_with(&first), "{arguments:?}: {stderr}");
    }
}

#[test]
fn what_is_written_out_and_does_not_fit_is_74() {
    let sample = Sample::new("does-not-fit");
    let (root, config) = (sample.root(), sample.config());
    let (root, config) = (root.to_str().unwrap(), config.to_str().unwrap());
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["--root", root, "check"],
        &["--root", root, "once"],
        &["--root", root, "devices"],
        &["--root", root, "devices", "--json"],
        &["--root", root, "estimate"],
        &["--config", config, "replay", root],
        &["--root", root, "--config", config, "--stdout"],
    ] {
        // Every write to it fails as on a full disk.
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(full);
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(74), "{arguments:?}: {stderr}");
        let said = "conntrack-exporter: writing to standard output: No space left on device (os error 28)\n";
        assert!(stderr.ends_with(said), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_configuration_that_cannot_be_used_is_78() {
    let config = ["--config", "tests/no-such-file.toml"];
    for command in [
        &[][..],
        &["once"],
        &["devices"],
        &["estimate"],
        &["sockets"],
        &["capture", "/nowhere"],
        &["record", "/nowhere", "--for", "1m"],
    ] {
        let (code, stdout, stderr) = said(&[&config, command].concat());
        assert_eq!((code, stdout.as_str()), (Some(78), ""), "{command:?}");
        assert!(stderr.starts_with("conntrack-exporter: tests/no-such-file.toml"), "{command:?}: {stderr}");
    }
    let (code, stdout, stderr) = said(&["check", "--config", "tests/no-such-file.toml"]);
    assert_eq!((code, stderr.as_str()), (Some(78), ""));
    assert!(stdout.starts_with("error    configuration  tests/no-such-file.toml"), "{stdout}");
}

#[test]
fn a_pipe_is_no_configuration() {
    let (reader, _writer) = io::pipe().unwrap();
    let mut command = Command::new(PROGRAM);
    let output = command.args(["--config", "/dev/stdin"]).stdin(reader).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), &*said),
        (Some(78), "conntrack-exporter: /dev/stdin: not a regular file\n")
    );
}

#[test]
fn a_server_that_cannot_be_asked_is_69() {
    let sample = Sample::new("audit");
    let config = sample.join("conntrack-exporter.toml");
    fs::write(&config, "").unwrap();
    let config = config.to_str().unwrap();
    // Bound and closed again, so that nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let (code, stdout, stderr) =
        said(&["--config", config, "audit", "--influx", &url, "--bucket", "network"]);
    assert_eq!((code, stdout.as_str()), (Some(69), ""), "{stderr}");
    assert!(stderr.starts_with(&format!("conntrack-exporter: {url} can't be asked: ")), "{stderr}");
    for (arguments, told) in
        [(&["audit"][..], "which server?"), (&["audit", "--influx", &url], "which bucket?")]
    {
        let (code, _, stderr) = said(&[&["--config", config], arguments].concat());
        assert_eq!(code, Some(64), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    }
}

#[test]
fn a_table_that_cannot_be_read_is_1() {
    let nowhere = "tests/support";
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join(nowhere).join("proc").exists());
    for command in ["once", "devices", "estimate", "check", "sockets"] {
        assert_eq!(run(&[command, "--root", nowhere]).status.code(), Some(1), "{command}");
    }
    // Not in the checkout, whose directories may be anybody's.
    let full = std::env::temp_dir().join(format!("conntrack-exporter-commands-{}", std::process::id()));
    fs::create_dir_all(full.join("something")).unwrap();
    let (code, _, stderr) = said(&["capture", full.to_str().unwrap(), "--root", nowhere]);
    fs::remove_dir_all(&full).unwrap();
    assert_eq!(code, Some(1));
    let expected = format!("{} is not empty: name a directory that is, or a new one", full.display());
    assert!(stderr.contains(&expected), "{stderr}");
}

#[test]
fn check_counts_one_as_one() {
    let root = std::env::temp_dir().join(format!("conntrack-exporter-one-{}", std::process::id()));
    let sysctl = "proc/sys/net/netfilter";
    for directory in ["proc/net", sysctl, "tmp", "etc"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    let household = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/household/root");
    let first_line = |file: &str| {
        let text = fs::read_to_string(household.join(file)).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    let table = format!("{}\nof no known form\n", first_line("proc/net/nf_conntrack"));
    fs::write(root.join("proc/net/nf_conntrack"), table).unwrap();
    fs::write(root.join(sysctl).join("nf_conntrack_max"), "1\n").unwrap();
    fs::write(root.join("ip-neigh"), first_line("ip-neigh") + "\n").unwrap();
    fs::write(root.join("tmp/dhcp.leases"), first_line("tmp/dhcp.leases") + "\n").unwrap();
    fs::copy(household.join("ip-address"), root.join("ip-address")).unwrap();
    let (code, stdout, stderr) = said(&["check", "--root", root.to_str().unwrap()]);
    fs::remove_dir_all(root).unwrap();
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    for words in [
        " readable: 1 entry of 1 allowed\n",
        " 1 entry can't be understood and is left out of every count\n",
        "/tmp/dhcp.leases (lease): 1 entry, 1 with a name\n",
        " 1 address answers\n",
    ] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
}

#[test]
fn check_tells_of_counters_what_a_replay_can_know() {
    let sample = Sample::new("counters");
    let root = sample.root();
    let accounting = root.join("proc/sys/net/netfilter/nf_conntrack_acct");
    let told = || {
        let (code, stdout, stderr) = said(&["check", "--root", root.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        // None of this machine's flowtables, modules and processes.
        let lines: Vec<_> = stdout.lines().filter(|line| line.contains(" counters ")).collect();
        assert_eq!(lines.len(), 1, "{stdout}");
        lines.concat()
    };
    for (value, expected) in [
        ("1\n", "ok       counters       accounting is on: "),
        ("0\n", "warning  counters       accounting is off: "),
    ] {
        fs::write(&accounting, value).unwrap();
        assert!(told().starts_with(expected), "{value}: {}", told());
    }
    assert!(told().contains("sysctl -w net.netfilter.nf_conntrack_acct=1 "), "{}", told());
    fs::remove_file(&accounting).unwrap();
    assert!(
        told().starts_with("warning  counters       whether packets and bytes are counted isn't known"),
        "{}",
        told()
    );
}

#[test]
fn check_asks_the_server_that_snapshots_are_written_to() {
    let sample = Sample::new("influxdb");
    let config = sample.join("influxdb.toml");
    // Nobody listens at port 1.
    fs::write(&config, "[influxdb]\nurl = \"http://127.0.0.1:1\"\nbucket = \"network\"\n").unwrap();
    let root = sample.root();
    let (code, stdout, stderr) =
        said(&["--root", root.to_str().unwrap(), "--config", config.to_str().unwrap(), "check"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains("http://127.0.0.1:1 can't be asked, so snapshots wait: "), "{stdout}");
}

#[test]
fn devices_counts_whatever_is_switched_off() {
    let sample = Sample::new("switched-off");
    let (root, case, off) = (sample.root(), sample.join("case.toml"), sample.join("off.toml"));
    let all = "tests/cases/33-measurements-switched-off/config.toml";
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(all), &case).unwrap();
    fs::write(&off, "measurements.connection_state = false\n").unwrap();
    let with = |config: &Path| {
        let [config, root] = [config, &root].map(|path| path.to_str().unwrap());
        said(&["--config", config, "--root", root, "devices"])
    };
    let (code, table, stderr) = with(&case);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(table.contains("router") && table.contains("desktop-pc"), "{table}");
    assert_eq!(with(&off).1, table);
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
    assert!(report.contains("(registry): 5 entries, 5 with a name\n"), "{report}");
    assert!(report.contains("devices: line 7: "), "the one that is no address: {report}");
    assert!(!report.contains("devices: line 2: "), "{report}");
}

#[test]
fn one_snapshot_is_printed_in_every_format() {
    let household =
        ["--config", "examples/household/conntrack-exporter.toml", "--root", "examples/household/root"];
    let once = |rest: &[&str]| {
        let (code, stdout, stderr) = said(&[&household[..], &["once"], rest].concat());
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{rest:?}: {stdout}");
        stdout
    };
    let lines = once(&["--format", "line-protocol"]);
    assert_eq!(lines.lines().count(), once(&[]).lines().count());
    let json = once(&["--jsonl"]);
    let points: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(points.len(), lines.lines().count());
    let names = |line: &str| line.split([',', ' ']).next().map(str::to_owned);
    let measured = points.iter().map(|point| point["measurement"].as_str().map(str::to_owned));
    assert!(lines.lines().map(names).eq(measured), "in their order");
    let array: Vec<serde_json::Value> = serde_json::from_str(&once(&["--format", "json"])).unwrap();
    assert_eq!(array.len(), points.len());
    // Of each format the connections of all, which two snapshots of the same files have in common.
    let counted: i64 = points
        .iter()
        .filter(|point| point["measurement"] == "connection_state")
        .map(|point| point["fields"]["count"].as_i64().unwrap())
        .sum();
    let csv = once(&["--format", "csv"]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = rows.headers().unwrap().clone();
    assert_eq!(header.iter().take(2).collect::<Vec<_>>(), ["time", "measurement"]);
    let figures = rows.records().map(|row| row.unwrap()).filter(|row| &row[1] == "connection_state");
    assert_eq!(figures.map(|row| row[row.len() - 1].parse::<i64>().unwrap()).sum::<i64>(), counted);
    let metrics = once(&["--format", "prometheus"]);
    let connections = metrics.lines().filter(|line| line.starts_with("conntrack_connections{"));
    let values = connections.map(|line| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap());
    assert_eq!(values.sum::<i64>(), counted);
    assert!(metrics.contains(
        "# TYPE conntrack_exporter_snapshots_total counter\nconntrack_exporter_snapshots_total 1\n"
    ));
}

#[test]
fn single_connections_are_shown_by_a_filter() {
    let household =
        ["--config", "examples/household/conntrack-exporter.toml", "--root", "examples/household/root"];
    let flows = |rest: &[&str]| said(&[&["flows"], &household[..], rest].concat());
    let (code, table, stderr) = flows(&["device=LAPTOP", "--limit", "2"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{table}");
    assert!(table.starts_with("DEVICE") && table.ends_with("\n2 connections\n"), "{table}");
    assert!(table.lines().filter(|line| line.starts_with("laptop ")).count() == 2, "{table}");
    let (_, json, _) = flows(&["device=laptop", "service=HTTPS", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json[0]["remote_address"], &json[0]["rx_bytes"]),
        (&"198.51.100.60".into(), &248_113.into())
    );
    let (_, csv, _) = flows(&["port=50120", "--format", "csv"]);
    assert!(csv.starts_with("device,protocol,state,") && csv.lines().count() == 2, "{csv}");
    let (_, filter, _) = flows(&["port=50120", "--tcpdump"]);
    assert_eq!(filter, "tcp and host 192.168.8.50 and host 198.51.100.90 and port 443 and port 50120\n");
    for (wrong, told) in [
        (&["dev=laptop"][..], "the filter: \"dev\" is not something that flows have"),
        (&["--tcpdump"], "devices are like that: a capture is of one device"),
        (&["--sort", "size"], "invalid value 'size'"),
        (&["--jsonl", "--format", "csv"], "cannot be used with"),
    ] {
        let (code, stdout, stderr) = flows(wrong);
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{wrong:?}");
        assert!(stderr.contains(told), "{wrong:?}: {stderr}");
    }
}

/// What `estimate` tells of each measurement of a router's files, and of all.
fn estimated(arguments: &[&str]) -> serde_json::Value {
    let (code, stdout, stderr) = said(&[arguments, &["estimate", "--json"]].concat());
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
    serde_json::from_str(&stdout).unwrap()
}

fn of_measurement<'a>(estimate: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let mut rows = estimate["measurements"].as_array().unwrap().iter();
    rows.find(|row| row["measurement"] == name).unwrap_or(&serde_json::Value::Null)
}

#[test]
fn an_estimate_is_of_what_the_configuration_gives_here() {
    let root = ["--root", "examples/household/root"];
    let (code, once, _) = said(&[&root[..], &["once"]].concat());
    assert_eq!(code, Some(0));
    let estimate = estimated(&root);
    let of_once = once.lines().filter(|line| line.starts_with("connection_state,")).count() as u64;
    let row = of_measurement(&estimate, "connection_state");
    assert_eq!((&row["series"], &row["points_per_day"]), (&of_once.into(), &(of_once * 2880).into()));
    for (total, of_row) in [
        ("series", "series"),
        ("points_per_day", "points_per_day"),
        ("disk_bytes_per_day", "disk_bytes_per_day"),
    ] {
        let rows = estimate["measurements"].as_array().unwrap().iter();
        let sum: u64 = rows.map(|row| row[of_row].as_u64().unwrap()).sum();
        assert!(sum > 0 && estimate["total"][total] == sum, "{total}: {estimate}");
    }
    let (code, table, stderr) = said(&[&root[..], &["estimate"]].concat());
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        table.starts_with("MEASUREMENT ") && table.contains("\nall ") && table.contains("A month: "),
        "{table}"
    );
    assert!(table.contains("traffic.interval, measurements.bandwidth = false"), "{table}");
}

#[test]
fn the_keys_that_an_estimate_names_lower_it() {
    let sample = Sample::new("estimate");
    let (root, config) = (sample.root(), sample.join("changed.toml"));
    let with = |text: &str| {
        fs::write(&config, text).unwrap();
        estimated(&["--config", config.to_str().unwrap(), "--root", root.to_str().unwrap()])
    };
    let points = |estimate: &serde_json::Value, name| {
        of_measurement(estimate, name)["points_per_day"].as_u64().unwrap()
    };
    let usual = with("");
    let slow = with("interval = \"60s\"\ntraffic.interval = \"20s\"\n");
    for name in ["connection_state", "device_traffic", "bandwidth"] {
        assert_eq!(points(&usual, name), 2 * points(&slow, name), "{name}");
    }
    assert_eq!(points(&usual, "device"), points(&slow, "device"), "every five minutes");
    let few = with("limits.max_devices = 2\n");
    assert!(points(&few, "device_traffic") < points(&usual, "device_traffic"));
    let off = with("measurements.bandwidth = false\n");
    assert!(of_measurement(&off, "bandwidth").is_null());
    assert!(off["total"]["disk_bytes_per_day"].as_u64() < usual["total"]["disk_bytes_per_day"].as_u64());
    // A capture without it has none of the router's own figures; with it, all of them cost more than the usual.
    let counters = "tests/cases/38-protocol-counters-kernel-6.18/root/proc/net";
    for file in ["netstat", "snmp", "snmp6"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(counters).join(file);
        fs::copy(from, root.join("proc/net").join(file)).unwrap();
    }
    let [usual, all] = ["usual", "all"].map(|choice| with(&format!("system.nstat = \"{choice}\"\n")));
    let of_nstat = |estimate: &serde_json::Value| {
        let row = of_measurement(estimate, "nstat").clone();
        (row["disk_bytes_per_day"].as_u64().unwrap(), row["lowered_by"][1].clone())
    };
    let ((few, off), (many, less)) = (of_nstat(&usual), of_nstat(&all));
    assert_eq!((off, less), ("system.nstat = \"off\"".into(), "system.nstat = \"usual\"".into()));
    assert!(many > 2 * few, "{many} {few}");
}

/// The household at four instants, ten seconds apart: whatever has ever moved anything goes on moving.
fn moving_household(sample: &Sample) -> PathBuf {
    let (recording, table) = (sample.join("recording"), "proc/net/nf_conntrack");
    fs::create_dir(&recording).unwrap();
    let text = fs::read_to_string(sample.root().join(table)).unwrap();
    for step in 0..4 {
        let instant = recording.join((1_795_241_400 + 10 * step).to_string());
        if step == 0 {
            fs::rename(sample.root(), &instant).unwrap();
        }
        let moved = |word: &str| match word.split_once('=') {
            Some((name @ ("bytes" | "packets"), count)) if count != "0" => {
                format!("{name}={}", count.parse::<u64>().unwrap() + 1000 * step)
            }
            _ => word.to_owned(),
        };
        let line = |line: &str| line.split(' ').map(moved).collect::<Vec<_>>().join(" ") + "\n";
        let path = instant.join(table);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.lines().map(line).collect::<String>()).unwrap();
    }
    recording
}

#[test]
fn an_estimate_of_one_instant_is_what_the_daemon_sends_of_the_next() {
    let sample = Sample::new("estimate-and-replay");
    let recording = moving_household(&sample);
    let config = sample.join("case.toml");
    fs::write(&config, "destinations.mode = \"service\"\n").unwrap();
    let config = ["--config", config.to_str().unwrap()];
    let (code, sent, stderr) = said(&[&config[..], &["replay", recording.to_str().unwrap()]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let estimate =
        estimated(&[&config[..], &["--root", recording.join("1795241410").to_str().unwrap()]].concat());
    let last = sent.lines().filter(|line| line.ends_with(" 1795241430000000000"));
    let last: Vec<&str> = last.collect();
    let mut compared = 0;
    for row in estimate["measurements"].as_array().unwrap() {
        let (name, series) = (row["measurement"].as_str().unwrap(), row["series"].as_u64().unwrap());
        let sent = last.iter().filter(|line| line.starts_with(&format!("{name},"))).count() as u64;
        // The inventory was told before, and nothing has changed.
        let expected = if name == "device" { series } else { sent };
        assert_eq!(series, expected, "{name}");
        compared += sent;
    }
    assert!(compared > 100 && last.iter().any(|line| line.starts_with("bandwidth,")), "{last:#?}");
    let length: usize = last.iter().map(|line| line.len() + 1).sum();
    let of_traffic = last.iter().filter(|line| line.starts_with("bandwidth,"));
    let of_traffic: usize = of_traffic.map(|line| line.len() + 1).sum();
    // In the time of an interval all are sent once, and those of traffic twice more.
    let sent = (length + 2 * of_traffic) as u64;
    let told = 30 * estimate["total"]["udp_bytes_per_second"].as_u64().unwrap();
    assert!(10 * told > 9 * sent && 10 * told < 12 * sent, "{told} of {sent}");
}

#[test]
fn sockets_of_another_router_are_shown() {
    let sample = Sample::new("sockets");
    let root = sample.root();
    let heading =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    let row =
        |ends: &str| format!("   0: {ends} 00000000:00000003 00:00000000 00000000     0        0 4711\n");
    // As this machine would print them.
    let ip = |octets| format!("{:08X}", u32::from_ne_bytes(octets));
    let (router, phone, any) = (ip([192, 168, 8, 1]), ip([192, 168, 8, 20]), ip([0; 4]));
    let listening = row(&format!("{any}:0016 {any}:0000 0A"));
    let connection = row(&format!("{router}:0016 {phone}:D000 01"));
    for (name, rows) in [("tcp", listening + &connection), ("udp", row(&format!("{any}:0035 {any}:0000 07")))]
    {
        fs::write(root.join("proc/net").join(name), heading.to_owned() + &rows).unwrap();
    }
    fs::write(
        root.join("proc/net/sockstat"),
        "sockets: used 172\nTCP: inuse 2 orphan 0 tw 0 alloc 19 mem 4\n",
    )
    .unwrap();
    let root = root.to_str().unwrap();
    let shown = |options: &[&str]| {
        let (code, stdout, stderr) = said(&[&["--root", root, "sockets"], options].concat());
        assert_eq!(code, Some(0), "{options:?}: {stderr}");
        (stdout, stderr)
    };
    let expected = "PROTO  STATE  RECV-Q  SEND-Q  LOCAL           REMOTE              PROCESS\n\
                    tcp    ESTAB  3       0       192.168.8.1:22  192.168.8.20:53248  -\n";
    let totals =
        "172 sockets of all kinds, 2 of TCP in use, 0 orphaned, 0 in TIME-WAIT, 4 pages of memory for TCP\n";
    assert_eq!(shown(&[]), (format!("{expected}{totals}"), String::new()));
    assert_eq!(shown(&["--port", "22", "--state", "ESTABLISHED"]).0, format!("{expected}{totals}"));
    let (ports, _) = shown(&["--listening"]);
    let ports: Vec<Vec<&str>> = ports.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(ports[1], ["udp", "UNCONN", "3", "0", "0.0.0.0:53", "0.0.0.0:*", "-"]);
    assert_eq!(ports[2], ["tcp", "LISTEN", "3", "-", "0.0.0.0:22", "0.0.0.0:*", "-"]);
    let (json, _) = shown(&["--json"]);
    assert!(
        json.starts_with("{\n  \"source\": \"text\",\n") && json.contains("\"remote_port\": 53248"),
        "{json}"
    );
    let (nobodys, stderr) = shown(&["--process", "dropbear"]);
    assert!(!nobodys.contains("ESTAB"), "{nobodys}");
    assert!(stderr.ends_with("which process holds a socket isn't in another router's files\n"), "{stderr}");
    assert_eq!(with_a_closed_pipe(&["--root", root, "sockets"], false), Some(0));
    let (code, _, stderr) = said(&["sockets", "--state", "asleep"]);
    assert!(code == Some(64) && stderr.contains("established, syn-sent"), "{stderr}");
}
