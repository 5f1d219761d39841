use super::*;
use crate::alerts::fixture::{Judged, connections, device};
use crate::measurements::fixture::Fixture;

#[test]
fn things_and_televisions_have_their_own_limits_and_others_none() {
    for (device_type, limit, what) in [
        (Some(DeviceType::Iot), Some(5.0), "Cam has 21 connections; smart devices need at most 5"),
        (
            Some(DeviceType::Streaming),
            Some(20.0),
            "Cam has 21 connections; televisions and players need at most 20",
        ),
        (Some(DeviceType::Mobile), None, "Cam has 21 connections"),
        (None, None, "Cam has 21 connections"),
    ] {
        let (mut fixture, mut judged) =
            (Fixture::new(), Judged::new(TooManyForType::new(&config::TooManyForType::default())));
        let cam = device(&mut fixture, "Cam", device_type);
        fixture.pass(&mut judged, &connections(cam, 21, 0));
        fixture.report(&mut judged);
        assert_eq!(judged.figures("Cam"), Some((21.0, limit, None)));
        assert_eq!(judged.reading("Cam").unwrap().what, what);
        assert_eq!(judged.readings.len(), 1, "neither the router nor others have a type");
    }
}
