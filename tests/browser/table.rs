//! The table of devices: its order, and what is found in it.

use serde_json::Value;

use super::daemon::Served;
use super::page::Page;

/// The figures of a column, from top to bottom.
fn figures(seen: &Value, page: &Page, field: &str) -> Vec<Option<f64>> {
    let names = page.texts("#devices tbody a");
    let devices = seen["devices"].as_array().unwrap();
    let of = |name: &String| devices.iter().find(|device| device["name"].as_str() == Some(name));
    names.iter().map(|name| of(name).unwrap()[field].as_f64()).collect()
}

fn sorted_by(page: &Page) -> Vec<String> {
    page.texts("#devices th:not([aria-sort=none]) button")
}

#[test]
fn it_is_sorted_by_what_is_clicked() {
    let served = Served::start("sort");
    let page = Page::open(served.base());
    let seen = page.refreshed();
    let count = seen["devices"].as_array().unwrap().len();
    assert_eq!(sorted_by(&page), ["Connections"]);
    let shown = figures(&seen, &page, "connections");
    assert!(shown.len() == count && shown.is_sorted_by(|one, next| one >= next), "{shown:?}");

    page.driver.click("#devices th.states button");
    assert_eq!(sorted_by(&page), ["In the table"]);
    let shown = figures(&seen, &page, "entries");
    assert!(shown.is_sorted_by(|one, next| one >= next), "{shown:?}");
    page.driver.click("#devices th.states button");
    let shown = figures(&seen, &page, "entries");
    assert!(shown.iter().flatten().is_sorted(), "{shown:?}");
    assert!(shown.is_sorted_by_key(Option::is_none), "what isn't known is last: {shown:?}");
    assert_eq!(page.value("document.querySelector('th.states').ariaSort"), "ascending");

    page.driver.click("#devices th.name button");
    let by_name = page.texts("#devices tbody a");
    assert_eq!(sorted_by(&page), ["Device"]);
    // It stays so, and so does where one is.
    page.driver
        .run("document.querySelector('#devices tbody tr:nth-child(3) a').focus(); scrollTo(0, 120)", &[]);
    let there = page.value("[document.activeElement.textContent, scrollY]");
    page.refreshed();
    assert_eq!(page.texts("#devices tbody a"), by_name);
    assert_eq!(page.value("[document.activeElement.textContent, scrollY]"), there);
    page.assert_quiet();
}

#[test]
fn devices_are_found_by_name() {
    let served = Served::start("find");
    let page = Page::open(served.base());
    let all = page.texts("#devices tbody a");
    page.driver.click("#filter");
    page.driver.press("-");
    let expected = all.iter().filter(|name| name.contains('-')).count();
    let found = page.texts("#devices tbody a");
    assert!(expected > 1 && found.len() == expected, "{found:?} of {all:?}");
    assert_eq!(page.text("#shown").unwrap(), format!("{expected} of {}", all.len()));
    page.driver.press("?");
    assert_eq!(
        (page.texts("#devices tbody a").len(), page.text("#empty").unwrap().as_str()),
        (0, "No device matches.")
    );
    page.assert_quiet();
}
