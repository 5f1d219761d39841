//! The real Telegraf, by a listing of this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::place::Place;
use crate::programs::program;
use crate::server::{Cost, Server};
use crate::wait::until;

/// What InfluxDB is set up with.
pub(crate) const TOKEN: &str = "a-token-of-the-tests";

/// That it tells about itself.
const BESIDES: &str = r#"
[[inputs.internal]]
  interval = "1s"
[[outputs.file]]
  namepass = ["internal_*"]
  data_format = "influx"
"#;

pub(crate) struct Telegraf {
    server: Server,
    internal: PathBuf,
}

impl Telegraf {
    /// Starts the `program` of tools/servers by a listing.
    pub(crate) fn start(place: &Place, directory: &Path, program: &str, listing: &str) -> Self {
        let internal = directory.join("internal");
        let config = directory.join("telegraf.conf");
        let besides = format!("{BESIDES}  files = [\"{}\"]\n", internal.display());
        fs::write(&config, format!("{listing}\n{besides}")).expect("writing a configuration");
        let mut command = Command::new(self::program(program));
        command.arg("--config").arg(config).env("INFLUX_TOKEN", TOKEN);
        let server = Server::start(place, directory, &mut command);
        let telegraf = Self { server, internal };
        until("Telegraf's start", || telegraf.server.said().contains("Loaded outputs").then_some(()));
        telegraf
    }

    /// Waits until it listens at a port.
    pub(crate) fn listens(self, place: &Place, port: u16) -> Self {
        let wanted = format!(":{port:04X} ");
        let read =
            |file: &str| fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap_or_default();
        until("Telegraf's socket", || {
            place.enter(|| read("udp") + &read("udp6")).contains(&wanted).then_some(())
        });
        self
    }

    /// The newest value of a figure of its own, and the largest that there was, by measurement, tag and field.
    pub(crate) fn says(&self, measurement: &str, tag: &str, field: &str) -> (u64, u64) {
        let lines = fs::read_to_string(&self.internal).unwrap_or_default();
        let (measurement, field) = (format!("{measurement},"), format!("{field}="));
        let of_this = lines
            .lines()
            .filter(|line| line.starts_with(&measurement) && line.split([',', ' ']).any(|part| part == tag));
        let values: Vec<u64> = of_this
            .filter_map(|line| {
                line.split([',', ' ']).find_map(|part| part.strip_prefix(&field)?.strip_suffix('i'))
            })
            .filter_map(|value| value.parse().ok())
            .collect();
        (values.last().copied().unwrap_or_default(), values.iter().max().copied().unwrap_or_default())
    }

    /// Insists that it could parse all that has come, and has thrown nothing away.
    pub(crate) fn insist_on_no_loss(&self, output: &str) {
        let output = format!("output={output}");
        for (measurement, tag, field) in [
            ("internal_gather", "input=socket_listener", "errors"),
            ("internal_write", &output, "metrics_dropped"),
            ("internal_write", &output, "metrics_rejected"),
        ] {
            assert_eq!(
                self.says(measurement, tag, field).0,
                0,
                "{measurement} {tag} {field}: {}",
                self.server.said()
            );
        }
    }

    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    pub(crate) fn cost(&self) -> Cost {
        self.server.cost()
    }
}
