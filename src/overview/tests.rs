use super::fixture::{latest, off, part, take};
use super::*;
use crate::measurements::{
    connection_rate, connection_state, conntrack, conntrack_exporter, device_activity, device_traffic,
};

const MINUTE: Duration = Duration::from_mins(1);

const STATES: [&str; 5] = [
    "device_name=tv protocol=tcp state=ESTABLISHED count=5i",
    "device_name=tv protocol=tcp state=TIME_WAIT count=2i",
    "device_name=tv protocol=udp state=ACTIVE count=1i",
    "device_name=router protocol=udp state=ACTIVE count=3i",
    "device_name=other protocol=udp state=UNREPLIED count=4i",
];

#[test]
fn what_measurements_tell_of_a_device_stands_together() {
    let mut latest = latest();
    let parts = vec![
        part(&connection_state::SCHEMA, &STATES),
        part(
            &connection_rate::SCHEMA,
            &[
                "device_name=tv protocol=tcp opened=3i closed=1i opened_per_second=0.1",
                "device_name=tv protocol=udp opened=6i closed=2i opened_per_second=0.2",
            ],
        ),
        part(
            &device_traffic::SCHEMA,
            &[
                "device_name=tv rx_bytes=1000i tx_bytes=10i rx_bits_per_second=8000000 tx_bits_per_second=1",
                "device_name=router rx_bytes=1000i tx_bytes=10i rx_bits_per_second=9000000 tx_bits_per_second=2",
            ],
        ),
        part(&device_activity::SCHEMA, &["device_name=tv activity=video confidence=0.9 why=because"]),
        part(&inventory::SCHEMA, &["device_name=tv device_type=streaming ip=192.0.2.1 online=1i"]),
        part(&conntrack::SCHEMA, &["host=gw ip_conntrack_count=15 ip_conntrack_max=100 fill_ratio=0.15"]),
        part(&conntrack_exporter::SCHEMA, &["host=gw sequence=7i started=1796000000i"]),
        part(&connection_alert::SCHEMA, &[]),
    ];
    take(&mut latest, parts, MINUTE);
    let Overview { status, devices, alerts } = Arc::unwrap_or_clone(latest.overview());
    let names: Vec<_> =
        devices.iter().map(|device| (&*device.name, device.entries, device.connections)).collect();
    assert_eq!(names, [("other", Some(4), Some(0)), ("router", Some(3), Some(3)), ("tv", Some(8), Some(6))]);
    let tv = &devices[2];
    assert_eq!(
        (tv.device_type.as_deref(), tv.online, tv.rx_bits_per_second),
        (Some("streaming"), Some(true), Some(8e6))
    );
    assert!((tv.opened_per_second.unwrap() - 0.3).abs() < 1e-9 && tv.closed_per_second.is_none());
    assert_eq!(tv.activity.as_ref().unwrap().why.as_deref(), Some("because"));
    assert_eq!((&tv.trend, tv.destinations.len(), tv.states["tcp"]["TIME_WAIT"]), (&None, 0, 2));
    assert_eq!(
        (status.host.as_deref(), status.sequence, status.time),
        (Some("gw"), Some(7), Some(1_796_040_060))
    );
    assert_eq!((status.connections, status.entries, status.devices_online), (Some(9), Some(15.0), Some(1)));
    assert_eq!(
        (status.rx_bits_per_second, status.tx_bits_per_second),
        (Some(8e6), Some(1.0)),
        "not the router's"
    );
    assert_eq!((status.alerts, alerts.len()), (Some(0), 0));
}

#[test]
fn what_is_switched_off_is_absent() {
    let mut latest = latest();
    take(
        &mut latest,
        vec![part(&connection_state::SCHEMA, &STATES), part(&conntrack::SCHEMA, &["fill_ratio=1"])],
        MINUTE,
    );
    take(
        &mut latest,
        vec![off(&connection_state::SCHEMA), part(&device_traffic::SCHEMA, &["device_name=tv rx_bytes=1i"])],
        2 * MINUTE,
    );
    let text = serde_json::to_string(&latest.overview().devices).unwrap();
    assert_eq!(text, r#"[{"name":"tv"}]"#);
    let status = latest.overview().status.clone();
    assert_eq!((status.alerts, status.devices_online, status.connections), (None, None, None));
    assert_eq!(status.fill_ratio, Some(1.0), "what wasn't due stays");
}

#[test]
fn what_is_told_on_change_stays_until_it_is_over() {
    let mut latest = latest();
    let alert = |told: &str| part(&connection_alert::SCHEMA, &[told]);
    let leak = "device_name=tv rule=leak severity=warning value=40 threshold=20";
    take(&mut latest, vec![alert(&format!("{leak} firing=1i since=7i message=leaking"))], MINUTE);
    take(&mut latest, vec![alert("device_name=nas rule=scan severity=critical firing=1i")], 2 * MINUTE);
    take(&mut latest, vec![part(&connection_alert::SCHEMA, &[])], 3 * MINUTE);
    let alerts = latest.overview().alerts.clone();
    let told: Vec<_> =
        alerts.iter().map(|alert| (&*alert.rule, alert.since, alert.message.as_deref())).collect();
    assert_eq!(told, [("scan", None, None), ("leak", Some(7), Some("leaking"))], "the gravest first");
    take(&mut latest, vec![alert(&format!("{leak} firing=0i"))], 4 * MINUTE);
    assert_eq!(latest.overview().alerts.len(), 1);
    let there = |online: &str| part(&inventory::SCHEMA, &[&*format!("device_name=tv online={online}")]);
    take(&mut latest, vec![there("1i")], 5 * MINUTE);
    take(&mut latest, vec![part(&inventory::SCHEMA, &[])], 6 * MINUTE);
    assert_eq!(latest.overview().devices.len(), 1);
    take(&mut latest, vec![there("0i"), off(&connection_alert::SCHEMA)], 7 * MINUTE);
    assert_eq!((latest.overview().devices.len(), latest.overview().status.alerts), (0, None));
}

#[test]
fn sums_grow_from_the_start_on() {
    let mut latest = latest();
    for _ in 0..3 {
        let parts = vec![
            part(&connection_rate::SCHEMA, &["device_name=tv protocol=tcp opened=3i closed=1i"]),
            part(
                &device_traffic::SCHEMA,
                &["device_name=tv rx_bytes=1000i tx_bytes=10i", "device_name=nas connections=4i"],
            ),
        ];
        take(&mut latest, parts, MINUTE);
    }
    let totals = latest.totals();
    assert_eq!(totals.turnover(), [("tv", "tcp", Turnover { opened: 9, closed: 3 })]);
    assert_eq!(totals.moved(), [("tv", [3000, 30])], "of one whose bytes nobody counts nothing is known");
    for device in 0..2000 {
        let told = format!("device_name=d{device} rx_bytes=1i tx_bytes=1i");
        take(&mut latest, vec![part(&device_traffic::SCHEMA, &[&told])], MINUTE);
    }
    let moved = latest.totals().moved();
    assert!(
        moved.len() == 1024 && moved.iter().all(|(device, _)| *device != "tv" && *device != "d975"),
        "bounded"
    );
}

#[test]
fn the_last_hour_is_remembered() {
    let mut latest = latest();
    let tv = |connections: u32| {
        let told = format!("device_name=tv protocol=tcp state=ESTABLISHED count={connections}i");
        vec![part(&connection_state::SCHEMA, &[&told])]
    };
    // Five seconds apart: five of them share a place.
    for tick in 0..1440 {
        take(&mut latest, tv(tick), 5 * Duration::from_secs(tick.into()));
    }
    let hour = latest.hour("tv", 7_200 * Duration::from_secs(1)).unwrap();
    assert!((144..=145).contains(&hour.connections.len()), "{}", hour.connections.len());
    assert_eq!((hour.connections.last(), hour.seconds_ago.last()), (Some(&Some(1439)), Some(&5)));
    assert!(
        hour.seconds_ago.iter().all(|ago| *ago <= 3_605)
            && hour.seconds_ago.is_sorted_by(|one, next| one > next)
    );
    assert!(hour.rx_bits_per_second.iter().all(Option::is_none));
    take(
        &mut latest,
        vec![part(&connection_state::SCHEMA, &["device_name=nas protocol=tcp state=CLOSE count=1i"])],
        7_230 * Duration::from_secs(1),
    );
    let (tv, nas) = (latest.hour("tv", MINUTE * 121).unwrap(), latest.hour("nas", MINUTE * 121).unwrap());
    assert_eq!((tv.connections.last(), nas.connections.as_slice()), (Some(&None), &[Some(0)][..]));
    take(&mut latest, vec![part(&conntrack::SCHEMA, &["fill_ratio=1"])], MINUTE * 240);
    assert_eq!(latest.hour("tv", MINUTE * 240), None, "forgotten after an hour");
}

#[test]
fn looks_at_the_traffic_alone_change_neither_hour_nor_time() {
    let mut latest = latest();
    take(&mut latest, vec![part(&connection_state::SCHEMA, &STATES)], MINUTE);
    let before = latest.overview();
    let moved = part(&crate::measurements::bandwidth::SCHEMA, &["device_name=tv direction=rx bytes=7i"]);
    take(&mut latest, vec![moved], MINUTE + Duration::from_secs(10));
    assert_eq!(latest.overview(), before);
    assert_eq!(latest.hour("tv", MINUTE).unwrap().connections, [Some(6)]);
}
