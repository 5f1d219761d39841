//! The router's own sockets are shown to the measurements that need them, before these report.

use std::rc::Rc;
use std::time::Duration;

use super::running::Running;
use crate::edge_log::EdgeLog;
use crate::measurements::DueClocks;
use crate::proc_net::sockets::processes::{Holders, ProcessFinder};
use crate::proc_net::sockets::{Socket, SocketReader, SocketSource, TcpState, Transport, Wanted};
use crate::root::Root;

use super::figures::available;

/// How many sockets that listen are looked for among the processes at most.
const LISTENING_AT_MOST: usize = 1024;

/// Reads sockets, and finds out who holds those that listen.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    reader: SocketReader,
    processes: ProcessFinder,
    unreadable: EdgeLog,
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
        for one in &mut observers {
            one.measurement.begin_sockets();
        }
        let read = self.reader.read(root, wanted, &mut |socket| {
            if finds && listens(socket) && listening.len() < LISTENING_AT_MOST {
                listening.push(socket.inode);
            }
            for one in &mut observers {
                one.measurement.observe_socket(socket);
            }
        });
        let source = available("the router's own sockets", read, &mut self.unreadable);
        let holders = finds.then(|| Rc::new(self.processes.holders(root, &listening, boot)));
        Shown { source, holders }
    }
}

/// Whether it waits for whoever comes.
fn listens(socket: &Socket) -> bool {
    match socket.transport {
        Transport::Tcp => socket.state == TcpState::Listen,
        Transport::Udp => socket.remote.port() == 0,
    }
}
