use std::cell::Cell;
use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::rc::Rc;

use tokio::time::{Instant, timeout};

use super::*;
use crate::daemon::clock::Evidence;
use crate::test_directory::TestDirectory;

/// A whole multiple of every interval in these tests, after the build date of any of them.
const EPOCH: u64 = 1_795_240_800;

/// A daemon on a router's files, with clocks that only this test moves, and what receives its datagrams.
struct TestDaemon {
    receiver: UdpSocket,
    root: TestDirectory,
    /// By how many seconds somebody has set the wall clock.
    step: Rc<Cell<i64>>,
    evidence: Rc<Cell<Evidence>>,
    daemon: Option<Daemon>,
}

const TABLE: &str = "ipv4 2 udp 17 9 src=192.168.8.2 dst=9.9.9.9 sport=1 dport=53 src=9.9.9.9 dst=1.1.1.1 sport=53 \
    dport=1 use=2\n";

impl TestDaemon {
    /// The wall clock says `EPOCH` plus `behind`, and nothing else shows whether that is right.
    fn new(test: &str, config: &str, behind: i64) -> Self {
        let root = TestDirectory::new(&format!("daemon-{test}"));
        fs::create_dir_all(root.join("proc/net")).unwrap();
        fs::write(root.join("proc/net/nf_conntrack"), TABLE).unwrap();
        fs::write(root.join("ip-address"), "1: br-lan: <UP>\n    link/ether x\n    inet 192.168.8.1/24\n")
            .unwrap();
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        receiver.set_nonblocking(true).unwrap();
        let port = receiver.local_addr().unwrap().port();
        let whole = format!("telegraf.address = \"127.0.0.1:{port}\"\n{config}");
        fs::write(root.join("config.toml"), &whole).unwrap();
        let (step, evidence) = (Rc::new(Cell::new(behind)), Rc::new(Cell::new(Evidence::default())));
        let daemon = daemon(&root, &whole, Rc::clone(&step), Rc::clone(&evidence));
        Self { receiver, root, step, evidence, daemon: Some(daemon) }
    }

    /// Lets the daemon run for `time`.
    async fn run(&mut self, time: Duration) {
        let mut daemon = self.daemon.take().unwrap();
        let ended = timeout(time, daemon.run(Signals::new().unwrap())).await;
        assert!(ended.is_err(), "the daemon ended by itself: {ended:?}");
        self.daemon = Some(daemon);
    }

    /// The lines that have arrived.
    fn lines(&self) -> Vec<String> {
        let mut buffer = [0; 2000];
        let mut text = String::new();
        while let Ok(length) = self.receiver.recv(&mut buffer) {
            text += std::str::from_utf8(&buffer[..length]).unwrap();
        }
        text.lines().map(str::to_owned).collect()
    }

    /// The stamps of the snapshots that have arrived, in seconds after `EPOCH`.
    fn stamps(&self) -> Vec<Option<i64>> {
        let lines = self.lines();
        let exporters = lines.iter().filter(|line| line.starts_with("conntrack_exporter,"));
        let stamp = |line: &String| line.rsplit(' ').next().and_then(|last| last.parse::<i64>().ok());
        exporters
            .map(|line| stamp(line).map(|stamp| stamp / 1_000_000_000 - i64::try_from(EPOCH).unwrap()))
            .collect()
    }
}

/// Clocks that only a test moves.
#[derive(Debug)]
struct TestClock {
    booted: Instant,
    step: Rc<Cell<i64>>,
    evidence: Rc<Cell<Evidence>>,
}

impl Clock for TestClock {
    fn now(&self) -> io::Result<Now> {
        let passed = self.booted.elapsed();
        let wall = Duration::from_secs(EPOCH.checked_add_signed(self.step.get()).unwrap()) + passed;
        Ok(Now { wall, boot: Duration::from_secs(30) + passed })
    }

    fn evidence(&self, _: Now) -> Evidence {
        self.evidence.get()
    }

    fn built(&self) -> Option<Duration> {
        Some(Duration::from_secs(EPOCH - 30 * 86400))
    }
}

fn daemon(root: &Path, config: &str, step: Rc<Cell<i64>>, evidence: Rc<Cell<Evidence>>) -> Daemon {
    let config = Config::parse(config).unwrap();
    Daemon::new(Parts {
        outputs: Outputs::new(&config, &Root::replay(root)),
        log: LogQueue::default(),
        config,
        config_file: ConfigFile { named: Some(root.join("config.toml")), root: Root::replay(root) },
        root: Root::replay(root),
        clock: Box::new(TestClock { booted: Instant::now(), step, evidence }),
        set_log_level: Box::new(|_| {}),
        restart_needed: Box::new(|_| None),
    })
    .unwrap()
}

const DAY: i64 = 86400;

fn seconds(seconds: u64) -> Duration {
    Duration::from_millis(seconds * 1000 + 100)
}

#[tokio::test(start_paused = true)]
async fn one_snapshot_at_every_whole_multiple() {
    let mut fixture = TestDaemon::new("multiples", "timestamps = \"always\"", 7);
    fixture.run(seconds(90)).await;
    assert_eq!(fixture.stamps(), [Some(30), Some(60), Some(90)]);
}

#[tokio::test(start_paused = true)]
async fn every_second_and_every_hour() {
    let mut fixture = TestDaemon::new("second", "interval = \"1s\"\ntimestamps = \"always\"", 0);
    fixture.run(seconds(5)).await;
    assert_eq!(fixture.stamps(), [1, 2, 3, 4, 5].map(Some));
    let mut fixture = TestDaemon::new("hour", "interval = \"1h\"\ntimestamps = \"always\"", 0);
    fixture.run(seconds(2 * 3600)).await;
    assert_eq!(fixture.stamps(), [3600, 7200].map(Some));
}

#[tokio::test(start_paused = true)]
async fn booted_three_days_behind_no_point_carries_an_old_time() {
    let mut fixture = TestDaemon::new("behind", "", -3 * DAY);
    fixture.run(seconds(60)).await;
    assert_eq!(fixture.stamps(), [None, None]);
    fixture.step.set(0);
    fixture.run(seconds(60)).await;
    assert_eq!(fixture.stamps(), [60, 90, 120].map(Some));
}

#[tokio::test(start_paused = true)]
async fn a_step_in_the_midst_of_an_hour_is_noticed_within_a_minute() {
    let mut fixture = TestDaemon::new("long-sleep", "interval = \"1h\"", -3 * DAY + 10);
    fixture.run(seconds(300)).await;
    fixture.step.set(3600 - 300 - 30);
    fixture.run(seconds(60)).await;
    assert_eq!(fixture.stamps(), [Some(3600)]);
}

#[tokio::test(start_paused = true)]
async fn restarted_after_the_step_a_mark_or_a_battery_clock_vouches() {
    let right = Some(Duration::from_secs(EPOCH));
    let wrong = Some(Duration::from_secs(946_684_800));
    let cases = [
        ("none", Evidence::default(), None),
        ("mark", Evidence { mark: true, battery_clock: None }, Some(30)),
        ("rtc", Evidence { mark: false, battery_clock: right }, Some(30)),
        ("wrong-rtc", Evidence { mark: false, battery_clock: wrong }, None),
    ];
    for (test, evidence, stamp) in cases {
        let mut fixture = TestDaemon::new(test, "", 0);
        fixture.evidence.set(evidence);
        fixture.run(seconds(30)).await;
        assert_eq!(fixture.stamps(), [stamp], "{test}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_build_date_the_clock_is_unset() {
    let mut fixture = TestDaemon::new("before", "", -31 * DAY);
    fixture.evidence.set(Evidence { mark: true, battery_clock: None });
    fixture.run(seconds(30)).await;
    let lines = fixture.lines();
    assert!(lines.last().unwrap().contains("clock=\"unset\""), "{lines:?}");
    let has_none = |line: &String| line.rsplit(' ').next().is_some_and(|word| word.parse::<u64>().is_err());
    assert!(lines.iter().all(has_none), "no timestamps: {lines:?}");
}

#[tokio::test(start_paused = true)]
async fn steps_back_stamp_no_instant_twice() {
    let mut fixture = TestDaemon::new("back", "timestamps = \"always\"", 0);
    fixture.run(seconds(31)).await;
    fixture.step.set(-10);
    fixture.run(seconds(60)).await;
    assert_eq!(fixture.stamps(), [30, 60].map(Some));
    fixture.step.set(-DAY);
    fixture.run(seconds(60)).await;
    assert_eq!(fixture.stamps(), [120 - DAY, 150 - DAY].map(Some));
}

#[tokio::test(start_paused = true)]
async fn a_table_that_can_not_be_read_skips_ticks_and_changes_nothing() {
    let mut fixture = TestDaemon::new("unreadable", "timestamps = \"always\"", 0);
    fixture.run(seconds(30)).await;
    let table = fixture.root.join("proc/net/nf_conntrack");
    fs::remove_file(&table).unwrap();
    fixture.run(seconds(60)).await;
    fs::write(&table, "").unwrap();
    fixture.run(seconds(30)).await;
    let lines = fixture.lines();
    let exporters: Vec<_> = lines.iter().filter(|line| line.starts_with("conntrack_exporter,")).collect();
    assert_eq!(exporters.len(), 2);
    assert!(
        exporters[1].contains("sequence=2i,") && exporters[1].contains("ticks_skipped=2i,"),
        "{exporters:?}"
    );
    let gone =
        lines.iter().filter(|line| line.contains("device_name=192.168.8.2,") && line.contains("count=0i"));
    assert_eq!(gone.count(), 1, "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reload_takes_effect_and_a_bad_one_is_counted() {
    let mut fixture = TestDaemon::new("reload", "timestamps = \"always\"", 0);
    fixture.run(seconds(31)).await;
    let file = fixture.root.join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, "interval = 5").unwrap();
    fixture.daemon.as_mut().unwrap().reload().unwrap();
    fs::write(&file, format!("{good}\ninterval = \"10s\"\ntags.site = \"home\"")).unwrap();
    fixture.daemon.as_mut().unwrap().reload().unwrap();
    fixture.run(Duration::from_secs(20)).await;
    let lines = fixture.lines();
    let last = lines.last().unwrap();
    assert!(last.contains(",site=home ") && last.contains("reload_errors=1i"), "{lines:?}");
    let untagged_zero = "connection_state,device_name=192.168.8.2,protocol=udp,state=ACTIVE count=0i";
    assert!(lines.iter().any(|line| line.starts_with(untagged_zero)), "the old series ends: {lines:?}");
    let stamp = |seconds: u64| format!(" {}", (EPOCH + seconds) * 1_000_000_000);
    for seconds in [30, 40, 50] {
        assert!(lines.iter().any(|line| line.ends_with(&stamp(seconds))), "{seconds}");
    }
}
