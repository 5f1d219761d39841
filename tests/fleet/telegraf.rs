//! The real Telegraf, by a listing of this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::internal::figures;
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

    /// Every value of a figure of its own, the newest last.
    pub(crate) fn says(&self, measurement: &str, tag: &str, field: &str) -> Vec<i64> {
        figures(&fs::read_to_string(&self.internal).unwrap_or_default(), measurement, tag, field)
    }

    /// The newest value of a figure of its own.
    pub(crate) fn newest(&self, measurement: &str, tag: &str, field: &str) -> i64 {
        let values = self.says(measurement, tag, field);
        *values.last().unwrap_or_else(|| panic!("no {measurement} {tag} {field}"))
    }

    /// Insists that it could parse all that has come, and has thrown nothing away.
    pub(crate) fn insist_on_no_loss(&self, output: &str) {
        let output = format!("output={output}");
        for (measurement, tag, field) in [
            ("internal_gather", "input=socket_listener", "errors"),
            ("internal_write", &output, "metrics_dropped"),
            ("internal_write", &output, "metrics_rejected"),
        ] {
            let said = || self.server.said();
            assert_eq!(self.newest(measurement, tag, field), 0, "{measurement} {tag} {field}: {}", said());
        }
    }

    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    pub(crate) fn cost(&self) -> Cost {
        self.server.cost()
    }
}
