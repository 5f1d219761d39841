//! `sockets`: the router's own sockets, as `ss -tinopm` shows them.

mod details;
#[cfg(test)]
mod fixture;
mod json;
mod selection;
pub(in crate::cli) mod state;
mod table;
mod totals;

use super::error::{CommandError, Exit};
use super::{GlobalArgs, print, print_error};
use crate::logging::{self, Streams};
use crate::proc_net::ProcNetError;
use crate::proc_net::sockets::processes::ProcessFinder;
use crate::proc_net::sockets::{SocketReader, SocketSource, Wanted};
use crate::root::Root;
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
    let (config, _) = global.prepare()?;
    logging::start(config.log.level, Streams::StderrOnly);
    let root = global.root();
    let selection = Selection {
        listening: args.listening,
        port: args.port,
        state: args.state,
        process: args.process.clone(),
    };
    let Found { mut rows, source, left_out } = Found::read(&root, &selection)?;
    if left_out > 0 {
        print_error(&format_args!("there are {left_out} more: --port, --state and --process ask for fewer"));
    }
    let inodes: Vec<u64> = rows.iter().map(|row| row.socket.inode).filter(|inode| *inode != 0).collect();
    let holders = ProcessFinder::default().holders(&root, &inodes);
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
                Ok(source) => return Ok(Self { rows, source, left_out }),
                Err(error) if tries == TRIES => return Err(error),
                Err(_) => tries += 1,
            }
        }
    }
}
