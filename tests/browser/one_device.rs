//! One device: its last hour, its destinations, its connections.

use serde_json::{Value, json};

use super::daemon::Served;
use super::page::Page;
use super::wait::until;

/// Its hour, figures and connections are there.
const IS_SHOWN: &str =
    "document.querySelector('dialog').open && document.querySelector('#detail section') !== null";
pub(crate) const IS_CLOSED: &str = "!document.querySelector('dialog').open && location.hash === ''";

impl Page {
    /// Waits for a device that was asked for.
    pub(crate) fn await_device(&self, name: &str) {
        self.until(IS_SHOWN);
        assert_eq!(self.text("#device-title").as_deref(), Some(name));
    }

    fn ask(&self, path: &str) -> Value {
        self.driver.run("return fetch(arguments[0]).then((response) => response.json())", &[json!(path)])
    }
}

#[test]
fn a_click_shows_its_connections() {
    let served = Served::start("device");
    let page = Page::open(served.base());
    page.driver.click("a[href='#device=desktop-pc']");
    page.await_device("desktop-pc");
    let flows = page.ask("api/v1/flows?device=desktop-pc&limit=200");
    let (listed, left_out) = (flows["flows"].as_array().unwrap(), flows["left_out"].as_u64().unwrap());
    let ends = page.texts("#detail section:last-child code");
    assert!(!ends.is_empty() && ends.len() == listed.len(), "{ends:?}");
    for flow in listed {
        let (address, port) = (flow["remote_address"].as_str().unwrap(), &flow["remote_port"]);
        let end =
            if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
        assert!(ends.contains(&end), "{end}");
    }
    let total = u64::try_from(listed.len()).unwrap() + left_out;
    assert_eq!(page.text("#detail section:last-child h3").unwrap(), format!("Connections ({total})"));
    if served.is_own() {
        let headings = page.texts("#detail h3");
        assert!(headings.iter().any(|heading| heading == "Where to"), "{headings:?}");
        until("two places of an hour", || {
            page.refreshed();
            (page.texts("#detail figure").len() == 2).then_some(())
        });
    }

    page.driver.back();
    page.until(IS_CLOSED);
    // The whole row is there to be clicked at, and a button closes.
    page.driver.click("#devices tbody tr:nth-child(2) td.connections");
    page.until(IS_SHOWN);
    page.driver.click("#close");
    page.until(IS_CLOSED);
    page.assert_quiet();
}

#[test]
fn an_address_leads_to_a_device() {
    let served = Served::start("address");
    let page = Page::open(&format!("{}#device=Living%20Room%20TV", served.base()));
    page.await_device("Living Room TV");
    page.driver.click("#close");
    page.until(IS_CLOSED);
    assert_eq!(page.driver.address(), served.base());
    page.assert_quiet();
}
