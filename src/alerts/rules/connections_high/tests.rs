use super::*;
use crate::alerts::fixture::{Judged, connections, device};
use crate::measurements::fixture::Fixture;

fn judged() -> (Fixture, Judged<ConnectionsHigh>) {
    (Fixture::new(), Judged::new(ConnectionsHigh::new(&config::ConnectionsHigh::default())))
}

#[test]
fn televisions_things_and_the_unknown_have_less_than_others() {
    use DeviceType::{Iot, Mobile, Network, Server, Streaming, Unknown, Workstation};
    for (device_type, limit) in [
        (Some(Streaming), 100.0),
        (Some(Iot), 100.0),
        (Some(Unknown), 100.0),
        (None, 100.0),
        (Some(Mobile), 500.0),
        (Some(Workstation), 500.0),
        (Some(Network), 500.0),
        (Some(Server), 500.0),
    ] {
        let (mut fixture, mut judged) = judged();
        let owner = device(&mut fixture, "it", device_type);
        fixture.pass(&mut judged, &connections(owner, 143, 0));
        fixture.report(&mut judged);
        assert_eq!(judged.figures("it"), Some((143.0, Some(limit), None)), "{device_type:?}");
        assert_eq!(judged.figures("router"), Some((0.0, Some(500.0), None)));
        assert_eq!(judged.figures("other"), Some((0.0, Some(500.0), None)));
    }
}

#[test]
fn it_is_told_against_what_others_of_the_type_had() {
    let (mut fixture, mut judged) = judged();
    let tv = device(&mut fixture, "Living Room TV", Some(DeviceType::Streaming));
    let other = device(&mut fixture, "Kitchen TV", Some(DeviceType::Streaming));
    let pc = device(&mut fixture, "PC", Some(DeviceType::Workstation));
    let [tv, pc] = [connections(tv, 143, 0), connections(pc, 40, 0)];
    for count in [22, 4] {
        fixture.pass(&mut judged, &[tv.clone(), pc.clone(), connections(other, count, 0)].concat());
    }
    fixture.report(&mut judged);
    assert_eq!(
        judged.reading("Living Room TV").unwrap().what,
        "Living Room TV has 143 connections; other televisions and players here have had at most 22 in the last hour"
    );
    assert_eq!(judged.reading("PC").unwrap().what, "", "nobody is told");
    fixture.owners.devices.retain(|row| row.name().is_some_and(|name| **name != *"Kitchen TV"));
    fixture.report(&mut judged);
    assert_eq!(
        judged.reading("Living Room TV").unwrap().what,
        "Living Room TV has 143 connections; more than 100 are unusual for such a device"
    );
}

#[test]
fn it_has_a_sentence_for_its_end() {
    let (mut fixture, mut judged) = judged();
    let tv = device(&mut fixture, "TV", None);
    judged.firing.insert("TV".into(), vec!["connections_high"]);
    fixture.pass(&mut judged, &connections(tv, 1, 0));
    fixture.report(&mut judged);
    let what = &judged.reading("TV").unwrap().what;
    assert_eq!(what, "TV has 1 connection; more than 100 are unusual for such a device");
}
