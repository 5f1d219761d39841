//! Names of devices are what strangers say.

use super::daemon::{Changes, Served};
use super::one_device::IS_CLOSED;
use super::page::{NARROW, Page};

/// Each is a device's name; at most 64 bytes, for more would be cut.
const NAMES: [&str; 22] = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert(1)</script>",
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "\" onfocus=alert(1) autofocus x=\"",
    "' style='position:fixed;inset:0",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<a href=//198.51.100.1>here</a>",
    "<!--",
    "&lt;b&gt;&#60;i&#62;",
    "{{7*7}}${7*7}#{7*7}",
    "%3Cb%3E%00%zz",
    "#device=nas&device=nas?limit=0",
    "__proto__",
    "constructor",
    "toString",
    "../../../../etc/passwd",
    "😀 Ünïcödé 家庭 אבג",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
];

/// A device for each, with a connection; and one whose name turns the direction of writing round.
fn changes() -> (String, String) {
    let names = NAMES.iter().copied().chain(["\u{202e}evil\u{200b}"]).enumerate();
    names.fold((String::new(), String::new()), |(names, table), (number, name)| {
        let address = format!("192.168.8.{}", 200 + number);
        let line = format!(
            "ipv4     2 tcp      6 7390 ESTABLISHED src={address} dst=198.51.100.9 sport=5000 dport=443 packets=6 \
             bytes=1204 src=198.51.100.9 dst=203.0.113.10 sport=443 dport=5000 packets=8 bytes=9170 [ASSURED] mark=0 \
             zone=0 use=2\n"
        );
        (format!("{names}|{address}|{name}|iot\n"), table + &line)
    })
}

#[test]
fn names_of_devices_do_nothing() {
    let (names, table) = changes();
    let served =
        Served::start_with("hostile", &Changes { names: &names, table: &table, ..Changes::default() });
    if !served.is_own() {
        return;
    }
    let page = Page::open(served.base());
    page.resize(NARROW);
    let shown = page.texts("#devices tbody a");
    let elements =
        "document.querySelectorAll('script, style, img, iframe, object, embed, form, base, title *').length";
    let strange = "[...document.querySelectorAll('#devices tbody *, #alerts li *')].map((element) => element.localName)\
         .filter((name) => !'tr td a bdi small span b i svg path ul li p strong'.split(' ').includes(name)).length";
    for name in NAMES {
        assert!(shown.iter().any(|shown| shown == name), "{name:?} is not among {shown:?}");
    }
    // The daemon has made it harmless already.
    assert!(!shown.iter().any(|name| name.contains(['\u{202e}', '\u{200b}'])), "{shown:?}");
    for name in NAMES {
        let link = page.driver.run(
            "const link = [...document.querySelectorAll('#devices tbody a')].find((link) => link.textContent === arguments[0]);
             link.click();
             return link.getAttribute('href');",
            &[name.into()],
        );
        assert!(link.as_str().is_some_and(|link| link.starts_with("#device=")), "{link}");
        page.await_device(name);
        assert_eq!(page.texts("#detail section:last-child code"), ["198.51.100.9:443"], "{name:?}");
        page.assert_fits(NARROW.0);
        page.driver.click("#close");
        page.until(IS_CLOSED);
    }
    assert_eq!(page.value(elements), 1, "the page's own script");
    assert_eq!(page.value(strange), 0);
    page.driver.click("#devices th.name button");
    page.driver.run("document.querySelector('#devices tbody').scrollIntoView()", &[]);
    page.take_pictures("hostile");
    page.assert_quiet();
}
