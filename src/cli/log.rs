//! Log lines as `logread` shows them well: no colour, no time, no module.
//!
//! procd turns standard output into daemon.info and standard error into daemon.err, and adds the time.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::writer::MakeWriterExt;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::{Layer, Registry};

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
#[derive(Debug)]
pub(super) struct Level(Handle<LevelFilter, Registry>);

impl Level {
    /// Shows messages from `level` on.
    pub(super) fn set(&self, level: LogLevel) {
        // Fails only if the subscriber is gone, and then nothing is shown anyway.
        let _ = self.0.reload(filter(level));
    }
}

/// Begins to log. To be called once.
pub(super) fn start(level: LogLevel, streams: Streams) -> Level {
    let (filter, handle) = reload::Layer::new(filter(level));
    let format = fmt::layer().with_ansi(false).without_time().with_target(false);
    let format = match streams {
        Streams::StderrOnly => format.with_writer(io::stderr).boxed(),
        Streams::ForTelegraf => format.event_format(Marked).with_writer(io::stderr).boxed(),
        Streams::Both => {
            format.with_writer(io::stderr.with_max_level(tracing::Level::WARN).or_else(io::stdout)).boxed()
        }
    };
    // Fails only if a subscriber is set already.
    let _ = tracing_subscriber::registry().with(filter).with(format).try_init();
    Level(handle)
}

/// A message behind the letter of its weight: `I! stopping`.
struct Marked;

impl<S, N> FormatEvent<S, N> for Marked
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let level = event.metadata().level().as_str();
        write!(writer, "{}! ", level.get(..1).unwrap_or(level))?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
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
