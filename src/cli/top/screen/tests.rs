use std::env;
use std::fs::File;
use std::io::Read as _;
use std::process::Command;

use nix::pty::{Winsize, openpty};
use nix::sys::termios::{Termios, tcgetattr};

use super::*;
use crate::logging::panics::set_panic_hook;

/// Tells a process of this test what it is to do on its terminal.
const ACT: &str = "CONNTRACK_EXPORTER_TESTS_SCREEN";

/// Takes the terminal over and leaves it, by this test program once more; gives how the terminal was before and is behind it,
/// and what was written to it.
fn on_a_terminal(test: &str, act: &str) -> (Termios, Termios, String) {
    let pty = openpty(Some(&SIZE), None).unwrap();
    let before = tcgetattr(&pty.slave).unwrap();
    let stdio = || pty.slave.try_clone().unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &format!("cli::top::screen::tests::{test}"), "--nocapture"]).env(ACT, act);
    let mut child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
    drop(command);
    let mut written = Vec::new();
    let mut master = File::from(pty.master.try_clone().unwrap());
    let reading = thread::Builder::new().spawn(move || {
        let mut piece = [0; 1024];
        // Nobody has it any more: EIO.
        while let Ok(count @ 1..) = master.read(&mut piece) {
            written.extend_from_slice(&piece[..count]);
        }
        written
    });
    child.wait().unwrap();
    let after = tcgetattr(&pty.slave).unwrap();
    drop(pty.slave);
    (before, after, String::from_utf8_lossy(&reading.unwrap().join().unwrap()).into_owned())
}

const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

const SECOND_SCREEN: &str = "\u{1b}[?1049h";
const FIRST_SCREEN: &str = "\u{1b}[?1049l";
const CURSOR_HIDDEN: &str = "\u{1b}[?25l";
const CURSOR_SHOWN: &str = "\u{1b}[?25h";

fn place(text: &str, part: &str) -> usize {
    text.rfind(part).unwrap_or_else(|| panic!("{part:?} is missing: {text:?}"))
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_says_why() {
    if env::var(ACT).is_ok() {
        set_panic_hook();
        let screen = Screen::open().unwrap();
        // Where a panic ends the program at once, as in a release, nothing is dropped.
        std::mem::forget(screen);
        panic!("a mistake");
    }
    let (before, after, written) =
        on_a_terminal("a_panic_gives_the_terminal_back_before_it_says_why", "panic");
    assert_eq!(before, after);
    let order = [SECOND_SCREEN, CURSOR_HIDDEN, FIRST_SCREEN, CURSOR_SHOWN, "a mistake"];
    let places = order.map(|part| place(&written, part));
    assert!(places.is_sorted(), "{places:?} {written:?}");
}

#[test]
fn a_screen_that_ends_gives_the_terminal_back() {
    if env::var(ACT).is_ok() {
        let mut screen = Screen::open().unwrap();
        screen.draw(|frame| frame.render_widget("picture", frame.area())).unwrap();
        return;
    }
    let (before, after, written) = on_a_terminal("a_screen_that_ends_gives_the_terminal_back", "draw");
    assert_eq!(before, after);
    let order = [SECOND_SCREEN, "picture", FIRST_SCREEN, CURSOR_SHOWN];
    let places = order.map(|part| place(&written, part));
    assert!(places.is_sorted(), "{places:?} {written:?}");
}
