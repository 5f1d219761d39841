//! Whether the wall clock is to be believed.
//!
//! A router without a battery clock boots in the past, and OpenWrt then sets it to the newest file under /etc: wrong,
//! but after the build date. So a clock counts as set only when something shows that it was set since boot.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use super::schedule::Now;
use crate::files::FIGURE_AT_MOST;
use crate::root::Root;

/// A change of the wall clock by more than this, in seconds, is somebody setting it.
const STEP: f64 = 10.0;
/// A machine up for this long has had its clock set or never will.
const LONG_UP: Duration = DAY;
/// How far a battery clock may be from the wall clock to vouch for it.
const DAY: Duration = Duration::from_hours(24);

/// Files that appear with the first answer of a time server: OpenWrt's for dnsmasq, systemd-timesyncd's.
const MARKS: [&str; 2] = ["/var/state/dnsmasqsec", "/run/systemd/timesync/synchronized"];
const BATTERY_CLOCKS: &str = "/sys/class/rtc";

/// Where the time comes from, and what shows that it is right: the machine, or a test.
pub trait Clock: fmt::Debug {
    /// Reads both clocks.
    fn now(&self) -> io::Result<Now>;

    /// What shows at `now` that the wall clock was set since boot.
    fn evidence(&self, now: Now) -> Evidence;

    /// The date before which the wall clock can't be right, in time since 1970, if one is known.
    fn built(&self) -> Option<Duration>;
}

/// The clocks of this machine.
#[derive(Clone, Debug)]
pub struct SystemClock {
    root: Root,
}

impl SystemClock {
    /// The clocks for the router below `root`. Of another router's files the clock says nothing: it is taken for set.
    pub fn new(root: &Root) -> Self {
        Self { root: root.clone() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> io::Result<Now> {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Now { wall, boot: clock_gettime(ClockId::CLOCK_BOOTTIME)?.into() })
    }

    fn evidence(&self, now: Now) -> Evidence {
        if self.root.is_live() {
            Evidence::read(&self.root, now.wall)
        } else {
            Evidence { mark: true, battery_clock: None }
        }
    }

    fn built(&self) -> Option<Duration> {
        build_date().filter(|_| self.root.is_live())
    }
}

/// The date of the last commit (or `SOURCE_DATE_EPOCH`) that this program was built from, in time since 1970.
pub fn build_date() -> Option<Duration> {
    let seconds = option_env!("CONNTRACK_EXPORTER_BUILD_DATE")?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// What the machine's files say of its clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// A time server has answered since boot.
    pub mark: bool,
    /// What a battery clock says, in time since 1970.
    pub battery_clock: Option<Duration>,
}

impl Evidence {
    /// Looks for it below `root`. Of several battery clocks the one nearest to `wall` speaks.
    pub fn read(root: &Root, wall: Duration) -> Self {
        let clocks = fs::read_dir(root.path(BATTERY_CLOCKS)).into_iter().flatten().flatten();
        let figures =
            clocks.map(|clock| Path::new(BATTERY_CLOCKS).join(clock.file_name()).join("since_epoch"));
        let times = figures.filter_map(|figure| seconds(root, &figure)).map(Duration::from_secs);
        Self {
            mark: MARKS.iter().any(|mark| root.metadata(mark).is_ok()),
            battery_clock: times.min_by_key(|time| time.abs_diff(wall)),
        }
    }
}

fn seconds(root: &Root, figure: &Path) -> Option<u64> {
    str::from_utf8(&root.read(figure, FIGURE_AT_MOST).ok()?).ok()?.trim().parse().ok()
}

/// The verdict on the wall clock, for the life of the process.
#[derive(Debug)]
pub struct Verdict {
    built: Option<Duration>,
    last: Now,
    stepped: bool,
    believed: bool,
}

impl Verdict {
    /// Begins to watch the clock. `built` is the date before which no clock is right, if one is known.
    pub const fn new(built: Option<Duration>, now: Now) -> Self {
        Self { built, last: now, stepped: false, believed: false }
    }

    /// The verdict of a process that looks at the clock only once.
    pub fn at(now: Now, clock: &impl Clock) -> bool {
        Self::new(clock.built(), now).is_set(now, || clock.evidence(now))
    }

    /// Whether the clock is set at `now`; `evidence` is asked for only while nothing else has shown it.
    pub fn is_set(&mut self, now: Now, evidence: impl FnOnce() -> Evidence) -> bool {
        self.stepped |= now.step_since(self.last).abs() > STEP;
        self.last = now;
        if self.built.is_some_and(|built| now.wall < built) {
            return false;
        }
        self.believed = self.believed || self.stepped || now.boot >= LONG_UP || vouches(evidence(), now);
        self.believed
    }
}

fn vouches(evidence: Evidence, now: Now) -> bool {
    evidence.mark || evidence.battery_clock.is_some_and(|battery| battery.abs_diff(now.wall) < DAY)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::test_directory::TestDirectory;

    const BUILT: u64 = 1_790_000_000;
    const DAYS: u64 = 86400;

    fn at(after_built: i64, boot: u64) -> Now {
        Now {
            wall: Duration::from_secs(BUILT.saturating_add_signed(after_built)),
            boot: Duration::from_secs(boot),
        }
    }

    fn verdict(now: Now) -> Verdict {
        Verdict::new(Some(Duration::from_secs(BUILT)), now)
    }

    fn battery(after_built: i64) -> Evidence {
        let battery_clock = Some(Duration::from_secs(BUILT.saturating_add_signed(after_built)));
        Evidence { battery_clock, ..Evidence::default() }
    }

    const MARK: Evidence = Evidence { mark: true, battery_clock: None };

    #[test]
    fn booted_in_the_past_and_stepped_while_running() {
        let mut verdict = verdict(at(1000, 20));
        assert!(!verdict.is_set(at(1000, 20), Evidence::default));
        assert!(!verdict.is_set(at(1039, 50), Evidence::default), "slewing is no step");
        assert!(verdict.is_set(at(1000 + 259_200, 60), Evidence::default));
        assert!(verdict.is_set(at(1030 + 259_200, 90), Evidence::default), "once set it stays set");
    }

    #[test]
    fn restarted_after_the_step() {
        assert!(!verdict(at(300_000, 600)).is_set(at(300_000, 600), Evidence::default));
        assert!(verdict(at(300_000, 600)).is_set(at(300_000, 600), || MARK));
        let up_for_a_day = at(300_000, DAYS);
        assert!(verdict(up_for_a_day).is_set(up_for_a_day, Evidence::default));
    }

    #[test]
    fn a_battery_clock_vouches_only_when_it_agrees() {
        let now = at(300_000, 60);
        assert!(verdict(now).is_set(now, || battery(300_000 - 3600)));
        assert!(!verdict(now).is_set(now, || battery(-1_000_000_000)));
    }

    #[test]
    fn before_the_build_date_nothing_else_counts() {
        let now = at(-5, DAYS * 2);
        assert!(!verdict(now).is_set(now, || MARK));
        assert!(Verdict::new(None, now).is_set(now, || MARK), "no build date, no such check");
    }

    #[test]
    fn set_back_before_the_build_date_and_forward_again() {
        let mut verdict = verdict(at(100, 60));
        assert!(verdict.is_set(at(100, 60), || MARK));
        assert!(!verdict.is_set(at(-1000, 70), || MARK));
        assert!(verdict.is_set(at(200, 80), Evidence::default));
    }

    #[test]
    fn evidence_is_read_from_files() {
        let root = TestDirectory::new("clock");
        fs::create_dir_all(root.join("sys/class/rtc/rtc0")).unwrap();
        fs::create_dir_all(root.join("var/state")).unwrap();
        let read = || Evidence::read(&Root::replay(&*root), Duration::from_secs(BUILT));
        assert_eq!(read(), Evidence::default());
        fs::write(root.join("sys/class/rtc/rtc0/since_epoch"), "1790000000\n").unwrap();
        assert_eq!(read(), battery(0));
        fs::create_dir_all(root.join("sys/class/rtc/rtc1")).unwrap();
        fs::write(root.join("sys/class/rtc/rtc1/since_epoch"), "12\n").unwrap();
        assert_eq!(read(), battery(0), "the one that is nearer");
        fs::write(root.join("var/state/dnsmasqsec"), "").unwrap();
        assert!(read().mark);
    }

    #[test]
    fn no_evidence_is_read_outside_of_the_root() {
        let place = TestDirectory::new("clock-outside");
        let (outside, root) = (place.join("outside"), place.join("root"));
        for directory in ["rtc", "root/sys/class/rtc", "root/run/systemd/timesync", "root/sys/devices/rtc"] {
            fs::create_dir_all(place.join(directory)).unwrap();
        }
        fs::write(&outside, "").unwrap();
        symlink(&outside, root.join("run/systemd/timesync/synchronized")).unwrap();
        fs::write(place.join("rtc/since_epoch"), "1790000001\n").unwrap();
        symlink("../../../../rtc", root.join("sys/class/rtc/rtc0")).unwrap();
        let read = || Evidence::read(&Root::replay(&root), Duration::from_secs(BUILT));
        assert_eq!(read(), Evidence::default());
        fs::write(root.join("sys/devices/rtc/since_epoch"), "1790000000\n").unwrap();
        symlink("/sys/devices/rtc", root.join("sys/class/rtc/rtc1")).unwrap();
        assert_eq!(read(), battery(0), "a link as it leads there");
    }
}
