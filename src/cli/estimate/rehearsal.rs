//! What the daemon would send here each time, by looking at the router as it does, a few times at once.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::moving::moving;
use crate::collector::{Collector, Moment};
use crate::config::Config;
use crate::conntrack::TableError;
use crate::encode::line_protocol::Lines;
use crate::measurements::{self, DueClocks};
use crate::outputs::ledger::Ledger;
use crate::root::Root;
use crate::series::point::{Point, Tags};
use crate::state::State;

/// How often is looked. What flows did is known from the second look on; of a text that may overlook some, from the third.
const LOOKS: u32 = 3;

/// Where it begins.
#[derive(Debug)]
pub(super) struct Beginning {
    /// Time since boot.
    pub(super) boot: Duration,
    /// The instant of the first look, since 1970.
    pub(super) instant: Duration,
    /// Whether points carry a time.
    pub(super) is_stamped: bool,
    /// What an earlier run has learned.
    pub(super) state: State,
}

/// What was seen: of every series its last points, which are several where one line doesn't hold its fields.
#[derive(Debug, Default)]
pub(super) struct Rehearsal {
    series: BTreeMap<(&'static str, Rc<Tags>), Vec<Line>>,
}

/// A point, and how long its line is.
#[derive(Debug)]
pub(super) struct Line {
    /// What is sent.
    pub(super) point: Point,
    /// As line protocol, in bytes.
    pub(super) length: usize,
}

impl Rehearsal {
    /// The series of a measurement, each with its lines.
    pub(super) fn of<'a>(&'a self, measurement: &'a str) -> impl Iterator<Item = (&'a Tags, &'a [Line])> {
        let series = self.series.iter().filter(move |((name, _), _)| *name == measurement);
        series.map(|((_, tags), lines)| (&**tags, &lines[..]))
    }

    /// Takes in the points of one look: of a series that was there before they take the place of those.
    fn take_in(&mut self, points: Vec<Point>, timestamp: Option<i64>) {
        let mut of_this_look: BTreeMap<_, Vec<Line>> = BTreeMap::new();
        let mut lines = Lines::default();
        for point in points {
            lines.clear();
            lines.push(&point, timestamp);
            let length = lines.text().len();
            let series = (point.measurement, Rc::clone(&point.tags));
            of_this_look.entry(series).or_default().push(Line { point, length });
        }
        self.series.extend(of_this_look);
    }
}

/// Looks a few times, at once, as though `traffic.interval` had passed in between. Nothing is sent and nothing is kept.
pub(super) async fn rehearse(
    config: &Config,
    root: &Root,
    beginning: Beginning,
) -> Result<Rehearsal, TableError> {
    let measurements = measurements::all(config).into_iter().map(moving).collect();
    let every = config.traffic.interval.duration();
    let started = beginning.instant.as_secs();
    let mut collector = Collector::with_measurements(config.clone(), root, started, measurements);
    collector.restore(beginning.state);
    let mut rehearsal = Rehearsal::default();
    for look in 0..LOOKS {
        let instant = beginning.instant + every * look;
        let stamped = i64::try_from(instant.as_nanos()).ok();
        let timestamp = stamped.filter(|_| beginning.is_stamped);
        let boot = beginning.boot + every * look;
        let moment = Moment { boot, timestamp, wall: Some(instant), due: DueClocks::Both };
        let snapshot = collector.snapshot(&moment).await?;
        rehearsal.take_in(Ledger::default().complete(&snapshot), timestamp);
    }
    Ok(rehearsal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::cli::runtime;
    use crate::test_directory::TestDirectory;

    const NOW: Duration = Duration::from_secs(1_795_241_400);

    /// A connection that has been answered, one that has not, and the router's phone.
    fn router(place: &TestDirectory, counters: [&str; 3]) -> Root {
        fs::create_dir_all(place.join("proc/net")).unwrap();
        let [first, second, third] = counters;
        let table = format!(
            "ipv4     2 tcp      6 431999 ESTABLISHED src=192.168.8.50 dst=198.51.100.7 sport=50000 dport=443 {first}\
             src=198.51.100.7 dst=192.0.2.9 sport=443 dport=50000 {second}[ASSURED] mark=0 zone=0 use=2\n\
             ipv4     2 udp      17 29 src=192.168.8.50 dst=198.51.100.8 sport=50001 dport=53 {third}[UNREPLIED] \
             src=198.51.100.8 dst=192.0.2.9 sport=53 dport=50001 {}mark=0 zone=0 use=2\n",
            third.replace(|char: char| char.is_ascii_digit(), "0"),
        );
        fs::write(place.join("proc/net/nf_conntrack"), table).unwrap();
        let addresses = "7: br-lan: <UP>\n    link/ether 02:00:00:00:00:01\n    inet 192.168.8.1/24 scope global br-lan\n";
        fs::write(place.join("ip-address"), addresses).unwrap();
        fs::write(place.join("ip-neigh"), "192.168.8.50 dev br-lan lladdr 02:00:00:00:00:50 REACHABLE\n")
            .unwrap();
        Root::replay(&**place)
    }

    fn rehearsed(root: &Root, config: &str) -> Rehearsal {
        let config = Config::parse(config).unwrap();
        let beginning =
            Beginning { boot: Duration::ZERO, instant: NOW, is_stamped: true, state: State::default() };
        runtime().unwrap().block_on(rehearse(&config, root, beginning)).unwrap()
    }

    fn series(rehearsal: &Rehearsal, measurement: &str, keys: &[&str]) -> Vec<String> {
        let values =
            |tags: &Tags| keys.iter().map(|key| tags.own(key).unwrap().to_string()).collect::<Vec<_>>();
        rehearsal.of(measurement).map(|(tags, _)| values(tags).join(" ")).collect()
    }

    #[test]
    fn whatever_has_ever_moved_moves_in_every_interval() {
        let place = TestDirectory::new("estimate-moving");
        let root = router(&place, ["packets=9 bytes=900 ", "packets=7 bytes=70000 ", "packets=1 bytes=60 "]);
        let rehearsal = rehearsed(&root, "destinations.mode = \"service\"");
        let expected = ["rx HTTPS", "tx DNS", "tx HTTPS"];
        assert_eq!(series(&rehearsal, "bandwidth", &["direction", "protocol"]), expected);
        assert_eq!(series(&rehearsal, "destination", &["service"]), ["DNS", "HTTPS"]);
        assert_eq!(rehearsal.of("device_traffic").count(), 1);
        // Sent at the first look, and not again.
        assert_eq!(rehearsal.of("device").count(), 1);
    }

    #[test]
    fn a_series_has_its_last_points_and_lines_are_as_long_as_they_are_sent() {
        let place = TestDirectory::new("estimate-lines");
        let root = router(&place, ["packets=9 bytes=900 ", "packets=7 bytes=70000 ", "packets=1 bytes=60 "]);
        let rehearsal = rehearsed(&root, "");
        let (_, lines) = rehearsal.of("connection_state").next().unwrap();
        let expected = "connection_state,device_name=02:00:00:00:00:50,protocol=tcp,state=ESTABLISHED count=1i \
            1795241420000000000\n";
        assert_eq!(lines.iter().map(|line| line.length).collect::<Vec<_>>(), [expected.len()]);
        assert_eq!(lines[0].point.fields, [("count".into(), crate::series::point::Value::Integer(1))]);
    }

    #[test]
    fn where_nothing_is_counted_nothing_moves() {
        let place = TestDirectory::new("estimate-no-accounting");
        let rehearsal = rehearsed(&router(&place, [""; 3]), "");
        assert_eq!(rehearsal.of("bandwidth").count(), 0);
        assert_eq!(rehearsal.of("device_traffic").count(), 1, "its connections are known");
        assert_eq!(rehearsal.of("connection_state").count(), 2);
    }
}
