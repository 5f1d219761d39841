//! VictoriaMetrics and vmagent, from Debian's package, by the listings of this repository.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use conntrack_exporter::influxdb::url::Url;
use serde_json::Value;

use crate::connections::at;
use crate::fleet::rows::Sent;
use crate::http::ask;
use crate::network::{Network, listing};
use crate::place::Place;
use crate::server::{Cost, Server};
use crate::wait::until;

pub(crate) struct Victoria {
    server: Option<Server>,
    directory: PathBuf,
    address: SocketAddr,
}

impl Victoria {
    /// Starts one whose HTTP is at a port of 127.0.0.1, or starts it again with what it holds.
    pub(crate) fn start(network: &Network, name: &str, port: u16) -> Self {
        let mut victoria =
            Self { server: None, directory: network.directory(name), address: at("127.0.0.1", port) };
        victoria.start_again(&network.place);
        victoria
    }

    pub(crate) fn start_again(&mut self, place: &Place) {
        let (data, address) = (self.directory.join("data"), self.address.to_string());
        let listing = listing(
            "vmagent/victoria-metrics.default",
            &[(":8428", &address), ("/var/lib/victoria-metrics", &data.to_string_lossy())],
        );
        let mut command = Command::new("victoria-metrics");
        // The newest is to be seen at once, and all of it in one answer.
        command
            .args(arguments(&listing))
            .args(["-search.latencyOffset=0s", "-search.maxUniqueTimeseries=2000000"]);
        self.server = Some(Server::start(place, &self.directory, &mut command));
        until("VictoriaMetrics' health", || {
            self.ask(place, "/health").filter(|answer| answer == "OK").map(|_| ())
        });
    }

    pub(crate) fn kill(&mut self) {
        self.server.as_mut().expect("a running server").kill();
    }

    pub(crate) fn cost(&self) -> Cost {
        self.server.as_ref().expect("a running server").cost()
    }

    /// The rows of each router.
    pub(crate) fn rows(&self, place: &Place, sent: &Sent) -> BTreeMap<String, u64> {
        let query = format!("sum(count_over_time({{router!=\"\"}}[{}])) by (router)", window(sent));
        let rows = self.by_router(place, &query, sent).into_iter();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows")]
        rows.map(|(router, count)| (router, count as u64)).collect()
    }

    /// What a query answers at the newest instant, by router.
    pub(crate) fn by_router(&self, place: &Place, query: &str, sent: &Sent) -> BTreeMap<String, f64> {
        let (_, last) = sent.instants.expect("something was sent");
        let time = (last / 1_000_000_000).to_string();
        let server = Url::try_from(format!("http://{}", self.address)).expect("an address");
        let target = server.target("/api/v1/query", &[("query", query), ("time", &time), ("nocache", "1")]);
        let answer = self.ask(place, &target).unwrap_or_default();
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let series = answer.pointer("/data/result").and_then(Value::as_array).cloned().unwrap_or_default();
        let rows = series.iter().filter_map(|one| {
            let router = one.pointer("/metric/router")?.as_str()?.to_owned();
            Some((router, one.pointer("/value/1")?.as_str()?.parse().ok()?))
        });
        rows.collect()
    }

    fn ask(&self, place: &Place, path: &str) -> Option<String> {
        let stream = place.enter(|| TcpStream::connect(self.address)).ok()?;
        stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
        let answer = ask(stream, &format!("GET {path}"), "", "").ok()?;
        (answer.status == 200).then_some(answer.body)
    }
}

/// All that was sent, as a duration.
pub(crate) fn window(sent: &Sent) -> String {
    let (first, last) = sent.instants.expect("something was sent");
    format!("{}s", (last - first) / 1_000_000_000 + 1)
}

/// vmagent, which writes to two of them.
pub(crate) fn vmagent(network: &Network, ports: [u16; 2]) -> Server {
    let directory = network.directory("vmagent");
    let [one, two] = ports.map(|port| format!("127.0.0.1:{port}"));
    let data = directory.join("queue");
    let listing = listing(
        "vmagent/vmagent.default",
        &[("vm-1:8428", &one), ("vm-2:8428", &two), ("/var/lib/vmagent", &data.to_string_lossy())],
    );
    let server = Server::start(&network.place, &directory, Command::new("vmagent").args(arguments(&listing)));
    until("vmagent's start", || server.said().contains("started vmagent").then_some(()));
    server
}

/// What stands in ARGS, as a shell reads it.
fn arguments(listing: &str) -> Vec<String> {
    let (_, arguments) = listing.split_once("ARGS=\"").expect("ARGS");
    let (arguments, _) = arguments.split_once('"').expect("its end");
    arguments.split_whitespace().filter(|word| *word != "\\").map(str::to_owned).collect()
}
