//! `sockets`: the router's own sockets, as `ss -tinopm` shows them.

mod details;
#[cfg(test)]
mod fixture;
mod json;
mod selection;
pub(in crate::cli) mod state;
mod table;
mod totals;

use std::io;
use std::time::Duration;

use super::error::{CommandError, Exit};
use super::privileges::need_of_sockets;
use super::{GlobalArgs, print, print_error};
use crate::logging::{self, Streams};
use crate::privileges::Privileges;
use crate::proc_net::ProcNetError;
use crate::proc_net::sockets::processes::ProcessFinder;
use crate::proc_net::sockets::{SocketReader, SocketSource, Wanted};
use crate::root::Root;
use crate::wording::counted;
use selection::Selection;
use state::WantedState;
use table::{Row, SocketTable};
use totals::Totals;

/// How often the sockets are read, if the kernel breaks off.
const TRIES: usize = 3;
/// How many sockets are shown at most: as many as there are ports.
const SHOWN_AT_MOST: usize = 1 << 16;

/// Its options.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// Which ports are open, of TCP and UDP, instead of
    /// connections
    #[arg(long, verbatim_doc_comment)]
    pub(super) listening: bool,

    /// Those with this port, on either side
    #[arg(long, value_name = "PORT")]
    pub(super) port: Option<u16>,

    /// Those in this state, such as established or
    /// time-wait
    #[arg(long, value_name = "STATE", verbatim_doc_comment)]
    pub(super) state: Option<WantedState>,

    /// Those of this process: its name, or its number
    #[arg(long, value_name = "PROCESS")]
    pub(super) process: Option<String>,

    /// JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
}

/// Reads the sockets once, and prints those that were asked for.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (config, root) = (global.config_file().read()?, global.root());
    let privileges = Privileges::reduce(&need_of_sockets(&config, &root))?;
    logging::start(config.log.level, Streams::StderrOnly);
    let selection = Selection {
        listening: args.listening,
        port: args.port,
        state: args.state,
        process: args.process.clone(),
    };
    let Found { mut rows, source, left_out, skipped } = Found::read(&root, &selection)?;
    if left_out > 0 {
        print_error(&format_args!("{left_out} more are not shown: --port and --state ask for fewer"));
    }
    if skipped > 0 {
        print_error(&counted(
            skipped,
            "socket can't be understood and is left out",
            "sockets can't be understood and are left out",
        ));
    }
    if root.is_live() && !privileges.sees_processes() {
        print_error(
            &"CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are missing, which root has: processes of others aren't seen",
        );
    }
    if !root.is_live() && args.process.is_some() {
        print_error(&"which process holds a socket isn't in another router's files");
    }
    let inodes: Vec<u64> = rows.iter().map(|row| row.socket.inode).filter(|inode| *inode != 0).collect();
    let holders = ProcessFinder::default().holders(&root, &inodes, Duration::ZERO);
    for row in &mut rows {
        row.process = holders.get(&row.socket.inode).cloned();
    }
    rows.retain(|row| selection.includes_holder(row.process.as_ref()));
    let table = SocketTable::new(rows, source, Totals::read(&root));
    let text = if args.json { table.json()? } else { table.to_string() };
    print(text.as_bytes())?;
    Ok(Exit::Success)
}

/// The sockets that were asked for.
#[derive(Debug)]
struct Found {
    rows: Vec<Row>,
    source: SocketSource,
    /// For how many there was no room.
    left_out: usize,
    /// How many can't be understood.
    skipped: u64,
}

impl Found {
    fn read(root: &Root, selection: &Selection) -> Result<Self, ProcNetError> {
        let mut reader = SocketReader::default();
        let mut tries = 1;
        loop {
            let (mut rows, mut left_out) = (Vec::new(), 0);
            let read = reader.read(root, Wanted::Details, &mut |socket| {
                if !selection.includes(socket) {
                } else if rows.len() < SHOWN_AT_MOST {
                    rows.push(Row { socket: *socket, process: None });
                } else {
                    left_out += 1;
                }
            });
            match read {
                Ok(source) => return Ok(Self { rows, source, left_out, skipped: reader.skipped() }),
                Err(error) if tries == TRIES || error.source.kind() == io::ErrorKind::NotFound => {
                    return Err(error);
                }
                Err(_) => tries += 1,
            }
        }
    }
}
