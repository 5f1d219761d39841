use super::*;

fn published() -> Published {
    let device = |name: &str| Device { name: name.to_owned(), connections: Some(3), ..Device::default() };
    let overview = Overview {
        devices: vec![device("a \"b\""), device("tv")],
        alerts: vec![Alert { device: "tv".to_owned(), rule: "leak".to_owned(), ..Alert::default() }],
        ..Overview::default()
    };
    let hour = Hour {
        seconds_ago: vec![30, 0],
        connections: vec![Some(2), None],
        rx_bits_per_second: vec![Some(1.5), None],
        tx_bits_per_second: vec![None, None],
    };
    Published::new(Arc::new(overview), Arc::new(Hours::from([("tv".to_owned(), hour)])), None)
}

fn text(bytes: &Bytes) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn devices_come_with_a_line_or_none() {
    let published = published();
    let devices = r#"{"devices":[{"name":"a \"b\"","connections":3,"sparkline":null},{"name":"tv","connections":3,"sparkline":[2,null]}]}"#;
    assert_eq!(text(&published.devices()), devices);
    let overview = published.overview();
    let rest = text(&overview).strip_prefix(r#"{"status":{"version":""},"#).unwrap();
    assert!(rest.starts_with(devices.trim_matches(['{', '}'])), "{rest}");
    assert!(rest.ends_with(r#","alerts":[{"device":"tv","rule":"leak","severity":""}]}"#), "{rest}");
    assert_eq!(published.overview().as_ptr(), overview.as_ptr(), "written once");
    assert_eq!(text(&published.alerts()), r#"{"alerts":[{"device":"tv","rule":"leak","severity":""}]}"#);
}

#[test]
fn one_device_comes_with_its_hour() {
    let published = published();
    let hour = r#"{"seconds_ago":[30,0],"connections":[2,null],"rx_bits_per_second":[1.5,null],"tx_bits_per_second":[null,null]}"#;
    let expected = format!(r#"{{"name":"tv","connections":3,"hour":{hour}}}"#);
    assert_eq!(text(&published.device("tv").unwrap()), expected);
    assert!(text(&published.device("a \"b\"").unwrap()).ends_with(r#""hour":null}"#));
    assert_eq!(published.device("TV"), None);
}

#[test]
fn a_sparkline_keeps_peaks_and_ends_with_the_latest() {
    let numbers = |count: u32| (0..count).map(Some).collect::<Vec<_>>();
    assert_eq!(thin_out(&[]), []);
    assert_eq!(thin_out(&numbers(60)), numbers(60));
    assert_eq!(thin_out(&numbers(61))[..3], [Some(0), Some(2), Some(4)]);
    let thin = thin_out(&numbers(145));
    assert_eq!((thin.len(), thin.last()), (49, Some(&Some(144))));
    assert_eq!(thin_out(&[vec![None; 100], vec![Some(7), None]].concat()).last(), Some(&Some(7)));
    assert!(thin_out(&vec![None; 100]).iter().all(Option::is_none), "what isn't known is not 0");
}
