//! Writes what the packages hold for whoever types commands: the man page, and what completes them in bash, zsh and fish.
//!
//! `manual DIR`. The program itself has none of it: on a router it would take room, and nobody has a use for it there.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use clap_complete::{Shell, generate, generate_to};
use clap_mangen::Man;

const NAME: &str = "conntrack-exporter";

/// Behind the commands and options. What they don't tell is in the documents.
const FURTHER: &str = r".SH FILES
.TP
\fI/etc/conntrack\-exporter.toml\fR
The configuration. It may be absent: every key has a default.
.TP
\fI/etc/conntrack\-exporter.devices\fR
Names for devices.
.TP
\fI/etc/conntrack\-exporter.services\fR
Labels for ports.
.TP
\fI/etc/conntrack\-exporter.networks\fR
Names for networks.
.SH SEE ALSO
The documents in
.IR /usr/share/doc/conntrack\-exporter/docs ;
.BR conntrack (8),
.BR ss (8)
";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(directory), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: manual DIR");
        return ExitCode::from(64);
    };
    match write(Path::new(&directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manual: {}: {error}", Path::new(&directory).display());
            ExitCode::FAILURE
        }
    }
}

/// Writes all of it; the tests do, too.
pub(crate) fn write(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let command = conntrack_exporter::cli::command();
    for shell in [Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command.clone(), NAME, directory)?;
    }
    fs::write(directory.join(format!("{NAME}.bash")), for_bash(command.clone())?)?;
    fs::write(directory.join(format!("{NAME}.1")), page(command)?)
}

/// What completes in bash. Of a program with a hyphen in its name `clap_complete` (4.6.12) knows commands by one name where it
/// finds them, and by another where it has their options, so that these are never offered: clap-rs/clap#6421.
fn for_bash(mut command: Command) -> io::Result<String> {
    let mut script = Vec::new();
    generate(Shell::Bash, &mut command, NAME, &mut script);
    let script = String::from_utf8(script).map_err(io::Error::other)?;
    Ok(script.replace("conntrack__subcmd__exporter", "conntrack__exporter"))
}

/// All commands on one page, so that one look finds everything.
fn page(command: Command) -> io::Result<Vec<u8>> {
    // What it makes of it: names and usages of the commands below.
    let mut command = command.flatten_help(false).disable_help_subcommand(true);
    command.build();
    let man = Man::new(command.clone()).manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    // One line, by which apropos finds it.
    let in_short = Man::new(command.clone().about(env!("CARGO_PKG_DESCRIPTION")));
    page.extend(b".SH NAME\n");
    page.extend(rendered(|to| in_short.render_name_section(to))?);
    page.extend(b".SH SYNOPSIS\n");
    page.extend(rendered(|to| man.render_synopsis_section(to))?);
    page.extend(b".SH DESCRIPTION\n");
    page.extend(rendered(|to| man.render_description_section(to))?);
    page.extend(b".SH OPTIONS\n");
    page.extend(rendered(|to| man.render_options_section(to))?);
    page.extend(b".SH COMMANDS\n");
    for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        section(one, &mut page)?;
    }
    page.extend(b".SH SIGNALS AND EXIT CODES\n.nf\n");
    page.extend(rendered(|to| man.render_extra_section(to))?);
    page.extend(b".fi\n");
    page.extend(FURTHER.as_bytes());
    Ok(page)
}

/// A command with its options. Those that all have are told once, above.
fn section(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let of_all = |id: &str| matches!(id, "config" | "root" | "help" | "version");
    let own = command.clone().mut_args(|arg| {
        let is_of_all = of_all(arg.get_id().as_str());
        if is_of_all { arg.hide(true) } else { arg }
    });
    let man = Man::new(own);
    page.extend(format!(".SS {}\n", command.get_name()).bytes());
    page.extend(rendered(|to| man.render_synopsis_section(to))?);
    page.extend(b".PP\n");
    page.extend(rendered(|to| man.render_description_section(to))?);
    page.extend(rendered(|to| man.render_options_section(to))?);
    Ok(())
}

/// A part of a page without its own heading, and without what the title has defined already.
fn rendered(render: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut part = Vec::new();
    render(&mut part)?;
    let text = String::from_utf8(part).map_err(io::Error::other)?;
    let is_known = |line: &str| [".SH ", ".ie ", ".el "].iter().any(|request| line.starts_with(request));
    let lines = text.lines().filter(|line| !is_known(line));
    Ok(lines.flat_map(|line| [line, "\n"]).collect::<String>().into_bytes())
}
