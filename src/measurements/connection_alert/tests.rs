use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::alerts::config::AlertsConfig;
use crate::alerts::{Circumstances, Limits, Reading, Rule, Severity};
use crate::measurements::fixture::{Fixture, Report};
use crate::series::point::Point;

/// Says what it is told to.
#[derive(Debug)]
struct Scripted {
    readings: Rc<RefCell<Vec<Reading>>>,
    hold: Duration,
}

impl Rule for Scripted {
    fn name(&self) -> &'static str {
        "spike"
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    fn judge(&mut self, _: &Circumstances<'_>) -> Vec<Reading> {
        self.readings.borrow().clone()
    }

    fn advice(&self) -> &'static str {
        "Restart it."
    }
}

/// A measurement with a rule of ours, whose limits are 100 and 200.
struct Stage {
    fixture: Fixture,
    measurement: ConnectionAlert,
    readings: Rc<RefCell<Vec<Reading>>>,
    hold: Duration,
}

impl Stage {
    fn new(hold: u64) -> Self {
        let (readings, hold) = (Rc::default(), Duration::from_secs(hold));
        let mut fixture = Fixture::new();
        fixture.device("TV");
        let measurement = measurement(&readings, hold, &AlertsConfig::default());
        Self { fixture, measurement, readings, hold }
    }

    /// Reports on what these devices have.
    fn report(&mut self, values: &[(&str, f64)]) -> Report {
        let limits = Limits { warning: Some(100.0), critical: Some(200.0) };
        let reading = |(device, value): &(&str, f64)| Reading {
            device: (*device).into(),
            value: *value,
            limits,
            what: format!("{device} has {value}"),
        };
        *self.readings.borrow_mut() = values.iter().map(reading).collect();
        self.fixture.report(&mut self.measurement)
    }

    /// The points of a report on one value of the TV, in short; an event behind each `!`.
    fn tv(&mut self, value: f64) -> String {
        told(&self.report(&[("TV", value)]))
    }

    /// The program is started again, after so many seconds.
    fn restart(&mut self, after: u64) -> State {
        let mut kept = State::default();
        self.measurement.keep(&mut kept);
        self.measurement = measurement(&self.readings, self.hold, &AlertsConfig::default());
        self.measurement.restore(&mut kept.clone());
        self.fixture.wall = self.fixture.wall.map(|wall| wall + Duration::from_secs(after));
        kept
    }
}

fn measurement(
    readings: &Rc<RefCell<Vec<Reading>>>,
    hold: Duration,
    config: &AlertsConfig,
) -> ConnectionAlert {
    let rule = Scripted { readings: Rc::clone(readings), hold };
    ConnectionAlert { board: Board::with_rules(config, vec![Box::new(rule)]) }
}

/// The first letter of each point's severity and whether it fires, and what has changed.
fn told(report: &Report) -> String {
    let points = report.points.iter().map(|point| {
        let severity = point.tags.own("severity").unwrap();
        format!("{}{}", &severity[..1], integer(point, "firing").unwrap())
    });
    let events = report.findings.events.iter().map(|event| {
        let (severity, firing) = (event.severity.name(), u8::from(event.firing));
        format!("!{}{firing}", &severity[..1])
    });
    points.chain(events).collect::<Vec<_>>().join(" ")
}

fn value<'a>(point: &'a Point, name: &str) -> Option<&'a Value> {
    point.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
}

fn integer(point: &Point, name: &str) -> Option<i64> {
    value(point, name).map(|value| match value {
        Value::Integer(value) => *value,
        other => panic!("{other:?}"),
    })
}

fn message(report: &Report) -> String {
    match report.points.last().and_then(|point| value(point, "message")) {
        Some(Value::Text(text)) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_fires_grows_graver_and_clears_each_after_its_time() {
    let mut stage = Stage::new(60);
    let timeline = [
        (100.0, ""),
        (101.0, ""),
        (150.0, ""),
        (201.0, "w1 !w1"),
        (201.0, ""),
        // The series of the warning ends at the same instant.
        (201.0, "c1 w0 !c1"),
        (190.0, ""),
        (180.0, ""),
        (180.0, ""),
        (180.0, "c0 w1 !w1"),
        (95.0, ""),
        (90.0, ""),
        (90.0, ""),
        (90.0, "w0 !w0"),
        (90.0, ""),
    ];
    for (tick, (value, expected)) in timeline.into_iter().enumerate() {
        assert_eq!(stage.tv(value), expected, "{tick}: {value}");
    }
}

#[test]
fn a_point_says_what_since_when_and_what_to_do() {
    let mut stage = Stage::new(30);
    assert_eq!(stage.tv(143.0), "");
    let report = stage.report(&[("TV", 143.5)]);
    let point = &report.points[0];
    let expected = [
        ("firing", Value::Integer(1)),
        ("value", Value::Float(143.5)),
        ("threshold", Value::Float(100.0)),
        ("since", Value::Integer(1_796_040_000)),
        ("message", Value::Text("TV has 143.5. Since 12:00. Restart it.".into())),
    ];
    assert_eq!(point.fields, expected.map(|(name, value)| (name.into(), value)));
    let tags: Vec<_> = point.tags.iter().collect();
    assert_eq!(tags, [("device_name", "TV"), ("rule", "spike"), ("severity", "warning")]);
    assert_eq!(report.findings.firing.get("TV"), Some(&vec!["spike"]));
    assert_eq!(report.findings.events[0].message, "TV has 143.5. Since 12:00. Restart it.".into());
    stage.tv(7.0);
    let report = stage.report(&[("TV", 8.0)]);
    assert_eq!(message(&report), "It is over after 1 minute: TV has 8.");
    assert!(report.findings.firing.is_empty());
}

#[test]
fn while_it_fires_it_is_told_every_five_minutes() {
    let mut stage = Stage::new(0);
    let told: Vec<_> = (0..31).map(|_| stage.tv(101.0)).collect();
    for (tick, told) in told.iter().enumerate() {
        let expected = match tick {
            0 => "w1 !w1",
            10 | 20 | 30 => "w1",
            _ => "",
        };
        assert_eq!(told, expected, "{tick}");
    }
}

#[test]
fn without_a_clock_it_isnt_told_since_when_until_there_is_one() {
    let mut stage = Stage::new(0);
    stage.fixture.wall = None;
    let report = stage.report(&[("TV", 101.0)]);
    assert_eq!((integer(&report.points[0], "since"), &*message(&report)), (None, "TV has 101. Restart it."));
    stage.fixture.wall = Some(Duration::from_secs(1_796_043_600));
    for _ in 0..9 {
        stage.tv(101.0);
    }
    let report = stage.report(&[("TV", 101.0)]);
    assert_eq!(integer(&report.points[0], "since"), Some(1_796_043_600 - 30), "the time since boot tells");
    // The clock is set once more: what was told stays.
    stage.fixture.wall = Some(Duration::from_secs(1_796_400_000));
    for _ in 0..9 {
        stage.tv(101.0);
    }
    let report = stage.report(&[("TV", 101.0)]);
    assert_eq!(integer(&report.points[0], "since"), Some(1_796_043_600 - 30));
}

#[test]
fn a_device_that_has_gone_has_nothing_and_one_that_is_not_judged_stays() {
    let mut stage = Stage::new(60);
    stage.fixture.device("NAS");
    for _ in 0..3 {
        stage.report(&[("TV", 101.0), ("NAS", 1.0)]);
    }
    // It is there, and its figures aren't.
    for _ in 0..4 {
        assert_eq!(told(&stage.report(&[("NAS", 1.0)])), "");
    }
    stage.fixture.owners.devices.retain(|row| row.name().is_some_and(|name| **name == *"NAS"));
    // Nobody is judged: that says nothing of the device.
    for _ in 0..3 {
        assert_eq!(told(&stage.report(&[])), "");
    }
    let report: Vec<_> = (0..4).map(|_| stage.report(&[("NAS", 1.0)])).collect();
    let all: Vec<_> = report.iter().map(told).collect();
    assert_eq!(all, ["", "", "w0 !w0", ""]);
    assert_eq!(message(&report[2]), "It is over after 6 minutes: TV has no connections any more.");
    assert_eq!(report[2].points[0].tags.own("device_name").map(|name| &**name), Some("TV"));
}

#[test]
fn what_nobody_judges_for_a_day_is_over() {
    let mut stage = Stage::new(0);
    stage.fixture.report_every = Duration::from_hours(1);
    assert_eq!(stage.tv(101.0), "w1 !w1");
    for hour in 1..24 {
        assert_eq!(told(&stage.report(&[])), "w1", "{hour}");
    }
    assert_eq!(told(&stage.report(&[])), "w0 !w0");
    assert_eq!(told(&stage.report(&[])), "");
}

#[test]
fn what_is_muted_is_not_told_and_ends_if_it_was() {
    let mut stage = Stage::new(0);
    let config = |text: &str| Config::parse(text).unwrap().alerts;
    let mute = config("[[alerts.mute]]\ndevice = \"tv\"\nrule = \"spike\"");
    stage.measurement = measurement(&stage.readings, stage.hold, &mute);
    stage.fixture.device("NAS");
    let report = stage.report(&[("TV", 500.0), ("NAS", 500.0)]);
    assert_eq!(told(&report), "c1 !c1");
    assert_eq!(report.findings.events[0].device, "NAS".into());
    assert!(!report.findings.firing.contains_key("TV"));
    // It fires when it is muted.
    let mut stage = Stage::new(60);
    (0..3).for_each(|_| drop(stage.tv(101.0)));
    let mut kept = State::default();
    stage.measurement.keep(&mut kept);
    stage.measurement = measurement(&stage.readings, stage.hold, &mute);
    stage.measurement.restore(&mut kept);
    assert_eq!(stage.tv(101.0), "w0 !w0");
    assert_eq!(stage.tv(101.0), "");
}

#[test]
fn a_rule_that_is_switched_off_ends_what_fires_and_one_with_other_limits_goes_on() {
    let mut stage = Stage::new(0);
    // What fires is of a rule that there is by itself, too.
    let mut kept = State::default();
    assert_eq!(stage.tv(101.0), "w1 !w1");
    stage.measurement.keep(&mut kept);
    kept.alerts[0].rule = "connections_high".to_owned();
    let config = |text: &str| Config::parse(text).unwrap();
    let (mut fixture, mut measurement) = (Fixture::new(), ConnectionAlert::new(&Config::default()));
    fixture.device("TV");
    measurement.restore(&mut kept);
    assert_eq!(told(&fixture.report(&mut measurement)), "w1", "it goes on");
    measurement.reconfigure(&config("alerts.connections_high.connections = 7"));
    assert_eq!(told(&fixture.report(&mut measurement)), "", "still");
    measurement.reconfigure(&config("alerts.connections_high.enabled = false"));
    assert_eq!(told(&fixture.report(&mut measurement)), "w0 !w0");
    assert_eq!(told(&fixture.report(&mut measurement)), "");
}

#[test]
fn what_fires_outlives_a_restart_or_is_over_at_the_first_judgement() {
    let mut stage = Stage::new(60);
    (0..3).for_each(|_| drop(stage.tv(250.0)));
    let kept = stage.restart(600);
    let known = &kept.alerts[0];
    assert_eq!((&*known.device, &*known.rule, &*known.severity), ("TV", "spike", "critical"));
    assert_eq!(known.since, 1_796_040_000);
    // Nothing has changed, so it is no event; but it is told, for its series has been silent.
    let report = stage.report(&[("TV", 195.0)]);
    assert_eq!((told(&report), integer(&report.points[0], "since")), ("c1".to_owned(), Some(1_796_040_000)));
    assert_eq!(message(&report), "TV has 195. Since 12:00. Restart it.");
    assert_eq!(stage.tv(195.0), "");
    stage.restart(600);
    assert_eq!(stage.tv(3.0), "c0 !c0", "without waiting for its time");
    assert_eq!(stage.tv(3.0), "");
}

#[test]
fn what_fired_before_a_restart_and_cannot_be_judged_yet_is_told_without_figures() {
    let mut stage = Stage::new(60);
    (0..3).for_each(|_| drop(stage.tv(250.0)));
    stage.restart(0);
    let report = stage.report(&[]);
    assert_eq!(told(&report), "c1");
    assert_eq!(value(&report.points[0], "value"), None);
    assert_eq!(
        message(&report),
        "TV was in alert when this program was started again. Since 12:00. Restart it."
    );
    assert_eq!(stage.tv(250.0), "");
}

#[test]
fn nothing_that_is_kept_can_make_it_fail() {
    let known = |device: &str, rule: &str, severity: &str| crate::state::KnownAlert {
        device: device.to_owned(),
        rule: rule.to_owned(),
        severity: severity.to_owned(),
        since: 0,
    };
    let mut stage = Stage::new(0);
    let alerts = vec![known("TV", "gone", "warning"), known("TV", "spike", "grave"), known("", "spike", "")];
    stage.measurement.restore(&mut State { alerts, ..State::default() });
    let report = stage.report(&[("TV", 101.0)]);
    assert_eq!(told(&report), "w0 w1 !w0", "nobody is called by nothing");
    let many: Vec<_> = (0..3000).map(|number| known(&format!("d{number}"), "spike", "warning")).collect();
    stage.measurement.restore(&mut State { alerts: many, ..State::default() });
    assert!(stage.report(&[]).points.len() <= crate::alerts::ALERTS_AT_MOST);
}

#[test]
fn a_series_whose_tags_change_ends() {
    let mut stage = Stage::new(0);
    assert_eq!(stage.tv(101.0), "w1 !w1");
    let row = stage.fixture.owners.devices.first_mut().unwrap();
    row.tags = [("device_name", "TV".into()), ("ip", "192.168.1.7".into())].into();
    let report = stage.report(&[("TV", 101.0)]);
    assert_eq!(told(&report), "w1 w0");
    let ips: Vec<_> = report.points.iter().map(|point| point.tags.own("ip").is_some()).collect();
    assert_eq!(ips, [true, false]);
}

#[test]
fn there_is_room_for_so_many_and_the_rest_is_counted() {
    let mut stage = Stage::new(0);
    let names: Vec<String> = (0..1100).map(|number| format!("d{number:04}")).collect();
    let values: Vec<(&str, f64)> = names.iter().map(|name| (&**name, 101.0)).collect();
    let report = stage.report(&values);
    assert_eq!((report.points.len(), report.findings.series_overflow), (1024, 76));
    assert_eq!(report.findings.firing.len(), 1024);
    let unusual = [("a", f64::NAN), ("b", f64::INFINITY), ("c", -1.0)];
    let report = stage.report(&unusual);
    assert!(report.points.iter().all(|point| integer(point, "firing") == Some(0)), "the others have gone");
    assert_eq!(report.points.len(), 1024);
}

#[test]
fn every_field_is_in_the_schema_and_every_rule_fits_its_tag() {
    let mut stage = Stage::new(0);
    let report = stage.report(&[("TV", 201.0)]);
    let names: Vec<_> = report.points[0].fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    let longest = |key: &str| SCHEMA.tags.iter().find(|tag| tag.key == key).unwrap().longest;
    let rules = crate::alerts::rules::NAMES.iter().map(|name| name.len()).max();
    assert_eq!(rules, Some(longest("rule")));
    let severities = [Severity::Warning, Severity::Critical].map(|severity| severity.name().len());
    assert_eq!(severities.into_iter().max(), Some(longest("severity")));
}
