//! The router's own figures beside those of the real Telegraf, and beside the kernel's, on a line that loses packets.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::exporter::PROGRAM;
use crate::figures::{Figures, differences, figures};
use crate::kernel_files::{KernelFiles, columns, counter, kernel};
use crate::line::{Line, command};
use crate::programs::program;
use crate::sockets::{Oddities, Sockets, states};
use crate::wait::PATIENCE;

/// What both send, under one name.
const BOTH: [&str; 3] = ["net", "netstat", "nstat"];

/// The exporter's configuration.
const OURS: &str = "interval = \"10s\"\nlog.level = \"warn\"\nsystem.nstat = \"all\"\n";

/// Telegraf's configuration; it writes to `OUT`.
const THEIRS: &str = r#"
[agent]
  quiet = true
[[inputs.nstat]]
  dump_zeros = true
[[inputs.netstat]]
[[inputs.net]]
[[outputs.file]]
  files = ["OUT"]
  data_format = "influx"
"#;

/// Figures that change because they are read: none of them does.
const MOVED_BY_READING: [&str; 0] = [];

/// What was read ours, theirs, ours, while the kernel's figures stood still.
struct SideBySide {
    ours: [Figures; 2],
    theirs: Figures,
    kernel: KernelFiles,
}

impl SideBySide {
    /// Reads until nothing has moved meanwhile, by the kernel's own word: who gets no answer tries once more, each time
    /// after twice as long.
    fn read(line: &Line) -> Self {
        let begun = Instant::now();
        loop {
            let before = kernel(&line.router);
            let first = ours(line);
            let theirs = theirs(line);
            let ours = [first, ours(line)];
            let states = states(&line.router);
            let kernel = kernel(&line.router);
            if kernel == before {
                assert!(states.len() >= 10, "{states:?}");
                return Self { ours, theirs, kernel };
            }
            assert!(begun.elapsed() < PATIENCE, "figures that never stand still: {kernel:#?}");
        }
    }
}

#[test]
fn the_routers_own_figures_are_those_of_telegraf() {
    let line = Line::new("own-figures");
    line.worsen();
    let _sockets = Sockets::exchange(&line).stand_still(&line);

    let read = SideBySide::read(&line);
    let [first, second] = &read.ours;
    assert_eq!(differences(first, second), MOVED_BY_READING);
    insist_on_none(&differences(first, &read.theirs));

    // All of it was compared, and there was something to compare.
    let counted: BTreeMap<_, _> = first
        .iter()
        .map(|((name, tags), fields)| {
            let of = tags.get("name").or(tags.get("interface")).map_or("", |tag| tag.as_str());
            ((name.as_str(), of), fields.len())
        })
        .collect();
    let count = |name: &str, of: &str| counted.get(&(name, of)).copied().unwrap_or_default();
    assert_eq!(counted.len(), 5, "{counted:?}");
    assert_eq!((count("net", "wan"), count("netstat", "")), (9, 13), "{counted:?}");
    assert_eq!(count("nstat", "netstat"), columns(&read.kernel, "netstat"), "{counted:?}");
    assert_eq!(count("nstat", "snmp"), columns(&read.kernel, "snmp"), "{counted:?}");
    assert_eq!(count("nstat", "snmp6"), read.kernel.get("snmp6").map_or(0, |text| text.lines().count()));
    for (of, field) in [
        ("snmp", "TcpRetransSegs"),
        ("snmp", "TcpAttemptFails"),
        ("snmp", "TcpOutRsts"),
        ("snmp", "UdpNoPorts"),
        ("netstat", "TcpExtTCPTimeouts"),
        ("netstat", "TcpExtTCPLossProbes"),
        ("netstat", "TcpExtTCPFastRetrans"),
        ("netstat", "TcpExtTCPSynRetrans"),
        ("netstat", "TcpExtListenOverflows"),
        ("snmp6", "Ip6InReceives"),
    ] {
        let figures = first.iter().find(|((_, tags), _)| tags.get("name").is_some_and(|name| name == of));
        let figure = figures.and_then(|(_, fields)| fields.get(field));
        assert!(figure.is_some_and(|figure| figure != "I64(0)"), "{field}: {figure:?}");
    }

    // Telegraf takes what belongs to no network for TCP without a state, or for UDP, and two sockets of one address for
    // one: the two UDP sockets and two of unix are two to it.
    let before = second;
    let _oddities = Oddities::open(&line.router);
    let read = SideBySide::read(&line);
    let field = |figures: &Figures, name: &str| integer(figures, "netstat", name);
    let [first, second] = &read.ours;
    assert_eq!(differences(first, second), MOVED_BY_READING);
    for figures in [first, second] {
        assert_eq!(field(figures, "udp_socket"), field(before, "udp_socket") + 2);
        assert_eq!(field(figures, "tcp_none"), 0);
    }
    assert_eq!(field(&read.theirs, "udp_socket"), field(before, "udp_socket") + 1 + 1);
    assert_eq!(field(&read.theirs, "tcp_none"), 1);
    let known = ["tcp_none: ", "udp_socket: "];
    let others: Vec<_> = differences(first, &read.theirs)
        .into_iter()
        .filter(|told| !(told.starts_with("netstat,") && known.iter().any(|name| told.contains(name))))
        .collect();
    insist_on_none(&others);
}

#[test]
fn what_was_sent_again_is_told_as_the_kernel_counts_it() {
    const SECONDS: u64 = 10;
    const BEGIN: u64 = 1_795_241_400;
    let line = Line::new("sent-again");
    let recording = line.file("recording");
    let instant = |seconds: u64| {
        let kernel = kernel(&line.router);
        let place = recording.join(seconds.to_string()).join("proc/net");
        fs::create_dir_all(&place).expect("a directory of the recording's");
        for (file, text) in kernel.iter().chain([(&"nf_conntrack", &String::new())]) {
            fs::write(place.join(file), text).expect("writing a recording");
        }
        kernel
    };
    let before = instant(BEGIN);
    line.worsen();
    let _sockets = Sockets::exchange(&line);
    let after = instant(BEGIN + SECONDS);

    let config = config(&line);
    let mut replay = Command::new(PROGRAM);
    let told = output(replay.arg("--config").arg(config).arg("replay").arg(&recording));
    let health = figures(&last_instant(&told), &["tcp_health"]);
    let health = health.into_values().next().unwrap_or_else(|| panic!("no tcp_health: {told}"));
    let told = |name: &str| {
        let value =
            health.get(name).and_then(|value| value.strip_prefix("F64(")?.strip_suffix(')')?.parse().ok());
        value.unwrap_or_else(|| panic!("{name}: {health:?}"))
    };

    let more = |name: &str| {
        let count = |kernel| counter(kernel, name).unwrap_or_else(|| panic!("the kernel counts no {name}"));
        count(&after) - count(&before)
    };
    let again = more("TcpRetransSegs");
    let percents = [
        ("retransmitted_percent", again, more("TcpOutSegs")),
        ("fast_percent", more("TcpExtTCPFastRetrans"), again),
        ("slow_start_percent", more("TcpExtTCPSlowStartRetrans"), again),
        ("loss_probe_percent", more("TcpExtTCPLossProbes"), again),
        ("lost_percent", more("TcpExtTCPLostRetransmit"), again),
    ];
    for (name, part, whole) in percents {
        is_rounded(name, told(name), 100.0 * part / whole);
    }
    for (name, counter) in [
        ("retransmitted_per_second", "TcpRetransSegs"),
        ("timeouts_per_second", "TcpExtTCPTimeouts"),
        ("listen_drops_per_second", "TcpExtListenDrops"),
        ("listen_overflows_per_second", "TcpExtListenOverflows"),
        ("opened_active_per_second", "TcpActiveOpens"),
        ("opened_passive_per_second", "TcpPassiveOpens"),
        ("failed_per_second", "TcpAttemptFails"),
        ("resets_in_per_second", "TcpEstabResets"),
        ("resets_out_per_second", "TcpOutRsts"),
        ("syn_retransmitted_per_second", "TcpExtTCPSynRetrans"),
        ("syncookies_per_second", "TcpExtSyncookiesSent"),
    ] {
        #[expect(clippy::cast_precision_loss, reason = "ten seconds")]
        let seconds = SECONDS as f64;
        is_rounded(name, told(name), more(counter) / seconds);
    }
    let percent = told("retransmitted_percent");
    assert!(percent > 1.0, "a line that loses 8 % of all packets: {percent} %");
    assert!(told("fast_percent") > 0.0 && told("loss_probe_percent") > 0.0, "{health:?}");
}

/// Insists that ours and theirs are the same.
fn insist_on_none(differences: &[String]) {
    let shown = differences.get(..differences.len().min(20)).unwrap_or_default().join("\n");
    assert!(differences.is_empty(), "{} differences (ours, theirs):\n{shown}", differences.len());
}

/// Insists that a figure is what was worked out, but for how a fraction is rounded.
fn is_rounded(name: &str, told: f64, expected: f64) {
    assert!((told - expected).abs() <= 1e-9 * expected.abs(), "{name}: {told}, but by the kernel {expected}");
}

/// An integer of a measurement that has one series.
fn integer(figures: &Figures, measurement: &str, name: &str) -> i64 {
    let figures = figures.iter().find(|((of, _), _)| of == measurement);
    let value = figures
        .and_then(|(_, fields)| fields.get(name)?.strip_prefix("I64(")?.strip_suffix(')')?.parse().ok());
    value.unwrap_or_else(|| panic!("no integer {name} of {measurement}"))
}

/// The lines of the last instant.
fn last_instant(lines: &str) -> String {
    let stamp = |line: &str| line.rsplit(' ').next().and_then(|stamp| stamp.parse::<u64>().ok());
    let last = lines.lines().filter_map(stamp).max();
    lines.lines().filter(|line| stamp(line) == last).collect::<Vec<_>>().join("\n")
}

/// Writes the exporter's configuration.
fn config(line: &Line) -> PathBuf {
    let path = line.file("conntrack-exporter.toml");
    fs::write(&path, OURS).expect("writing a configuration");
    path
}

/// What the exporter sends.
fn ours(line: &Line) -> Figures {
    let config = config(line);
    figures(&output(command(&line.router, PROGRAM).arg("--config").arg(config).arg("once")), &BOTH)
}

/// What Telegraf writes.
fn theirs(line: &Line) -> Figures {
    let (config, written) = (line.file("telegraf.conf"), line.file("telegraf.out"));
    let _ = fs::remove_file(&written);
    fs::write(&config, THEIRS.replace("OUT", &written.display().to_string()))
        .expect("writing a configuration");
    output(command(&line.router, program("telegraf")).arg("--once").arg("--config").arg(config));
    figures(&fs::read_to_string(written).expect("what Telegraf has written"), &BOTH)
}

/// What a command that succeeds prints.
fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} {}: {said}", output.status);
    String::from_utf8(output.stdout).expect("text")
}
