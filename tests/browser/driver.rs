//! Chromium, driven by the W3C's protocol for that: <https://www.w3.org/TR/webdriver2/>.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::http;

/// A browser with one window, of its own profile; gone when dropped.
pub(crate) struct Driver {
    process: Child,
    /// Held: it would end if nobody could read what it says.
    _output: BufReader<ChildStdout>,
    port: u16,
    /// The path of the session.
    session: String,
}

/// What an element is called in the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Driver {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, of Debian's package chromium-driver");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let port = output.by_ref().lines().find_map(|line| {
            let line = line.ok()?;
            line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        let mut driver = Self {
            process,
            _output: output,
            port: port.expect("chromedriver's port"),
            session: "/session".to_owned(),
        };
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            // What opens stays open, so that it is found.
            "unhandledPromptBehavior": "ignore",
            "goog:loggingPrefs": { "browser": "ALL" },
            // Root has no sandbox. A container has little shared memory.
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--hide-scrollbars", "--disable-background-networking", "--window-size=1280,900",
            ] },
        } } });
        let answer = driver.command("POST", "", &capabilities);
        driver.session = format!("/session/{}", answer["sessionId"].as_str().expect("a session"));
        driver
    }

    /// What a command gives; a panic if it fails.
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.attempt(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn attempt(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let what = format!("{method} {}{path}", self.session);
        let (status, answer) = http::ask(self.port, &what, &body).expect("chromedriver's answer");
        let mut answer: Value = serde_json::from_str(&answer).expect("JSON");
        let value = answer["value"].take();
        if status == 200 { Ok(value) } else { Err(value) }
    }

    pub(crate) fn go(&self, address: &str) {
        self.command("POST", "/url", &json!({ "url": address }));
    }

    pub(crate) fn address(&self) -> String {
        self.command("GET", "/url", &Value::Null).as_str().expect("an address").to_owned()
    }

    pub(crate) fn back(&self) {
        self.command("POST", "/back", &json!({}));
    }

    /// Runs the body of a function in the page. A promise is waited for.
    pub(crate) fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Clicks on what people see there.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.command("POST", "/element", &json!({ "using": "css selector", "value": selector }));
        let element = found[ELEMENT].as_str().expect("an element");
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Presses keys, one after the other.
    pub(crate) fn press(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let strokes: Vec<Value> = strokes.collect();
        let keyboard = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.command("POST", "/actions", &keyboard);
    }

    /// Whether a dialog of the browser's is open, such as `alert` opens.
    pub(crate) fn has_prompt(&self) -> bool {
        self.attempt("GET", "/alert/text", &Value::Null).is_ok()
    }

    /// What was said on the console since it was last asked for.
    pub(crate) fn console(&self) -> Vec<String> {
        let said = self.command("POST", "/se/log", &json!({ "type": "browser" }));
        said.as_array().expect("a log").iter().map(Value::to_string).collect()
    }

    /// A command of Chromium's own protocol.
    pub(crate) fn chromium(&self, command: &str, parameters: &Value) -> Value {
        self.command("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = http::ask(self.port, &format!("DELETE {}", self.session), "");
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
