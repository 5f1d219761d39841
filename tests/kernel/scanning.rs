//! Scans by nmap: seen where nobody answers, and not where everybody refuses.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::connections::at;
use crate::exporter::{Exporter, configure};
use crate::household::{Household, INTERNET, VOID};
use crate::lines::{Line, Value};
use crate::namespace::{Namespace, require};
use crate::snapshot::{Receiver, Snapshot, now};

const TELEGRAF: &str = "127.0.0.1";
/// Addresses in which nobody is (RFC 2544): packets to them vanish.
const NOBODY: &str = "
table ip nobody {
    chain incoming {
        type filter hook prerouting priority 0
        ip daddr 198.18.0.0/15 drop
    }
}
";

/// A household under the daemon's eyes.
struct Scene {
    home: Household,
    receiver: Receiver,
    exporter: Exporter,
}

impl Scene {
    fn new(test: &str, source: &str) -> Self {
        require("nmap", "nmap");
        let home = Household::new(test);
        home.internet.nft(NOBODY);
        let receiver = Receiver::new(&home.router, at(TELEGRAF, 8094));
        let more = format!("source = \"{source}\"\nalerts.half_open.for = \"1s\"");
        let config = configure(&home, &at(TELEGRAF, 8094).to_string(), &more);
        let exporter = Exporter::start(&home, &config);
        // What is there at the first look is not new.
        receiver.fresh();
        Self { home, receiver, exporter }
    }

    /// Waits until these rules fire, and gives what is told of each.
    fn await_alerts(&self, rules: &[&str]) -> BTreeMap<String, Line> {
        let mut alerts = BTreeMap::new();
        while !rules.iter().all(|rule| alerts.contains_key(*rule)) {
            let any = |snapshot: &Snapshot| snapshot.of("connection_alert").any(fires);
            let snapshot = self.receiver.next_where("an alert", any);
            let firing = snapshot.of("connection_alert").filter(|line| fires(line));
            alerts.extend(firing.filter_map(|line| Some((line.tags.get("rule")?.clone(), line.clone()))));
        }
        assert!(
            alerts.values().all(|line| line.tags.get("device_name").is_some_and(|name| name == "laptop")),
            "{alerts:#?}"
        );
        alerts
    }
}

fn fires(line: &Line) -> bool {
    line.fields.get("firing") == Some(&Value::Integer(1))
}

/// What a scan is said to be, and of how many.
fn scan(alert: &Line) -> (&str, f64) {
    match (alert.fields.get("message"), alert.fields.get("value")) {
        (Some(Value::Text(message)), Some(Value::Float(value))) => (message, *value),
        _ => panic!("{alert:#?}"),
    }
}

/// Scans by SYN, each once, and gives what nmap says.
fn nmap(from: &Namespace, what: &str) -> String {
    let mut command = Command::new("nmap");
    command.args(["-n", "-Pn", "-sS", "--send-ip", "--max-retries", "0", "--min-rate", "500"]);
    command.args(what.split(' ')).stdin(Stdio::null()).stdout(Stdio::piped());
    let output = from.spawn(&mut command).wait_with_output().expect("a child that was just started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn many_hosts_that_do_not_answer_are_a_scan() {
    let scene = Scene::new("scan-hosts", "netlink");
    nmap(&scene.home.laptop, "-p 23 198.18.0.0/25");
    let alerts = scene.await_alerts(&["scan", "half_open"]);
    let (message, hosts) = scan(&alerts["scan"]);
    println!("{message}");
    assert!(message.starts_with("laptop asks ") && message.contains(" hosts at TCP port 23, and 100 % "));
    // Exact to 64; beyond, 128 by a sample. It may be told in the midst of it.
    assert!((64.0..250.0).contains(&hosts), "{hosts}");
    scene.exporter.end(Signal::SIGTERM);
}

#[test]
fn many_ports_are_a_scan_if_nobody_answers_and_unseen_if_all_refuse() {
    let scene = Scene::new("scan-ports", "procfs");
    let said = nmap(&scene.home.laptop, &format!("-p 1-300 {INTERNET}"));
    assert!(said.contains("300 closed"), "{said}");
    let over = now() + 2_000_000_000;
    loop {
        let snapshot = scene.receiver.next();
        // The kernel deletes the entry of a connection that is refused by RST at once.
        assert_eq!(snapshot.of("connection_alert").count(), 0, "{snapshot:#?}");
        if snapshot.instant() > over {
            break;
        }
    }
    nmap(&scene.home.laptop, &format!("-p 1-200 {VOID}"));
    let alerts = scene.await_alerts(&["scan", "half_open"]);
    let (message, ports) = scan(&alerts["scan"]);
    println!("{message}");
    assert!(message.contains(&format!(" ports of {VOID}, and 100 % don't answer")), "{message}");
    assert!((64.0..400.0).contains(&ports), "{ports}");
    scene.exporter.end(Signal::SIGTERM);
}
