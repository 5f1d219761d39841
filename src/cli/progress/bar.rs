//! The line, drawn by indicatif.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::terminal::Terminal;

/// How often it is drawn in a second at most: whoever has much to do doesn't do it for the sake of a bar.
const DRAWN_PER_SECOND: u8 = 5;
/// After so long it is to be drawn again, though nothing has happened.
const ALIVE: Duration = Duration::from_secs(1);

/// With a whole of which a part is done. ASCII, for whatever terminal it is.
const BAR: &str = "{prefix} [{bar:24}] {msg}";
/// Without one.
const SPINNER: &str = "{prefix} {spinner} {msg}";

/// How far a command is. Gone from the screen when dropped.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Progress(ProgressBar);

impl Progress {
    /// Of so much.
    pub(in crate::cli) fn of(whole: u64, doing: &'static str) -> Self {
        Self::styled(Some(whole), doing, BAR)
    }

    /// Of nobody knows how much.
    pub(in crate::cli) fn endless(doing: &'static str) -> Self {
        Self::styled(None, doing, SPINNER)
    }

    /// None to be seen.
    pub(in crate::cli) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    fn styled(whole: Option<u64>, doing: &'static str, template: &str) -> Self {
        let target = if is_shown() {
            ProgressDrawTarget::term_like_with_hz(Box::new(Terminal), DRAWN_PER_SECOND)
        } else {
            ProgressDrawTarget::hidden()
        };
        // Only a template that can't be understood is refused.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.progress_chars("=> ").tick_chars("|/-\\ ");
        let bar = ProgressBar::with_draw_target(whole, target).with_finish(ProgressFinish::AndClear);
        Self(bar.with_style(style).with_prefix(doing))
    }

    /// So much of the whole is done, which is `told`.
    pub(in crate::cli) fn set(&self, done: u64, told: impl FnOnce() -> String) {
        if !self.0.is_hidden() {
            self.0.set_message(told());
            self.0.set_position(done);
            self.0.tick();
        }
    }

    /// After how long it wants to be told again, if it is to be seen.
    pub(in crate::cli) fn wakes_after(&self) -> Option<Duration> {
        (!self.0.is_hidden()).then_some(ALIVE)
    }

    /// Does something that may write to the terminal: meanwhile there is no bar.
    pub(in crate::cli) fn aside<T>(&self, what: impl FnOnce() -> T) -> T {
        self.0.suspend(what)
    }

    /// Standard error, for who writes there while there is a bar.
    pub(in crate::cli) fn stderr(&self) -> impl Fn() -> Beside + Send + Sync + 'static {
        let progress = self.clone();
        move || Beside(progress.clone())
    }

    /// It is over.
    pub(in crate::cli) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// Whether somebody can see it: on a terminal that can go back to the beginning of a line.
fn is_shown() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Standard error beside a bar, which makes room for what is written.
#[derive(Debug)]
pub(in crate::cli) struct Beside(Progress);

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.aside(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
