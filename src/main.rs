//! Arguments in, exit code out.

use std::process::ExitCode;

use conntrack_exporter::cli;

fn main() -> ExitCode {
    cli::run(std::env::args_os().skip(1))
}
