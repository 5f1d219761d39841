//! Log lines as `logread` shows them well: no colour, no time, no module.
//!
//! The daemon never waits for whoever reads them: see [`LogQueue`].
//!
//! procd turns standard output into daemon.info and standard error into daemon.err, and adds the time. Telegraf's
//! `execd` input wants its own marks at the beginning of a line. Files and devices have a say in messages, so what
//! would steer a terminal or begin another line is escaped.

pub mod config;
pub(crate) mod panics;
mod queue;

use std::fmt;
use std::io;

use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer, debug_fn};
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriterExt};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Registry, reload};

use crate::config::LogLevel;
pub use queue::LogQueue;

/// Which streams messages go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Warnings and errors to standard error, the rest to standard output.
    Both,
    /// All to standard error: standard output carries line protocol.
    StderrOnly,
    /// Likewise, and marked by level as Telegraf's `execd` input wants it, which takes the rest for errors.
    ForTelegraf,
}

/// The least important messages shown, which a reload may change.
#[derive(Clone, Debug)]
pub struct LevelHandle(reload::Handle<LevelFilter, Registry>);

impl LevelHandle {
    /// Shows messages from `level` on.
    pub fn set(&self, level: LogLevel) {
        // Fails only if the subscriber is gone: then nobody logs.
        let _ = self.0.reload(filter(level));
    }
}

/// Begins to log. To be called once, by a command that ends by itself: it waits for whoever reads.
pub fn start(level: LogLevel, streams: Streams) -> LevelHandle {
    let (subscriber, handle) = subscriber(level, streams, io::stdout, io::stderr);
    set(subscriber);
    handle
}

/// The same for one whose standard error isn't written by it alone: all messages go to `stderr`.
pub(crate) fn start_beside<E>(level: LogLevel, stderr: E)
where
    E: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    set(subscriber(level, Streams::StderrOnly, io::stdout, stderr).0);
}

/// Begins to log without ever waiting for whoever reads. To be called once, by the daemon, who has to flush the queue
/// whenever it is awake.
pub fn start_queued(level: LogLevel, streams: Streams) -> (LevelHandle, LogQueue) {
    let (stdout, stderr, queue) = LogQueue::new();
    let (subscriber, handle) = subscriber(level, streams, stdout, stderr);
    set(subscriber);
    (handle, queue)
}

fn set(subscriber: impl Subscriber + Send + Sync) {
    // Fails only if a subscriber is set already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// What writes messages from `level` on, to `stdout` and `stderr`.
fn subscriber<O, E>(
    level: LogLevel,
    streams: Streams,
    stdout: O,
    stderr: E,
) -> (impl Subscriber + Send + Sync, LevelHandle)
where
    O: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
    E: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let writer = match streams {
        Streams::Both => BoxMakeWriter::new(stderr.with_max_level(Level::WARN).or_else(stdout)),
        Streams::StderrOnly | Streams::ForTelegraf => BoxMakeWriter::new(stderr),
    };
    let fields = debug_fn(|writer, field: &Field, value| match field.name() {
        "message" => write!(writer, "{value:?}"),
        name => write!(writer, "{name}={value:?}"),
    });
    let lines = tracing_subscriber::fmt::layer()
        .event_format(LineFormat { for_telegraf: streams == Streams::ForTelegraf })
        .fmt_fields(fields.delimited(" "))
        .with_writer(writer)
        // What can't be written is lost: there is nowhere to say so, and `eprintln!` would panic where standard error
        // is what fails.
        .log_internal_errors(false);
    let (filter, handle) = reload::Layer::new(filter(level));
    (Registry::default().with(filter).with(lines), LevelHandle(handle))
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// A message as it is written: ` INFO stopping`, or `I! stopping` for Telegraf, fields as `name=value` behind it.
struct LineFormat {
    for_telegraf: bool,
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = event.metadata().level().as_str();
        if self.for_telegraf {
            write!(writer, "{}! ", level.get(..1).unwrap_or(level))?;
        } else {
            write!(writer, "{level:>5} ")?;
        }
        context.format_fields(Writer::new(&mut Escaped(&mut writer)), event)?;
        writer.write_char('\n')
    }
}

/// Escapes control characters.
struct Escaped<'a, W>(&'a mut W);

impl<W: fmt::Write> fmt::Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| {
            if char.is_control() {
                write!(self.0, "{}", char.escape_default())
            } else {
                self.0.write_char(char)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::{debug, error, info, trace, warn};

    use super::*;

    /// What was written to a stream.
    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Buffer {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            text.split_inclusive('\n').map(str::to_owned).collect()
        }
    }

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written to standard output and to standard error.
    fn by_stream(streams: Streams, say: impl FnOnce(&LevelHandle)) -> [Vec<String>; 2] {
        let buffers = [Buffer::default(), Buffer::default()];
        let [stdout, stderr] = buffers.clone();
        let (subscriber, level) =
            subscriber(LogLevel::Info, streams, move || stdout.clone(), move || stderr.clone());
        tracing::subscriber::with_default(subscriber, || say(&level));
        buffers.map(|buffer| buffer.lines())
    }

    /// What is written to one stream, where all goes to that.
    fn written(streams: Streams, say: impl FnOnce(&LevelHandle)) -> Vec<String> {
        let [stdout, stderr] = by_stream(streams, say);
        assert_eq!(stdout, [""; 0]);
        stderr
    }

    fn say(_: &LevelHandle) {
        info!("began");
        warn!(count = 2, name = "tv", "lost");
        error!("ended");
    }

    #[test]
    fn a_line_says_how_weighty_it_is() {
        let plain = [" INFO began\n", " WARN lost count=2 name=\"tv\"\n", "ERROR ended\n"];
        assert_eq!(written(Streams::StderrOnly, say), plain);
        let marked = ["I! began\n", "W! lost count=2 name=\"tv\"\n", "E! ended\n"];
        assert_eq!(written(Streams::ForTelegraf, say), marked);
    }

    #[test]
    fn what_goes_wrong_goes_to_standard_error_and_the_rest_to_standard_output() {
        let [stdout, stderr] = by_stream(Streams::Both, |level| {
            level.set(LogLevel::Trace);
            say(level);
            debug!("details");
            trace!("everything");
        });
        assert_eq!(stdout, [" INFO began\n", "DEBUG details\n", "TRACE everything\n"]);
        assert_eq!(stderr, [" WARN lost count=2 name=\"tv\"\n", "ERROR ended\n"]);
    }

    #[test]
    fn the_level_may_change() {
        let said = written(Streams::StderrOnly, |level| {
            let level = level.clone();
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
        let said = written(Streams::StderrOnly, |_| {
            info!("a\n INFO b \u{1b}[31m \u{9b}2J \u{fc}");
            info!(name = %"tv\n\u{1b}[2J", "claimed");
        });
        let expected =
            [" INFO a\\n INFO b \\u{1b}[31m \\u{9b}2J \u{fc}\n", " INFO claimed name=tv\\n\\u{1b}[2J\n"];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_stream_that_takes_nothing_harms_nobody() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let (subscriber, level) = subscriber(LogLevel::Info, Streams::Both, || Closed, || Closed);
        tracing::subscriber::with_default(subscriber, || say(&level));
    }
}
