//! Arguments in, exit code out.

use std::process::ExitCode;

use conntrack_exporter::cli;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    match cli::parse(arguments) {
        Ok(invocation) => cli::run(&invocation),
        Err(error) => cli::refuse(&error),
    }
}
