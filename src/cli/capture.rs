//! `capture`: everything that the program reads here, written to a directory that `--root` replays.

mod report;

use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use super::error::{CommandError, Exit};
use super::path::path;
use super::progress::Progress;
use super::{GlobalArgs, print, print_error};
use crate::capture::{Copied, Copier, Source, Target, TargetError};
use crate::wording::counted;
use report::CaptureReport;

pub(super) use report::{ANONYMISED, exit};

/// Its arguments.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// The directory, new or empty
    #[arg(value_name = "DIR", value_parser = path())]
    pub(super) directory: PathBuf,

    /// Replace names, MACs and public addresses, so that
    /// DIR can be attached to a bug report
    #[arg(long, verbatim_doc_comment)]
    pub(super) anonymise: bool,
}

/// Captures, and tells what is there and what is not.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (config_file, root) = (global.config_file(), global.root());
    let config = config_file.read()?;
    print_error(&format_args!("capture writes, so it stays who it was started as: uid {}", Uid::effective()));
    let from = Source { root: &root, config: &config, config_file: &config_file };
    let report = capture(from, &args.directory, args.anonymise)?;
    for omission in report.omissions() {
        print_error(omission);
    }
    print(report.to_string().as_bytes())?;
    Ok(report.exit())
}

/// Captures what is there. Nothing is written if the directory is not fit for it.
fn capture(from: Source<'_>, directory: &Path, anonymise: bool) -> Result<CaptureReport, TargetError> {
    let target = Target::create(directory)?;
    let progress = Progress::endless("capturing");
    let mut files = 0;
    let mut tell = |path: &Path| {
        files += 1;
        progress.set(files, || format!("{}: {}", counted(files, "file", "files"), path.display()));
    };
    let mut copier = Copier::new(from, anonymise);
    let Copied { written, omissions, .. } = copier.copy_and_tell(&target, u64::MAX, &mut tell);
    progress.end();
    let written = written.into_iter().map(|(path, _)| path).collect();
    Ok(CaptureReport { directory: directory.to_path_buf(), anonymised: anonymise, written, omissions })
}

#[cfg(test)]
mod tests;
