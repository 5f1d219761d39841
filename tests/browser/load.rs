//! What a first look costs, and whether what is shown is what the daemon says.

use serde_json::Value;

use super::daemon::{Changes, Served};
use super::page::{Page, WIDE};
use super::wait::until;

const REQUESTS_AT_MOST: u64 = 4;
const BYTES_AT_MOST: u64 = 150_000;

#[test]
fn a_first_look_costs_four_requests() {
    let served = Served::start("load");
    let page = Page::open(served.base());
    let entries = "['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))";
    let requests = page.value(&format!("{entries}.length")).as_u64().unwrap();
    let bytes = page.value(&format!("{entries}.reduce((sum, entry) => sum + entry.transferSize, 0)"));
    let bytes = bytes.as_u64().unwrap();
    println!("a first look: {requests} requests, {bytes} bytes");
    assert!(requests <= REQUESTS_AT_MOST, "{}", page.value(&format!("{entries}.map((entry) => entry.name)")));
    assert!((1..=BYTES_AT_MOST).contains(&bytes), "{bytes}");
    page.assert_quiet();
}

/// A number as the page writes it, in groups of three digits.
fn grouped(value: &Value) -> String {
    let mut digits = format!("{:.0}", value.as_f64().unwrap());
    for at in (1..digits.len()).rev().filter(|at| (digits.len() - at).is_multiple_of(3)).collect::<Vec<_>>() {
        digits.insert(at, ',');
    }
    digits
}

fn bits(value: &Value) -> String {
    let bits = value.as_f64().unwrap();
    let units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];
    let place = (0..3).find(|place| bits < 999.5 * 1000_f64.powi(*place)).unwrap_or(3);
    let shown = bits / 1000_f64.powi(place);
    let digits = usize::from(place > 0 && shown < 99.95);
    format!("{shown:.digits$} {}", units[usize::try_from(place).unwrap()])
}

fn percent(ratio: &Value) -> String {
    let ratio = ratio.as_f64().unwrap();
    format!("{:.*} %", usize::from(ratio < 0.1), 100.0 * ratio)
}

/// How a figure is written.
type Shown = fn(&Value) -> String;

#[test]
fn tiles_show_what_the_daemon_says() {
    let served = Served::start("tiles");
    let page = Page::open(served.base());
    let seen = if served.is_own() {
        // Traffic is told from the second snapshot on, the alert of the camera's half-open connections likewise.
        until("traffic and an alert", || {
            let seen = page.refreshed();
            let is_moving = seen["status"]["rx_bits_per_second"].as_f64() > Some(0.0);
            (is_moving && seen["status"]["alerts"].as_u64() > Some(0)).then_some(seen)
        })
    } else {
        page.refreshed()
    };
    let status = &seen["status"];
    let tiles: [(&str, &str, Shown); 6] = [
        ("Devices online", "devices_online", grouped),
        ("Connections", "connections", grouped),
        ("Table fill", "fill_ratio", percent),
        ("Down now", "rx_bits_per_second", bits),
        ("Up now", "tx_bits_per_second", bits),
        ("Alerts", "alerts", grouped),
    ];
    let told = tiles.iter().filter(|(_, key, _)| !status[key].is_null());
    let expected: Vec<String> =
        told.map(|(label, key, shown)| format!("{label}{}", shown(&status[key]))).collect();
    let label_and_figure = "[...document.querySelectorAll('#tiles li')].map((tile) => \
         tile.querySelector('.label').textContent + tile.querySelector('strong').textContent)";
    assert_eq!(page.value(label_and_figure), Value::from(expected));
    assert_eq!(page.texts("#alerts li").len(), seen["alerts"].as_array().unwrap().len());
    assert_eq!(page.text("#host").as_deref(), status["host"].as_str());
    page.assert_quiet();
}

/// A column and a field of devices without which it is left out.
const COLUMNS: [(&str, &str); 8] = [
    ("name", "name"),
    ("type", "type"),
    ("doing", "activity"),
    ("connections", "connections"),
    ("down", "rx_bits_per_second"),
    ("up", "tx_bits_per_second"),
    ("opened", "opened_per_second"),
    ("states", "states"),
];

fn assert_columns(page: &Page) -> Vec<String> {
    let seen = page.refreshed();
    let devices = seen["devices"].as_array().unwrap();
    let told = COLUMNS.iter().filter(|(_, field)| devices.iter().any(|device| !device[field].is_null()));
    let expected: Vec<String> = told.map(|(column, _)| (*column).to_owned()).collect();
    let shown = page.value("[...document.querySelectorAll('#devices th')].map((cell) => cell.className)");
    assert_eq!(shown, Value::from(expected.clone()));
    // A cell of what isn't known of one device is empty.
    for (column, field) in COLUMNS.iter().filter(|(column, _)| !["name", "states"].contains(column)) {
        let unknown = devices.iter().filter(|device| device[field].is_null()).count();
        let empty =
            page.texts(&format!("#devices td.{column}")).iter().filter(|text| text.is_empty()).count();
        assert!(
            empty == unknown || !expected.iter().any(|shown| shown == column),
            "{column}: {empty} {unknown}"
        );
    }
    expected
}

#[test]
fn what_is_not_measured_is_left_out() {
    let served = Served::start("columns");
    assert_columns(&Page::open(served.base()));
    if !served.is_own() {
        return;
    }
    let off = "[measurements]\nconnection_rate = false\nbandwidth = false\ndevice_traffic = false\n\
               device_activity = false\ndevice = false\nconnection_alert = false\n";
    let served = Served::start_with("columns-off", &Changes { config: off, ..Changes::default() });
    let page = Page::open(served.base());
    page.resize(WIDE);
    assert_eq!(assert_columns(&page), ["name", "connections", "states"]);
    assert_eq!(page.texts("#tiles .label"), ["Connections", "Table fill"]);
    assert!(page.is("document.querySelector('#alerts').hidden"));
    page.take_pictures("little");
    page.assert_quiet();
}

#[test]
fn it_says_when_the_daemon_has_gone() {
    let mut served = Served::start("gone");
    if !served.is_own() {
        return;
    }
    let page = Page::open(served.base());
    assert!(!page.is("document.body.classList.contains('stale')"));
    page.assert_quiet();
    served.stop();
    page.driver.run("document.dispatchEvent(new Event('visibilitychange'))", &[]);
    page.until("document.querySelector('#state').textContent.startsWith('no longer updated')");
    assert!(page.is("document.body.classList.contains('stale')"));
    assert!(!page.texts("#devices tbody tr").is_empty(), "what was known last stays");
    page.take_pictures("gone");
}
