//! Log lines as `logread` shows them well: no colour, no time, no module.
//!
//! procd turns standard output into daemon.info and standard error into daemon.err, and adds the time. There are no
//! spans here, only messages; `tracing-subscriber` would be a thirtieth of the router's program.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use crate::config::LogLevel;

/// Which streams messages go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Streams {
    /// Warnings and errors to standard error, the rest to standard output.
    Both,
    /// All to standard error: standard output carries line protocol.
    StderrOnly,
    /// Likewise, and marked by weight as Telegraf's `execd` input wants it, which takes the rest for errors.
    ForTelegraf,
}

/// The least important messages shown, which a reload may change.
#[derive(Clone, Debug)]
pub(super) struct Level(Arc<AtomicU8>);

impl Level {
    /// Shows messages from `level` on.
    pub(super) fn set(&self, level: LogLevel) {
        self.0.store(level as u8, Ordering::Relaxed);
    }

    fn filter(&self) -> LevelFilter {
        let all = [
            LevelFilter::ERROR,
            LevelFilter::WARN,
            LevelFilter::INFO,
            LevelFilter::DEBUG,
            LevelFilter::TRACE,
        ];
        all.get(usize::from(self.0.load(Ordering::Relaxed))).copied().unwrap_or(LevelFilter::INFO)
    }
}

/// Begins to log. To be called once.
pub(super) fn start(level: LogLevel, streams: Streams) -> Level {
    let level = Level(Arc::new(AtomicU8::new(level as u8)));
    // Fails only if a subscriber is set already.
    let _ = tracing::subscriber::set_global_default(Log { level: level.clone(), streams, write });
    level
}

/// Writes a line to standard output or standard error.
fn write(line: &str, to_stdout: bool) {
    // What can't be written is lost: there is nowhere to say so.
    let _ = if to_stdout {
        io::stdout().write_all(line.as_bytes())
    } else {
        io::stderr().write_all(line.as_bytes())
    };
}

struct Log<W> {
    level: Level,
    streams: Streams,
    write: W,
}

impl<W: Fn(&str, bool) + 'static> Subscriber for Log<W> {
    /// Asked anew for each message, because the level may change.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level.filter()
    }

    fn event(&self, event: &Event<'_>) {
        let to_stdout = self.streams == Streams::Both && *event.metadata().level() > tracing::Level::WARN;
        (self.write)(&line(event, self.streams), to_stdout);
    }

    /// Nothing here has spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A message as it is written: ` INFO stopping`, or `I! stopping` for Telegraf.
fn line(event: &Event<'_>, streams: Streams) -> String {
    let level = event.metadata().level().as_str();
    let mut line = match streams {
        Streams::ForTelegraf => format!("{}! ", level.get(..1).unwrap_or(level)),
        Streams::Both | Streams::StderrOnly => format!("{level:>5} "),
    };
    event.record(&mut Words(&mut line));
    line.push('\n');
    line
}

/// Writes a message, and fields as `name=value` behind it. Files and devices have a say in messages: what would steer a
/// terminal or begin another line is escaped.
struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A string takes all that it is given.
        let _ = match field.name() {
            "message" => write!(self, "{value:?}"),
            name => write!(self, " {name}={value:?}"),
        };
    }
}

impl fmt::Write for Words<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            if char.is_control() {
                self.0.extend(char.escape_default());
            } else {
                self.0.push(char);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing::{debug, error, info, warn};

    use super::*;

    fn written(streams: Streams, say: impl FnOnce(&Level)) -> Vec<String> {
        let level = Level(Arc::new(AtomicU8::new(LogLevel::Info as u8)));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let write = move |line: &str, _| kept.lock().unwrap().push(line.to_owned());
        tracing::subscriber::with_default(Log { level: level.clone(), streams, write }, || say(&level));
        lines.lock().unwrap().clone()
    }

    #[test]
    fn a_line_says_how_weighty_it_is() {
        let say = |_: &Level| {
            info!("began");
            warn!(count = 2, name = "tv", "lost");
            error!("ended");
        };
        let plain = [" INFO began\n", " WARN lost count=2 name=\"tv\"\n", "ERROR ended\n"];
        assert_eq!(written(Streams::Both, say), plain);
        let marked = ["I! began\n", "W! lost count=2 name=\"tv\"\n", "E! ended\n"];
        assert_eq!(written(Streams::ForTelegraf, say), marked);
    }

    #[test]
    fn the_level_may_change() {
        let said = written(Streams::Both, |level| {
            for level_now in [LogLevel::Info, LogLevel::Debug, LogLevel::Error, LogLevel::Warn] {
                level.set(level_now);
                debug!("{level_now:?}: details");
                warn!("{level_now:?}: trouble");
            }
        });
        let expected = [
            " WARN Info: trouble\n",
            "DEBUG Debug: details\n",
            " WARN Debug: trouble\n",
            " WARN Warn: trouble\n",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn nothing_steers_a_terminal_or_begins_a_line() {
        let said = written(Streams::Both, |_| info!("a\n INFO b \u{1b}[31m \u{9b}2J \u{fc}"));
        assert_eq!(said, [" INFO a\\n INFO b \\u{1b}[31m \\u{9b}2J \u{fc}\n"]);
    }
}
