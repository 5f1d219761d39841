use super::*;
use crate::alerts::fixture::{Judged, connections, device};
use crate::measurements::fixture::Fixture;

fn judged() -> (Fixture, Judged<TableFilling>) {
    (Fixture::new(), Judged::new(TableFilling::new(&config::TableFilling::default())))
}

fn table(fill_ratio: f64, seconds_to_full: Option<f64>) -> TableFindings {
    TableFindings { fill_ratio, seconds_to_full }
}

#[test]
fn it_counts_as_full_if_it_will_be_within_the_hour() {
    let (mut fixture, mut judged) = judged();
    let both = (Some(75.0), Some(90.0));
    for (fill_ratio, seconds_to_full, value, (warning, critical)) in [
        (0.5, None, 50.0, both),
        (0.875, None, 87.5, both),
        (0.5, Some(3601.0), 50.0, both),
        (0.5, Some(3600.0), 100.0, (Some(75.0), None)),
        (0.75, Some(0.0), 100.0, (Some(75.0), None)),
        (0.875, Some(60.0), 87.5, both),
        (1.0, Some(0.0), 100.0, both),
    ] {
        fixture.found.table = Some(table(fill_ratio, seconds_to_full));
        judged.rule.holder = None;
        fixture.pass(&mut judged, &[]);
        fixture.report(&mut judged);
        let device = judged.readings[0].device.clone();
        assert_eq!(
            judged.figures(&device),
            Some((value, warning, critical)),
            "{fill_ratio} {seconds_to_full:?}"
        );
    }
    fixture.found.table = None;
    fixture.report(&mut judged);
    assert!(judged.readings.is_empty());
}

#[test]
fn it_stays_with_who_had_the_largest_share_when_it_began() {
    let (mut fixture, mut judged) = judged();
    let [nas, pc] = ["NAS", "PC"].map(|name| device(&mut fixture, name, None));
    let mut at = |fill: f64, of_nas: u16, of_pc: u16, firing: Option<&str>| {
        fixture.found.table = Some(table(fill, None));
        judged.firing = firing.map(|name| (name.into(), vec!["table_filling"])).into_iter().collect();
        fixture.pass(&mut judged, &[connections(nas, of_nas, 0), connections(pc, of_pc, 0)].concat());
        fixture.report(&mut judged);
        (judged.readings[0].device.to_string(), judged.readings[0].what.clone())
    };
    assert_eq!(at(0.5, 10, 20, None).0, "PC");
    assert_eq!(at(0.8, 30, 20, None).0, "NAS");
    assert_eq!(at(0.8, 30, 40, None).0, "NAS", "it has begun");
    assert_eq!(at(0.7, 30, 40, Some("NAS")).0, "NAS", "it still fires");
    let (device, what) = at(0.72, 7, 40, Some("NAS"));
    assert_eq!(
        (&*device, &*what),
        ("NAS", "the table of connections is 72 % full; NAS has 7 of its entries")
    );
    assert_eq!(at(0.6, 30, 40, None).0, "PC", "it is over");
    assert_eq!(at(0.8, 30, 40, Some("NAS")).0, "NAS", "it fired before a restart");
}

#[test]
fn it_says_in_which_time_it_will_be_full() {
    let (mut fixture, mut judged) = judged();
    fixture.found.table = Some(table(0.4, Some(1500.0)));
    fixture.pass(&mut judged, &[]);
    fixture.report(&mut judged);
    assert_eq!(
        judged.readings[0].what,
        "the table of connections is 40 % full and will be full in 25 min; router has 0 of its entries"
    );
}
