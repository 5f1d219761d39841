//! How it looks, on a screen and on a phone, by day and by night. The pictures are kept.

use super::daemon::Served;
use super::one_device::IS_CLOSED;
use super::page::{NARROW, Page, WIDE};
use super::wait::until;

#[test]
fn it_fits_a_screen_and_a_phone() {
    let served = Served::start("look");
    let page = Page::open(served.base());
    if served.is_own() {
        until("traffic, an alert and a line of some length", || {
            let seen = page.refreshed();
            let line = seen["devices"][0]["sparkline"].as_array().map_or(0, Vec::len);
            let is_moving = seen["status"]["rx_bits_per_second"].as_f64() > Some(0.0);
            (is_moving && seen["status"]["alerts"].as_u64() > Some(0) && line > 1).then_some(())
        });
    }
    for (name, size) in [("screen", WIDE), ("tablet", (800, 900)), ("phone", NARROW)] {
        page.resize(size);
        page.until(&format!("innerWidth === {}", size.0));
        page.assert_fits(size.0);
        page.take_pictures(name);
        page.driver.run("document.querySelector(\"a[href='#device=desktop-pc']\").click()", &[]);
        page.await_device("desktop-pc");
        page.assert_fits(size.0);
        page.take_pictures(&format!("{name}-device"));
        page.driver.back();
        page.until(IS_CLOSED);
    }
    // On a phone rows are cards, of which everything is in sight.
    let hidden = "[...document.querySelectorAll('#devices td')].filter((cell) => {
         const { left, right } = cell.getBoundingClientRect();
         return left < 0 || right > innerWidth;
     }).length";
    assert_eq!(page.value(hidden), 0);
    page.assert_quiet();
}
