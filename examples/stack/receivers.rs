//! Telegraf and InfluxDB on this machine's loopback.

use std::fs::{self, File};
use std::io::Read;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use crate::connections::at;
use crate::influx::{BUCKET, Influx, ORGANISATION, Row};
use crate::place::Place;
use crate::programs::{end, program, shipped};
use crate::wait::until;

/// Both; stopped when dropped.
pub(crate) struct Receivers {
    influx: Influx,
    telegraf: Option<Child>,
    listening: SocketAddr,
    address: SocketAddr,
    token: String,
}

impl Receivers {
    /// Starts both, at their usual ports if these are free.
    pub(crate) fn start(directory: &Path) -> Self {
        let address = [8086, 0].into_iter().find_map(|port| TcpListener::bind(at("127.0.0.1", port)).ok());
        let address = address.expect("a free port").local_addr().expect("a bound socket");
        let listening = [8094, 0].into_iter().find_map(|port| UdpSocket::bind(at("0.0.0.0", port)).ok());
        let port = listening.expect("a free port").local_addr().expect("a bound socket").port();
        let (listening, token) = (at("127.0.0.1", port), token());
        println!("stack: starting InfluxDB");
        let influx = Influx::new(&Place::Here, directory, address, &token);
        println!("stack: starting Telegraf");
        let mut receivers = Self { influx, telegraf: None, listening, address, token };
        receivers.start_telegraf(directory);
        receivers
    }

    /// By the listing that is handed out, but for where it listens.
    fn start_telegraf(&mut self, directory: &Path) {
        let listing = fs::read_to_string(shipped("config/telegraf.conf")).expect("the listing");
        let everywhere = "\"udp://:8094\"";
        assert!(listing.contains(everywhere), "config/telegraf.conf listens elsewhere than at {everywhere}");
        let listing = listing.replace(everywhere, &format!("\"udp://{}\"", self.listening));
        let file = directory.join("telegraf.conf");
        fs::write(&file, listing + "\n[agent]\n  flush_interval = \"1s\"\n")
            .expect("writing a configuration");
        let log = File::create(directory.join("telegraf.log")).expect("a file for Telegraf's log");
        let mut command = Command::new(program("telegraf"));
        command.arg("--config").arg(&file).env("INFLUX_TOKEN", &self.token);
        command.env("INFLUX_URL", format!("http://{}", self.address));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        // Ctrl-C is for us, who then stop everything in order.
        self.telegraf = Some(command.process_group(0).spawn().expect("Telegraf, which tools/servers builds"));
        let port = format!(":{:04X} ", self.listening.port());
        until("Telegraf's socket", || {
            fs::read_to_string("/proc/net/udp").ok()?.contains(&port).then_some(())
        });
    }

    /// Where Telegraf listens.
    pub(crate) fn telegraf(&self) -> SocketAddr {
        self.listening
    }

    /// What a query returns.
    pub(crate) fn query(&self, flux: &str) -> Result<Vec<Row>, String> {
        self.influx.try_query(&Place::Here, flux)
    }

    /// Writes lines whose times are in seconds.
    pub(crate) fn write(&self, lines: &str) {
        self.influx.write(&Place::Here, lines);
    }

    /// Tells people where to look.
    pub(crate) fn say(&self, directory: &Path) {
        let Self { listening, address, token, .. } = self;
        println!();
        println!("Telegraf   udp://{listening}, by config/telegraf.conf");
        println!("InfluxDB   http://{address}, organisation {ORGANISATION}, bucket {BUCKET}");
        println!("           token {token}");
        println!("Grafana    a data source InfluxDB with these and the language Flux, then import");
        println!("           the pages of config/grafana/influxdb");
        println!("logs       {}", directory.display());
        println!("by hand    curl -sS 'http://{address}/api/v2/query?org={ORGANISATION}' \\");
        println!("             -H 'Authorization: Token {token}' -H 'Content-Type: application/vnd.flux' \\");
        println!("             -d 'from(bucket: \"{BUCKET}\") |> range(start: -5m) |> limit(n: 1)'");
        println!();
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        end(&mut self.telegraf, Signal::SIGTERM);
        self.influx.stop();
    }
}

/// Made up, for as long as this runs.
fn token() -> String {
    let mut bytes = [0; 16];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).expect("random bytes");
    format!("{:032x}", u128::from_ne_bytes(bytes))
}
