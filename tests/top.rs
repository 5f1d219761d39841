//! `top` on a real terminal: tmux's, which tells what is on it and how it is left.
//!
//! It takes tmux. `make test` installs it as root, or says that this was left out; in CI its absence is a failure.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's failure is a panic")]

#[path = "support/sample.rs"]
mod sample;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sample::Sample;

/// How long anything may take. Only a failing test waits for as long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A terminal of 80×24 with a shell in it, and the sample household beside.
struct Terminal(Sample);

impl Terminal {
    /// `None` where there is no tmux.
    fn open(test: &str) -> Option<Self> {
        let version = Command::new("tmux").arg("-V").stdout(Stdio::null()).status();
        if version.is_err() {
            assert!(env::var_os("CI").is_none(), "tmux is missing");
            eprintln!("left out: there is no tmux");
            return None;
        }
        let terminal = Self(Sample::new(test));
        terminal.tmux(&["new-session", "-d", "-x", "80", "-y", "24", "env PS1='ready> ' sh -i"]);
        terminal.wait("ready>", |text| text.contains("ready>"));
        Some(terminal)
    }

    /// Asks this terminal's own tmux, and gives what it says.
    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-f", "/dev/null", "-S"]).arg(self.0.join("socket")).args(arguments);
        // Neither a tmux around this one nor colours switched off there are this one's.
        let output =
            command.env_remove("TMUX").env_remove("NO_COLOR").env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types a line.
    fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.keys(&["Enter"]);
    }

    /// What is on the terminal now.
    fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until something is seen, and gives what is on the terminal then.
    fn wait(&self, what: &str, is_seen: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if is_seen(&text) {
                return text;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {what}:\n{text}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Whether the cursor is seen, and whether it is the second screen.
    fn flags(&self) -> String {
        self.tmux(&["display-message", "-p", "#{cursor_flag} #{alternate_on}"]).trim().to_owned()
    }

    fn is_there(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// Begins `top` with these arguments, between two looks at how the terminal is set.
    fn begin(&self, arguments: &str) {
        let (program, place) = (env!("CARGO_BIN_EXE_conntrack-exporter"), self.0.display());
        self.line(&format!(
            "cd {place}; stty -g >before; sh -c 'echo $$ >pid; exec {program} {arguments}'; \
             echo $? >code; stty -g >after; echo left"
        ));
    }

    fn household(&self) -> String {
        format!("--root {} --config {} top", self.0.root().display(), self.0.config().display())
    }

    /// It has ended well, and left the terminal as it was: its settings, its cursor and what was on it.
    fn is_left_clean(&self) {
        let text = self.wait("the shell", |text| text.lines().any(|line| line == "left"));
        assert!(text.contains("ready> cd ") && !text.contains("DEVICE"), "{text}");
        assert_eq!(self.flags(), "1 0", "the cursor, and no second screen");
        assert_eq!(self.read("before"), self.read("after"));
        assert_eq!(self.read("code"), "0\n");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        let _ = command.arg("-S").arg(self.0.join("socket")).arg("kill-server").output();
    }
}

/// The line that begins with this word.
fn row<'a>(text: &'a str, word: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("no {word}:\n{text}"))
}

#[test]
fn devices_their_connections_and_a_clean_end() {
    let Some(terminal) = Terminal::open("top-devices") else { return };
    terminal.begin(&terminal.household());
    // The last line is drawn last; rates are known by the second look.
    let text = terminal.wait("devices", |text| text.contains("HOSTS") && text.contains("Enter connections"));
    assert_eq!(terminal.flags(), "0 1", "no cursor, and the second screen");
    assert!(text.lines().count() == 24 && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for word in ["Living Room TV", "laptop", "door-camera", "Annas-Phone"] {
        row(&text, word);
    }
    let titles = row(&text, "DEVICE");
    for title in ["CONN", "ESTAB", "DOWN", "UP", "HOSTS"] {
        assert!(titles.contains(title), "{titles}");
    }
    assert!(row(&text, "GL-MT2500").contains("entries "), "{text}");

    terminal.keys(&["Enter"]);
    let text = terminal.wait("connections", |text| {
        text.contains("Connections of desktop-pc") && text.contains("Esc devices")
    });
    assert!(text.contains("REMOTE") && text.contains("ESTABLISHED"), "{text}");
    terminal.keys(&["/"]);
    terminal.line("prt=1");
    terminal.wait("what is wrong", |text| text.contains("\"prt\" is not something that flows have"));
    terminal.keys(&["/"]);
    terminal.line("state=time_wait");
    terminal.wait("the filter", |text| {
        text.contains("filter: state=time_wait")
            && text.contains("TIME_WAIT")
            && !text.contains("ESTABLISHED")
    });
    terminal.keys(&["Escape"]);
    terminal.wait("devices", |text| text.contains("Devices "));
    terminal.keys(&["?"]);
    terminal.wait("the keys", |text| text.contains("any key: back"));
    terminal.keys(&["q"]);
    terminal.is_left_clean();
}

#[test]
fn a_signal_leaves_the_terminal_clean() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let Some(terminal) = Terminal::open(&format!("top-{signal}")) else { return };
        terminal.begin(&terminal.household());
        terminal.wait("devices", |text| text.contains("desktop-pc"));
        let pid = terminal.read("pid").trim().parse().unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
        terminal.is_left_clean();
    }
}

#[test]
fn a_recording_is_gone_through() {
    let Some(terminal) = Terminal::open("top-recording") else { return };
    let recording = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/recordings/01-what-changes-and-what-stays/recording");
    // Nobody else may be able to read the checkout.
    let copied = Command::new("cp").arg("-R").arg(recording).arg(terminal.0.join("recording")).status();
    assert!(copied.unwrap().success());
    terminal.begin("top recording");
    terminal.wait("the end", |text| text.contains("END") && text.contains(" 4/4"));
    terminal.keys(&["Home"]);
    terminal.wait("the first instant", |text| text.contains(" 1/4"));
    terminal.keys(&["Right", "Right"]);
    terminal.wait("the third instant", |text| text.contains("PAUSED") && text.contains(" 3/4"));
    terminal.keys(&["Left"]);
    terminal.wait("the second instant", |text| text.contains(" 2/4"));
    terminal.keys(&["C-c"]);
    terminal.is_left_clean();
    assert!(!terminal.is_there("recording/state"), "it writes nothing");
}

#[test]
fn where_there_is_no_terminal_it_says_what_else_there_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_conntrack-exporter")).arg("top").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(64), 0), "{said}");
    assert!(said.contains("standard output is none") && said.contains("flows prints connections"), "{said}");
}
