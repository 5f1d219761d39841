//! `audit`: a bucket is read back, and it is told what of it is missing.

mod bucket;
mod error;
mod flux;
mod interpolation;
mod looks;
mod numbers;
mod page;
mod report;
mod series_index;
mod since;
mod stream;
mod table;
mod target;
mod time;
mod windows;

use std::path::PathBuf;

use super::error::{CommandError, Exit};
use super::path::path;
use super::{GlobalArgs, print, runtime_with_sockets};
use crate::config::value::ValueError;
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::influxdb::config::Word;
use crate::influxdb::url::Url;
use crate::logging::{self, Streams};
use crate::privileges::Privileges;
use bucket::Bucket;
pub(in crate::cli) use error::AuditError;
use since::Since;
use target::Target;

/// The tag that `router.name` sets.
const TAG: &str = "router";

/// Its options.
#[expect(clippy::doc_markdown, reason = "the help shows keys and addresses as they are")]
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// The server, such as http://192.168.8.10:8086;
    /// nothing else of influxdb.* holds then. Without
    /// this, influxdb.url
    #[arg(long, value_name = "URL", value_parser = url, verbatim_doc_comment)]
    pub(super) influx: Option<Url>,

    /// The organisation; without this, influxdb.org
    #[arg(long, value_name = "NAME", value_parser = word)]
    pub(super) org: Option<Word>,

    /// The bucket; without this, influxdb.bucket
    #[arg(long, value_name = "NAME", value_parser = word)]
    pub(super) bucket: Option<Word>,

    /// The first line is a token that may read; without
    /// this, influxdb.token_file
    #[arg(long, value_name = "FILE", value_parser = path(), verbatim_doc_comment)]
    pub(super) token_file: Option<PathBuf>,

    /// How far back to look: 7d (without this), 12h, 30m
    #[arg(long, value_name = "TIME", default_value = "7d", hide_default_value = true)]
    pub(super) since: Since,

    /// The tag by which routers are told apart: router
    /// (without this), which router.name sets. Who doesn't
    /// have it is told by the host
    #[arg(long, value_name = "NAME", default_value = TAG, hide_default_value = true, value_parser = tag)]
    #[arg(verbatim_doc_comment)]
    pub(super) tag: String,

    /// JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
}

/// Behind its options.
pub(super) const AFTER_HELP: &str = "\
Exit codes:
  0 nothing is missing    1 something is, or there is no snapshot at all
  64 bad arguments    69 the server can't be asked, or doesn't answer queries
  78 the configuration can't be used";

/// Reads the bucket, and prints what is missing by router and day.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (config, root) = (global.config_file().read()?, global.root());
    let target = Target::new(args, &config, &root)?;
    Privileges::reduce(&target.need(&config))?;
    logging::start(config.log.level, Streams::StderrOnly);
    let range = args.since.range(SystemClock::new(&root).now()?.wall);
    let Some(mut bucket) = Bucket::new(&target.influxdb, &args.tag, &target.root) else {
        return Ok(Exit::Usage);
    };
    let audit = runtime_with_sockets()?.block_on(bucket.audit(range))?;
    let report = audit.report(&args.tag);
    let text = if args.json { report.json()? } else { table::text_of(&report) };
    print(text.as_bytes())?;
    Ok(if report.is_complete() { Exit::Success } else { Exit::Failure })
}

fn url(text: &str) -> Result<Url, ValueError> {
    Url::try_from(text.to_owned())
}

fn word(text: &str) -> Result<Word, String> {
    let word = Word::try_from(text.to_owned()).map_err(|error| error.to_string())?;
    if word.as_str().is_empty() { Err("it is empty".to_owned()) } else { Ok(word) }
}

fn tag(text: &str) -> Result<String, &'static str> {
    let is_tag =
        !text.is_empty() && text.len() <= 256 && !text.starts_with('_') && !text.contains(char::is_control);
    if is_tag {
        Ok(text.to_owned())
    } else {
        Err("a tag has a name of 1 to 256 bytes that begins with no \"_\"")
    }
}

#[cfg(test)]
mod tests;
