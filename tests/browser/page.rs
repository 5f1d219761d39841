//! The page, as somebody has it before them.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::driver::Driver;
use super::wait::until;

pub(crate) const TAB: char = '\u{e004}';
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const ESCAPE: char = '\u{e00c}';

/// A screen. The narrow one is the narrowest phone in use.
pub(crate) const WIDE: (u32, u32) = (1280, 900);
pub(crate) const NARROW: (u32, u32) = (360, 780);

pub(crate) struct Page {
    pub(crate) driver: Driver,
}

impl Page {
    /// Opens it, and waits for its first figures.
    pub(crate) fn open(base: &str) -> Self {
        let page = Self { driver: Driver::start() };
        page.driver.go(base);
        until("the first figures", || (page.text("#state")? == "live").then_some(()));
        page
    }

    /// A value of JavaScript.
    pub(crate) fn value(&self, expression: &str) -> Value {
        self.driver.run(&format!("return {expression}"), &[])
    }

    pub(crate) fn is(&self, expression: &str) -> bool {
        self.value(expression) == Value::Bool(true)
    }

    pub(crate) fn until(&self, expression: &str) {
        until(expression, || self.is(expression).then_some(()));
    }

    /// What stands in the first element that matches.
    pub(crate) fn text(&self, selector: &str) -> Option<String> {
        let found =
            self.driver.run("return document.querySelector(arguments[0])?.textContent", &[json!(selector)]);
        found.as_str().map(str::to_owned)
    }

    /// What stands in all elements that match.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map((element) => element.textContent)";
        let found = self.driver.run(script, &[json!(selector)]);
        let texts = found.as_array().expect("a list").iter();
        texts.map(|text| text.as_str().expect("a text").to_owned()).collect()
    }

    /// Has it ask once more; the overview that it is showing now.
    pub(crate) fn refreshed(&self) -> Value {
        let seen = self.driver.run(
            "window.real ??= window.fetch;
             return new Promise((tell) => {
                 window.fetch = async (what, ...rest) => {
                     const response = await window.real(what, ...rest);
                     if (String(what).endsWith('overview')) {
                         window.fetch = window.real;
                         response.clone().json().then((body) => setTimeout(() => tell(body), 100));
                     }
                     return response;
                 };
                 document.dispatchEvent(new Event('visibilitychange'));
             });",
            &[],
        );
        assert!(seen["devices"].is_array(), "{seen}");
        seen
    }

    pub(crate) fn resize(&self, (width, height): (u32, u32)) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.driver.chromium("Emulation.setDeviceMetricsOverride", &screen);
    }

    /// Nothing can be pushed to the side.
    pub(crate) fn assert_fits(&self, width: u32) {
        let widths = self.value(
            "[document.documentElement, document.body, document.querySelector('dialog')].map((element) => element.scrollWidth)",
        );
        let widths = widths.as_array().expect("a list");
        assert!(widths.iter().all(|found| found.as_u64() <= Some(width.into())), "{widths:?}");
    }

    /// A picture for each scheme of colours, in `target/screenshots`.
    pub(crate) fn take_pictures(&self, name: &str) {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&directory).expect("a directory");
        for scheme in ["dark", "light"] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.driver.chromium("Emulation.setEmulatedMedia", &media);
            self.until(&format!("matchMedia('(prefers-color-scheme: {scheme})').matches"));
            let picture = self.driver.chromium("Page.captureScreenshot", &json!({ "format": "png" }));
            let file = File::create(directory.join(format!("{name}-{scheme}.png"))).expect("a picture");
            let mut decoder = Command::new("base64")
                .arg("--decode")
                .stdin(Stdio::piped())
                .stdout(file)
                .spawn()
                .expect("base64, of coreutils");
            let data = picture["data"].as_str().expect("a picture");
            decoder.stdin.take().expect("its input").write_all(data.as_bytes()).expect("all of it");
            assert!(decoder.wait().is_ok_and(|status| status.success()));
        }
    }

    /// Nothing went wrong that a browser tells.
    pub(crate) fn assert_quiet(&self) {
        assert!(!self.driver.has_prompt(), "a dialog is open");
        let said = self.driver.console();
        assert!(said.is_empty(), "{said:?}");
    }
}
