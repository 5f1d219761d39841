//! The router's own sockets are shown to the measurements that need them, before these report.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tracing::warn;

use super::running::Running;
use crate::edge_log::EdgeLog;
use crate::measurements::DueClocks;
use crate::proc_net::ProcNetError;
use crate::proc_net::sockets::processes::{Holders, ProcessFinder};
use crate::proc_net::sockets::{SocketReader, SocketSource, Wanted};
use crate::root::Root;
use crate::wording::counted;

use super::figures::available;

/// How many sockets that listen are looked for among the processes at most.
const LISTENING_AT_MOST: usize = 1024;

/// Reads sockets, and finds out who holds those that listen.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    reader: SocketReader,
    processes: ProcessFinder,
    unreadable: EdgeLog,
    /// Some can't be understood.
    odd: EdgeLog,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// How they were read, if they could all be shown.
    pub(super) source: Option<SocketSource>,
    /// Who holds those that listen, if a measurement needs that.
    pub(super) holders: Option<Rc<Holders>>,
}

impl Sockets {
    /// Shows all sockets to those of `running` that are due at `boot` (time since boot) and need them.
    pub(super) fn show(
        &mut self,
        root: &Root,
        running: &mut [Running],
        due: DueClocks,
        boot: Duration,
    ) -> Shown {
        let mut observers: Vec<&mut Running> = running
            .iter_mut()
            .filter(|one| due.includes(one.schema().every) && one.needs().sockets > Wanted::Nothing)
            .collect();
        let Some(wanted) = observers.iter().map(|one| one.needs().sockets).max() else {
            return Shown::default();
        };
        let finds = observers.iter().any(|one| one.needs().processes);
        let mut listening = Vec::new();
        let mut pass = || {
            listening.clear();
            for one in &mut observers {
                one.measurement.begin_sockets();
            }
            self.reader.read(root, wanted, &mut |socket| {
                if finds && socket.listens() && listening.len() < LISTENING_AT_MOST {
                    listening.push(socket.inode);
                }
                for one in &mut observers {
                    one.measurement.observe_socket(socket);
                }
            })
        };
        // What broke off may go well at once; a file that is missing will still be.
        let read = pass().or_else(|error| if is_missing(&error) { Err(error) } else { pass() });
        self.tell_skipped();
        if !root.is_live() && read.as_ref().is_err_and(is_missing) {
            // Files of another router may well lack them: that is no fault.
            return Shown::default();
        }
        let source = available("the router's own sockets", read, &mut self.unreadable);
        let holders = finds.then(|| Rc::new(self.processes.holders(root, &listening, boot)));
        Shown { source, holders }
    }

    /// Says when the reader begins and ceases to meet what it can't understand.
    fn tell_skipped(&mut self) {
        let skipped = self.reader.skipped();
        if skipped == 0 {
            self.odd.ends();
        } else if self.odd.begins() {
            let sockets = counted(
                skipped,
                "of the router's own sockets can't be understood and is left out",
                "of the router's own sockets can't be understood and are left out",
            );
            warn!("{sockets}");
        }
    }
}

fn is_missing(error: &ProcNetError) -> bool {
    error.source.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
mod tests;
