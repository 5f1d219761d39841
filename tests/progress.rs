//! That commands which take long show it on a terminal, and nowhere else.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's failure is a panic")]

#[path = "support/sample.rs"]
mod sample;

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;

use nix::pty::openpty;
use sample::Sample;

/// A household of which something is captured, recorded and replayed, beside where that goes.
struct Place {
    sample: Sample,
}

impl Place {
    fn new(test: &str) -> Self {
        Self { sample: Sample::new(test) }
    }

    fn path(&self, name: &str) -> String {
        self.sample.join(name).to_str().unwrap().to_owned()
    }

    /// The program on the household. Its surroundings have a say in whether there is a bar.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conntrack-exporter"));
        command.args(arguments).arg("--config").arg(self.sample.config());
        command.env("TERM", "xterm").stdin(Stdio::null());
        if arguments.first() != Some(&"replay") {
            command.arg("--root").arg(self.sample.root());
        }
        command
    }

    /// What comes on standard output, and what a terminal shows that is standard error.
    fn on_a_terminal(&self, arguments: &[&str], term: &str) -> (String, String) {
        let terminal = openpty(None, None).unwrap();
        let mut command = self.command(arguments);
        let child = command.env("TERM", term).stdout(Stdio::piped()).stderr(terminal.slave).spawn().unwrap();
        // Nobody else is to hold the other end, or reading would never end.
        drop(command);
        let mut master = File::from(terminal.master);
        let shown = thread::spawn(move || {
            let (mut shown, mut piece) = (Vec::new(), [0; 4096]);
            // Linux says EIO when the last who could write has gone.
            while let Ok(length @ 1..) = master.read(&mut piece) {
                shown.extend(piece.iter().take(length));
            }
            shown
        });
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(shown.join().unwrap()))
    }

    /// What comes on standard output, and on standard error where both are pipes.
    fn in_a_pipe(&self, arguments: &[&str]) -> (String, String) {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

/// What is left on a screen of what was shown: of each line what was written since it was last cleared.
#[cfg(feature = "terminal")]
fn left_on_the_screen(shown: &str) -> String {
    let line =
        |line: &str| line.rsplit("\x1b[2K").next().unwrap_or_default().trim_matches('\r').to_owned() + "\n";
    shown.split("\r\n").map(line).collect::<String>().trim_end().to_owned()
}

#[cfg(feature = "terminal")]
#[test]
fn a_bar_shows_how_far_it_is_and_is_gone_at_the_end() {
    let place = Place::new("bars");
    let (recording, capture) = (place.path("recording"), place.path("capture"));
    for (arguments, seen, left) in [
        (
            &["record", &recording, "--for", "2s", "--every", "1s"][..],
            "recording [",
            "record writes, so it stays who it was started as: uid ",
        ),
        (&["replay", &recording], "replaying [", "2 instants over 1s: "),
        (&["capture", &capture], "capturing ", "capture writes, so it stays who it was started as: uid "),
    ] {
        let (stdout, shown) = place.on_a_terminal(arguments, "xterm");
        assert!(shown.contains(seen), "{arguments:?}: {shown:?}");
        assert!(!stdout.contains(['\r', '\x1b']) && !stdout.contains(seen), "{arguments:?}: {stdout:?}");
        let screen = left_on_the_screen(&shown);
        assert!(screen.contains(left) && !screen.contains(seen), "{arguments:?}: {screen:?} of {shown:?}");
        assert_eq!(screen.lines().count(), 1, "{arguments:?}: {screen:?}");
    }
    let (_, shown) =
        place.on_a_terminal(&["record", &place.path("another"), "--for", "2s", "--every", "1s"], "xterm");
    assert!(shown.contains("0 of 2 instants, ") && shown.contains("1 of 2 instants, "), "{shown:?}");
}

#[test]
fn a_pipe_gets_nothing_of_it() {
    let place = Place::new("no-bars");
    let (recording, capture) = (place.path("recording"), place.path("capture"));
    for arguments in [
        &["record", &recording, "--for", "1s", "--every", "1s"][..],
        &["replay", &recording],
        &["capture", &capture],
    ] {
        let (stdout, stderr) = place.in_a_pipe(arguments);
        assert!(!(stdout + &stderr).contains(['\r', '\x1b']), "{arguments:?}: {stderr:?}");
        // But for what is always said, which is a line.
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_terminal_that_can_not_go_back_gets_nothing_of_it() {
    let place = Place::new("dumb");
    let (_, shown) = place.on_a_terminal(&["capture", &place.path("capture")], "dumb");
    assert!(!shown.contains('\x1b') && shown.matches('\r').count() == 1, "{shown:?}");
}
