//! The terminal: taken over for as long as there is a [`Screen`], and given back whatever happens.

use std::io::{self, Stdout};
use std::panic;
use std::thread;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use tokio::sync::mpsc::{Receiver, channel};

/// So many keys may wait to be heard.
const KEYS_AT_MOST: usize = 64;

/// The terminal, on its second screen and without line editing. Both end with it.
pub(super) struct Screen(Terminal<CrosstermBackend<Stdout>>);

/// Gives the terminal back when dropped, also where the rest of it could not be had.
struct Guard;

impl Screen {
    /// Takes the terminal over. A panic gives it back before it says anything: where it ends the program at once, nothing is
    /// dropped.
    pub(super) fn open() -> io::Result<Self> {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            restore();
            hook(panic);
        }));
        let guard = Guard;
        enable_raw_mode()?;
        // `Terminal::clear` asks where the cursor is, and would wait for the answer of a terminal that gives none.
        execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All), Hide)?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        // From now on it is this one's to give back.
        std::mem::forget(guard);
        Ok(Self(terminal))
    }

    /// Has a picture drawn, and writes what is different from the last.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(draw).map(|_| ())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Where the terminal has gone there is nobody to tell.
fn restore() {
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
}

/// Hears keys and changes of size from now on.
///
/// crossterm waits for them in the thread that asks. Asking now and then would wake a router for nothing, and of a terminal
/// that has hung up it never returns, so that nobody would hear the signal that says so. So it has a thread of its own, which
/// ends with the program; crossterm's `event-stream` has one as well, and takes two more crates.
pub(super) fn keys() -> io::Result<Receiver<io::Result<Event>>> {
    let (sender, receiver) = channel(KEYS_AT_MOST);
    let listen = move || loop {
        let heard = event::read();
        let is_over = heard.is_err();
        if sender.blocking_send(heard).is_err() || is_over {
            break;
        }
    };
    thread::Builder::new().name("keys".to_owned()).spawn(listen)?;
    Ok(receiver)
}

#[cfg(test)]
mod tests;
