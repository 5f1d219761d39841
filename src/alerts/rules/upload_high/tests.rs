use super::*;
use crate::alerts::fixture::{Judged, connections, device};
use crate::measurements::fixture::Fixture;

fn judged() -> (Fixture, Judged<UploadHigh>) {
    (Fixture::new(), Judged::new(UploadHigh::new(&config::UploadHigh::default())))
}

#[test]
fn what_is_sent_in_the_last_minute_is_judged_by_the_type() {
    use DeviceType::{Iot, Mobile, Network, Server, Streaming, Unknown, Workstation};
    for (device_type, warning, critical) in [
        (Some(Iot), Some(1.0), Some(5.0)),
        (Some(Mobile), Some(10.0), Some(25.0)),
        (Some(Workstation), Some(25.0), Some(50.0)),
        (Some(Streaming), Some(5.0), Some(15.0)),
        (Some(Unknown), Some(5.0), Some(10.0)),
        (None, Some(5.0), Some(10.0)),
        (Some(Network), None, None),
        (Some(Server), None, None),
    ] {
        let (mut fixture, mut judged) = judged();
        let cam = device(&mut fixture, "Cam", device_type);
        // 10 s and 7.5 MB from one pass to the next: 6 Mbit/s.
        for pass in 0..7 {
            fixture.pass(&mut judged, &connections(cam, 1, pass * 7_500_000));
        }
        fixture.report(&mut judged);
        assert_eq!(judged.figures("Cam"), Some((6.0, warning, critical)), "{device_type:?}");
        // Nothing for half a minute.
        (0..3).for_each(|_| fixture.pass(&mut judged, &connections(cam, 1, 6 * 7_500_000)));
        fixture.report(&mut judged);
        assert_eq!(judged.figures("Cam").map(|(value, ..)| value), Some(3.0));
    }
}

#[test]
fn it_says_what_is_rare() {
    let (mut fixture, mut judged) = judged();
    let cam = device(&mut fixture, "Cam", Some(DeviceType::Iot));
    let nas = device(&mut fixture, "NAS", Some(DeviceType::Server));
    for pass in 0..7 {
        let flows = [connections(cam, 1, pass * 2_000_000), connections(nas, 1, pass * 20_000_000)];
        fixture.pass(&mut judged, &flows.concat());
    }
    fixture.report(&mut judged);
    assert_eq!(
        judged.reading("Cam").unwrap().what,
        "Cam sends 1.6 Mbit/s; smart devices rarely send more than 1 for long"
    );
    assert_eq!(judged.reading("NAS").unwrap().what, "NAS sends 16 Mbit/s");
}

#[test]
fn without_bytes_nobody_is_judged() {
    let (mut fixture, mut judged) = judged();
    let cam = device(&mut fixture, "Cam", Some(DeviceType::Iot));
    let mut flows = connections(cam, 1, 0);
    for (_, _, flow) in &mut flows {
        (flow.original.counters, flow.reply.counters) = (None, None);
    }
    (0..7).for_each(|_| fixture.pass(&mut judged, &flows));
    fixture.report(&mut judged);
    assert!(judged.readings.is_empty());
}
