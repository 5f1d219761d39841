//! The receiving side: the real Telegraf with the listing that is handed out, and the real InfluxDB.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use crate::connections::at;
use crate::grafana::{View, rfc3339};
use crate::influx::{Influx, Row};
use crate::internal::figures;
use crate::place::Place;
use crate::programs::{end, program, shipped};
use crate::wait::until;

/// Where the listing has Telegraf listen.
pub(crate) const TELEGRAF_PORT: u16 = 8094;

const TOKEN: &str = "a-token-of-the-tests";

/// What the tests want of Telegraf besides: to be quick, to tell about itself, and to count connections as well.
const BESIDES: &str = r#"
[agent]
  interval = "1s"
  flush_interval = "1s"
  HOSTNAME
[[inputs.internal]]
# It writes points of the same names into the same bucket.
[[inputs.conntrack]]
[[outputs.file]]
  namepass = ["internal_*"]
  data_format = "influx"
"#;

/// Both servers at one place; killed when dropped.
pub(crate) struct Servers {
    pub(crate) place: Place,
    pub(crate) influx: Influx,
    telegraf: Option<Child>,
    listing: PathBuf,
    hostname: String,
    directory: PathBuf,
}

impl Servers {
    /// Starts both at `place`, Telegraf by the listing that is handed out.
    pub(crate) fn new(place: Place, directory: &Path) -> Self {
        Self::with(place, directory, "config/telegraf.conf", "hostname = \"receiver\"")
    }

    /// Starts both, Telegraf by a listing of this repository; `hostname` is a line of its configuration.
    pub(crate) fn with(place: Place, directory: &Path, listing: &str, hostname: &str) -> Self {
        let directory = directory.join("servers");
        fs::create_dir_all(&directory).expect("a directory for the servers");
        let influx = Influx::new(&place, &directory, at("127.0.0.1", 8086), TOKEN);
        let (listing, hostname) = (shipped(listing), hostname.to_owned());
        let mut servers = Self { place, influx, telegraf: None, listing, hostname, directory };
        servers.start_telegraf();
        servers
    }

    /// Starts Telegraf, or starts it again.
    pub(crate) fn start_telegraf(&mut self) {
        let besides = self.directory.join("besides.conf");
        let internal = format!("  files = [\"{}\"]\n", self.internal().display());
        let text = BESIDES.replace("HOSTNAME", &self.hostname) + &internal;
        fs::write(&besides, text).expect("writing a configuration");
        let log = File::options().create(true).append(true).open(self.log()).expect("a log for Telegraf");
        let mut command = Command::new(program("telegraf"));
        command.arg("--config").arg(&self.listing).arg("--config").arg(besides);
        command.env("INFLUX_TOKEN", TOKEN);
        // The program of execd is looked for along the path.
        let built = Path::new(env!("CARGO_BIN_EXE_conntrack-exporter")).parent().expect("a directory");
        let path = env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", built.display()));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        let before = self.said().matches("Loaded outputs").count();
        self.telegraf = Some(self.place.spawn(&mut command));
        until("Telegraf's start", || (self.said().matches("Loaded outputs").count() > before).then_some(()));
        if self.listens() {
            // It opens its socket a little after it has said so.
            until("Telegraf's socket", || self.is_listening().then_some(()));
        }
    }

    /// Stops Telegraf in order: it writes what it still has.
    pub(crate) fn stop_telegraf(&mut self) {
        end(&mut self.telegraf, Signal::SIGTERM);
    }

    /// What Telegraf has logged.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// What a query returns.
    pub(crate) fn query(&self, flux: &str) -> Vec<Row> {
        self.influx.query(&self.place, flux)
    }

    /// What a query returns to whoever asks when somebody looks at `view`.
    pub(crate) fn query_of(&self, flux: &str, view: &View) -> Vec<Row> {
        self.influx.query_at(&self.place, flux, &rfc3339(view.now))
    }

    /// The newest value of one of Telegraf's own metrics, by its measurement, a tag and its field.
    pub(crate) fn telegraf_says(&self, measurement: &str, tag: &str, field: &str) -> i64 {
        let lines = fs::read_to_string(self.internal()).unwrap_or_default();
        figures(&lines, measurement, tag, field).last().copied().unwrap_or(-1)
    }

    /// Insists that Telegraf could parse, and InfluxDB take, all that has come.
    pub(crate) fn insist_on_no_error(&self) {
        let input = if self.listens() { "input=socket_listener" } else { "input=execd" };
        let figures = [
            ("internal_gather", input, "errors"),
            ("internal_write", "output=influxdb_v2", "errors"),
            ("internal_write", "output=influxdb_v2", "metrics_dropped"),
            ("internal_write", "output=influxdb_v2", "metrics_rejected"),
        ];
        for (measurement, tag, field) in figures {
            assert_eq!(self.telegraf_says(measurement, tag, field), 0, "{measurement} {tag} {field}");
        }
        let said = self.said();
        let errors = said.lines().filter(|line| line.contains(" E! "));
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<&str>::new(), "{said}");
    }

    /// Insists that Telegraf has read so many lines and no more, once its figures of itself are of so late.
    pub(crate) fn insist_on_gathered(&self, lines: usize) {
        let gathered = || {
            let says = self.telegraf_says("internal_gather", "input=socket_listener", "metrics_gathered");
            usize::try_from(says).ok().filter(|says| *says >= lines)
        };
        assert_eq!(until("as many lines as were sent", gathered), lines, "lines that Telegraf has read");
    }

    /// Whether it is to listen; else it runs the exporter itself.
    fn listens(&self) -> bool {
        self.listing.ends_with("telegraf.conf")
    }

    fn is_listening(&self) -> bool {
        let wanted = format!(":{TELEGRAF_PORT:04X} ");
        let sockets = |file: &str| fs::read_to_string(format!("/proc/thread-self/net/{file}"));
        let sockets = self.place.enter(|| [sockets("udp"), sockets("udp6")]);
        sockets.into_iter().flatten().any(|sockets| sockets.contains(&wanted))
    }

    fn log(&self) -> PathBuf {
        self.directory.join("telegraf.log")
    }

    fn internal(&self) -> PathBuf {
        self.directory.join("internal")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(child) = &mut self.telegraf {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
