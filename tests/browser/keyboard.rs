//! All of it without a mouse.

use super::daemon::Served;
use super::one_device::IS_CLOSED;
use super::page::{ENTER, ESCAPE, Page, TAB};

const FOCUSED: &str = "document.activeElement.textContent";

#[test]
fn keys_lead_to_a_device_and_back() {
    let served = Served::start("keyboard");
    let page = Page::open(served.base());
    let first = page.text("#devices tbody a").unwrap();
    let mut passed = Vec::new();
    while !page.is("document.activeElement.matches('#devices tbody a')") {
        assert!(passed.len() < 40, "{passed:?}");
        page.driver.press(&TAB.to_string());
        passed
            .push(page.value("document.activeElement.id || document.activeElement.textContent").to_string());
        let outline = page.value("getComputedStyle(document.activeElement).outlineStyle");
        assert_ne!(outline, "none", "it shows where one is: {passed:?}");
    }
    assert!(passed.iter().any(|stop| stop.contains("filter")), "{passed:?}");
    assert_eq!(page.value(FOCUSED), first.as_str());

    page.driver.press(&ENTER.to_string());
    page.await_device(&first);
    assert!(page.is("document.querySelector('dialog').contains(document.activeElement)"));
    page.refreshed();
    assert!(page.is("document.querySelector('dialog').contains(document.activeElement)"));
    page.driver.press(&ESCAPE.to_string());
    page.until(IS_CLOSED);
    assert_eq!(page.value(FOCUSED), first.as_str(), "one is where one was");
    page.assert_quiet();
}

#[test]
fn keys_sort() {
    let served = Served::start("keys-sort");
    let page = Page::open(served.base());
    page.driver.run("document.querySelector('#devices th.name button').focus()", &[]);
    page.driver.press(&ENTER.to_string());
    assert_eq!(page.value("document.querySelector('th.name').ariaSort"), "ascending");
    page.driver.press(" ");
    assert_eq!(page.value("document.querySelector('th.name').ariaSort"), "descending");
    assert_eq!(page.value(FOCUSED), "Device");
    page.assert_quiet();
}
