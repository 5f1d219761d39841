//! A real Prometheus on a machine of the LAN, which scrapes the router.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::connections::{at, established, listen};
use crate::exporter::{Exporter, configure};
use crate::grafana::{Dashboard, Expression};
use crate::household::{Household, INTERNET, ROUTER};
use crate::http::ask;
use crate::namespace::Namespace;
use crate::programs::end;
use crate::promql::samples;
use crate::wait::until;

const PORT: u16 = 9479;
const CONNECTIONS: usize = 7;

/// What is asked at `from`: `GET path`; the head and the body of the answer.
fn get(from: &Namespace, address: SocketAddr, path: &str, accept: &str) -> Option<(String, String)> {
    let accept = format!("Accept: {accept}\r\n");
    let asked = || ask(TcpStream::connect(address).ok()?, &format!("GET {path}"), &accept, "").ok();
    from.enter(asked).map(|answer| (answer.head, answer.body))
}

/// What promtool has to say of metrics.
fn complaints(metrics: &str) -> String {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = promtool.spawn().expect("promtool");
    child.stdin.take().expect("a pipe").write_all(metrics.as_bytes()).expect("promtool reads");
    let output = child.wait_with_output().expect("a child of ours");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A Prometheus; killed when dropped.
struct Prometheus(Option<Child>);

impl Drop for Prometheus {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It has ended already, or ends now.
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

/// Prometheus on `machine`, which scrapes the router every second.
fn prometheus(machine: &Namespace, directory: &Path) -> Prometheus {
    let config = directory.join("prometheus.yml");
    let text = format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: router\n    static_configs:\n      \
         - targets: ['{ROUTER}:{PORT}']\n"
    );
    fs::write(&config, text).expect("writing a configuration");
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", config.display()));
    command.arg(format!("--storage.tsdb.path={}", directory.join("prometheus").display()));
    command.arg("--web.listen-address=127.0.0.1:9090");
    Prometheus(Some(machine.spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))))
}

/// The value of each series that a query gives, with one of its labels.
fn query(machine: &Namespace, query: &str, label: &str) -> Vec<(String, f64)> {
    let path = format!("/api/v1/query?query={query}");
    let Some((_, body)) = get(machine, at("127.0.0.1", 9090), &path, "*/*") else { return Vec::new() };
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    let series = answer.pointer("/data/result").and_then(Value::as_array).cloned().unwrap_or_default();
    let value = |one: &Value| one.pointer("/value/1")?.as_str()?.parse::<f64>().ok();
    let name = |one: &Value| Some(one.get("metric")?.get(label)?.as_str()?.to_owned());
    series.iter().filter_map(|one| Some((name(one).unwrap_or_default(), value(one)?))).collect()
}

#[test]
fn a_real_prometheus_reads_what_is_counted() {
    let home = Household::new("prometheus");
    let server = listen(&home.internet, at(INTERNET, 443));
    let address = server.local_addr().expect("a bound socket");
    let open: Vec<_> = (0..CONNECTIONS).map(|_| established(&home.laptop, address, &server)).collect();
    let listen = format!("http.listen = \"{ROUTER}:{PORT}\"");
    let _exporter = Exporter::start(&home, &configure(&home, "127.0.0.1:8094", &listen));
    let mut receiver = prometheus(&home.laptop, &home.file(""));

    let counted = |state: &str| {
        let selected = format!(
            "conntrack_connections%7Bdevice_name=%22laptop%22,protocol=%22tcp%22,state=%22{state}%22%7D"
        );
        query(&home.laptop, &selected, "device_name").first().map(|(_, count)| *count)
    };
    // Its scrapes of the router are the laptop's as well, but at another port: they stay one connection, or none.
    #[expect(clippy::cast_precision_loss, reason = "it is seven")]
    let is_counted = |count: f64| count >= CONNECTIONS as f64 && count <= (CONNECTIONS + 1) as f64;
    until("the connections in Prometheus", || counted("ESTABLISHED").filter(|count| is_counted(*count)));
    drop(open);
    until("their end in Prometheus", || {
        counted("ESTABLISHED").is_none_or(|count| count <= 1.0).then_some(())
    });
    let closed = || query(&home.laptop, "sum(conntrack_opened_total)", "").first().map(|(_, opened)| *opened);
    until("what was opened", || closed().filter(|opened| *opened >= 1.0));
    assert_eq!(query(&home.laptop, "up", "job"), [("router".to_owned(), 1.0)]);

    // The older format is what promtool checks; the newer is what Prometheus asks for.
    let router = at(ROUTER, PORT);
    let (head, metrics) = get(&home.laptop, router, "/metrics", "text/plain").expect("an answer");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    assert_eq!(complaints(&metrics), "", "{metrics}");
    assert!(complaints("Wrong 1\n").contains("Wrong"), "promtool says what is wrong");
    let (head, metrics) =
        get(&home.laptop, router, "/metrics", "application/openmetrics-text").expect("an answer");
    assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    let asked = query(&home.laptop, "conntrack_exporter_snapshots_total", "job");
    assert!(asked.first().is_some_and(|(_, snapshots)| *snapshots > 1.0), "{asked:?}");
    every_panel_is_answered(&home.laptop);
    end(&mut receiver.0, Signal::SIGTERM);
}

/// What has nothing to show in a household of one device, in its first minute.
const EMPTY: [&str; 5] =
    ["Alerts", "Usual at this hour", "What is wrong now", "Growth per hour", "Share of the busiest host"];

/// What is asked now: a value, or a graph of the last minute.
fn path(is_of_now: bool) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    if is_of_now {
        format!("query?time={now}&")
    } else {
        format!("query_range?start={}&end={now}&step=15&", now - 60)
    }
}

/// Every query of the pages for Prometheus.
fn every_panel_is_answered(machine: &Namespace) {
    let ask = |path: &str, query: &str| {
        let stream = machine.enter(|| TcpStream::connect(at("127.0.0.1", 9090))).expect("a connection");
        samples(stream, path, query)
    };
    for page in ["overview", "device"] {
        for Expression { title, text, is_of_now } in
            Dashboard::read(&format!("prometheus/{page}.json")).expressions(30)
        {
            let may_be_empty =
                EMPTY.contains(&title.as_str()) || text.contains("firing") || text.contains("normal_peak");
            let answered = || ask(&path(is_of_now), &text).len();
            if may_be_empty {
                answered();
            } else {
                // A rate takes two scrapes.
                until(&format!("{page}: {title} by {text}"), || (answered() > 0).then_some(()));
            }
        }
    }
}
