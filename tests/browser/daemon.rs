//! The daemon on the sample household, in which connections go on carrying as in `make run`.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use super::http;
use super::sample::Sample;
use super::wait::until;

/// What the tests need of the configuration. Nobody has to receive.
const CONFIG: &str = r#"
interval = "1s"
[telegraf]
address = "127.0.0.1:9"
[alerts.half_open]
entries = 10
for = "0s"
[destinations]
mode = "prefix"
"#;

const TABLE: &str = "proc/net/nf_conntrack";

/// Where the page is served.
pub(crate) struct Served {
    base: String,
    /// Unless somebody else serves it.
    daemon: Option<Daemon>,
}

struct Daemon {
    process: Child,
    sample: Sample,
    is_over: Arc<AtomicBool>,
    carrying: Option<JoinHandle<()>>,
}

/// What is different from the household.
#[derive(Default)]
pub(crate) struct Changes<'a> {
    /// Lines for the end of the configuration.
    pub(crate) config: &'a str,
    /// Lines for the file of names.
    pub(crate) names: &'a str,
    /// Lines for the table of connections.
    pub(crate) table: &'a str,
}

impl Served {
    /// Serves the household.
    pub(crate) fn start(test: &str) -> Self {
        Self::start_with(test, &Changes::default())
    }

    /// Serves the household with changes. The first snapshot is there.
    pub(crate) fn start_with(test: &str, changes: &Changes<'_>) -> Self {
        if let Ok(base) = std::env::var("PAGE") {
            return Self { base, daemon: None };
        }
        let port = free_port();
        let daemon = Daemon::start(test, port, changes);
        until("the first snapshot", || {
            http::ask(port, "GET /api/v1/overview", "").ok().filter(|(status, _)| *status == 200)
        });
        Self { base: format!("http://127.0.0.1:{port}/"), daemon: Some(daemon) }
    }

    /// Where the page is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether it is a daemon of the test's own.
    pub(crate) const fn is_own(&self) -> bool {
        self.daemon.is_some()
    }

    /// Ends the daemon.
    pub(crate) fn stop(&mut self) {
        self.daemon = None;
    }
}

impl Daemon {
    fn start(test: &str, port: u16, changes: &Changes<'_>) -> Self {
        let sample = Sample::new(test);
        let root = sample.root();
        append(&root.join("etc/conntrack-exporter.devices"), changes.names);
        append(&root.join(TABLE), changes.table);
        let config = sample.config();
        let http = format!("[http]\nlisten = \"127.0.0.1:{port}\"\n");
        fs::write(&config, format!("{CONFIG}{http}{}", changes.config)).expect("a configuration");
        // As root it becomes another user, who is to read all this.
        let open = Command::new("chmod").args(["-R", "a+rX"]).arg(&*sample).status();
        assert!(open.is_ok_and(|status| status.success()));
        let log = File::create(sample.join("log")).expect("a log");
        let process = Command::new(env!("CARGO_BIN_EXE_conntrack-exporter"))
            .arg("--root")
            .arg(&root)
            .arg("--config")
            .arg(&config)
            .current_dir(&*sample)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the daemon");
        let is_over = Arc::new(AtomicBool::new(false));
        let carrying = thread::spawn({
            let (is_over, household) = (Arc::clone(&is_over), sample.join("household"));
            move || carry(&household, &is_over)
        });
        Self { process, sample, is_over, carrying: Some(carrying) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(carrying) = self.carrying.take() {
            let _ = carrying.join();
        }
        if thread::panicking() {
            println!("the daemon said: {}", fs::read_to_string(self.sample.join("log")).unwrap_or_default());
        }
    }
}

/// Every second another table, whole at once.
fn carry(household: &Path, is_over: &AtomicBool) {
    let table = household.join("root").join(TABLE);
    let (first, next): (PathBuf, PathBuf) = (household.join("first"), table.with_extension("next"));
    fs::copy(&table, &first).expect("the first table");
    for second in 1.. {
        for _ in 0..10 {
            sleep(Duration::from_millis(100));
            if is_over.load(Ordering::Relaxed) {
                return;
            }
        }
        let carried = Command::new("awk")
            .args(["-v", &format!("seconds={second}"), "-f"])
            .args([&household.join("carry.awk"), &first])
            .stdout(File::create(&next).expect("the next table"))
            .status();
        assert!(carried.is_ok_and(|status| status.success()));
        fs::rename(&next, &table).expect("the next table in its place");
    }
}

fn append(file: &Path, lines: &str) {
    let text = fs::read_to_string(file).expect("a file of the household");
    fs::write(file, text + lines).expect("a file of the household");
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port()
}
