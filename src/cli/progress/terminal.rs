//! The terminal that a bar is drawn on. Nothing waits for one that has been stopped (Ctrl-S): what finds no room isn't shown.

use std::io;

use indicatif::TermLike;
use rustix::termios::tcgetwinsize;

use crate::nonblocking_write::write_some;

/// How wide one is that doesn't say so, and how wide at least: below that no bar fits anyway.
const USUAL: u16 = 80;
const AT_LEAST: u16 = 20;

/// Standard error.
#[derive(Debug)]
pub(super) struct Terminal;

/// Writes as much as there is room for.
fn show(text: &str) -> io::Result<()> {
    match write_some(io::stderr(), text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Has the cursor go so many places by an escape sequence of ECMA-48.
fn go(places: usize, letter: char) -> io::Result<()> {
    if places == 0 { Ok(()) } else { show(&format!("\x1b[{places}{letter}")) }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        let width = tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
        // The last column stays free: not every terminal can go back from behind it.
        if width == 0 { USUAL - 1 } else { width.max(AT_LEAST) - 1 }
    }

    fn move_cursor_up(&self, places: usize) -> io::Result<()> {
        go(places, 'A')
    }

    fn move_cursor_down(&self, places: usize) -> io::Result<()> {
        go(places, 'B')
    }

    fn move_cursor_right(&self, places: usize) -> io::Result<()> {
        go(places, 'C')
    }

    fn move_cursor_left(&self, places: usize) -> io::Result<()> {
        go(places, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        show(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        show(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        show("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
