//! Other servers that understand what InfluxDB 2 understands.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{BUCKET, ORGANISATION, PORT, Road, TOKEN, await_patiently};
use crate::connections::at;
use crate::http::ask;
use crate::place::Place;
use crate::programs::{end, program};
use crate::wait::until;

/// Where the servers listen in these tests, in front of InfluxDB or instead of it.
const LISTENER: u16 = 8186;
const VICTORIA_METRICS: u16 = 8428;

/// A server of these tests; killed when dropped.
struct Server {
    child: Option<Child>,
    command: Command,
    address: String,
    port: u16,
}

impl Server {
    /// Starts it, or starts it again, and waits until it listens.
    fn start(&mut self, place: &Place) {
        self.child = Some(place.spawn(&mut self.command));
        let connect = || place.enter(|| TcpStream::connect(at(&self.address, self.port))).ok();
        until("a server that listens", || connect().map(drop));
    }

    /// Stops it in order.
    fn stop(&mut self) {
        end(&mut self.child, Signal::SIGTERM);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Telegraf, which takes what is written as InfluxDB does, and hands it on.
fn telegraf(road: &Road) -> Server {
    let config = road.home.file("telegraf.conf");
    let text = format!(
        "[agent]\n  omit_hostname = true\n  flush_interval = \"1s\"\n\
         [[inputs.influxdb_v2_listener]]\n  service_address = \":{LISTENER}\"\n\
         [[outputs.influxdb_v2]]\n  urls = [\"http://{}:{PORT}\"]\n  token = \"{TOKEN}\"\n  \
         organization = \"{ORGANISATION}\"\n  bucket = \"{BUCKET}\"\n",
        road.address
    );
    fs::write(&config, text).expect("writing a configuration");
    let log = File::create(road.home.file("telegraf.log")).expect("a log for Telegraf");
    let mut command = Command::new(program("telegraf"));
    command.arg("--config").arg(config).stdin(Stdio::null());
    command.stdout(log.try_clone().expect("a file")).stderr(log);
    Server { child: None, command, address: road.address.clone(), port: LISTENER }
}

fn victoria_metrics(road: &Road) -> Server {
    let mut command = Command::new("victoria-metrics");
    command.arg(format!("-storageDataPath={}", road.home.file("victoria").display()));
    command.arg(format!("-httpListenAddr={}:{VICTORIA_METRICS}", road.address));
    command.args(["-search.latencyOffset=0s", "-loggerLevel=ERROR"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Server { child: None, command, address: road.address.clone(), port: VICTORIA_METRICS }
}

#[test]
fn all_arrives_by_telegraf_that_is_restarted() {
    let mut road = Road::new("spool-telegraf", "");
    let mut telegraf = telegraf(&road);
    telegraf.start(&road.place);
    road.configure(&format!("http://{}:{LISTENER}", road.address), "");
    road.start();
    road.ticks(3);
    for _ in 0..3 {
        telegraf.stop();
        road.ticks(3);
        telegraf.start(&road.place);
        road.ticks(3);
    }
    road.drain();
    road.end(Signal::SIGTERM);
    telegraf.stop();
    let arrived = road.insist_on_all();
    println!("Telegraf restarted three times: all of {arrived} snapshots arrived");
}

#[test]
fn all_arrives_at_victoria_metrics_that_is_restarted() {
    let mut road = Road::new("spool-victoria", "");
    let mut server = victoria_metrics(&road);
    server.start(&road.place);
    road.configure(&format!("http://{}:{VICTORIA_METRICS}", road.address), "");
    road.start();
    road.ticks(3);
    server.stop();
    road.ticks(4);
    server.start(&road.place);
    road.ticks(3);
    let taken_in = road.taken_in();
    // What waits in the spool may come after what was taken later.
    let texts =
        || -> Vec<String> { sequence(&road).into_values().map(|number| number.to_string()).collect() };
    let has_all = |arrived: &[String]| (1..=taken_in).all(|number| arrived.contains(&number.to_string()));
    await_patiently("all snapshots at VictoriaMetrics", || has_all(&texts()));
    // By their times they are in the order of their numbers, so each is there once.
    let arrived: Vec<f64> = sequence(&road).into_values().collect();
    assert!(arrived.is_sorted_by(|one, other| one < other), "{arrived:?}");
    road.end(Signal::SIGTERM);
    println!("VictoriaMetrics restarted: all of {} snapshots arrived", arrived.len());
}

/// The numbers of the snapshots that VictoriaMetrics has, by their times. What was sent twice may be there twice.
fn sequence(road: &Road) -> BTreeMap<i64, f64> {
    let numbers = || {
        let stream = road.place.enter(|| TcpStream::connect(at(&road.address, VICTORIA_METRICS))).ok()?;
        let answer = ask(stream, "GET /api/v1/export?match[]=conntrack_exporter_sequence", "", "").ok()?;
        let series: Value = serde_json::from_str(answer.body.lines().next()?).ok()?;
        let [times, values] = ["timestamps", "values"].map(|key| series.get(key).and_then(Value::as_array));
        let times = times?.iter().filter_map(Value::as_i64);
        Some(times.zip(values?.iter().filter_map(Value::as_f64)).collect())
    };
    numbers().unwrap_or_default()
}
