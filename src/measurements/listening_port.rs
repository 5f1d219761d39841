//! `listening_port`: which ports of the router are open, how many wait there, and who answers.
//!
//! One point per address, port and protocol. Several sockets may share one (`SO_REUSEPORT`): they are one point, their
//! queues are summed up, and of their processes the one with the lowest number is told. The ports are at most 128, the
//! lowest first.
//!
//! A socket of UDP listens if it has no other side, and so does that by which a program waits for one answer. Such a port
//! is another every time: it would be a series for ever. So one of UDP is told once it was there at two reports; at the
//! first, what is there is taken to stay.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::config::Config;
use crate::devices::name;
use crate::proc_net::sockets::processes::{Holders, Process};
use crate::proc_net::sockets::{Socket, SocketSource, Transport, Wanted};
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, count, integer, text};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "listening_port",
    every: Clock::Interval,
    tags: &[
        TagSchema::of_ours("address", 45),
        TagSchema::name("host"),
        TagSchema::of_ours("port", 5),
        TagSchema::of_ours("protocol", 3),
    ],
    fields: &[
        integer("queue"),
        integer("backlog"),
        count("uid", 10),
        // Each of its bytes may have to be escaped.
        text("process", 2 * name::LONGEST),
        count("pid", 10),
        integer("sockets"),
    ],
    user_tags: UserTags::Replace,
    ends_with_zero: &["queue", "backlog", "sockets"],
};

/// How many ports are told.
const TOLD_AT_MOST: usize = 128;
/// How many are kept until the report. Of those beyond, every socket counts as a series.
const KEPT_AT_MOST: usize = 1024;
/// Of how many sockets of one port it is looked up who holds them.
const OWNERS_AT_MOST: usize = 64;

/// The measurement.
#[derive(Debug)]
pub struct ListeningPort {
    /// Whether it is told who listens.
    processes: bool,
    ports: BTreeMap<Key, Port>,
    /// Sockets for whose ports there was no room.
    surplus: u64,
    /// The ports of UDP at the last report, if there was one.
    last: Option<BTreeSet<Key>>,
}

/// What is one point; the lowest port is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    port: u16,
    transport: Transport,
    address: IpAddr,
}

/// What is there.
#[derive(Clone, Debug, Default)]
struct Port {
    queue: u64,
    backlog: u64,
    sockets: u64,
    /// The inodes of the sockets, and whose they are.
    owners: Vec<(u64, u32)>,
}

impl ListeningPort {
    /// Nothing was seen yet.
    pub const fn new(config: &Config) -> Self {
        Self { processes: config.system.processes, ports: BTreeMap::new(), surplus: 0, last: None }
    }
}

impl Measurement for ListeningPort {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { sockets: Wanted::States, processes: self.processes, ..Needs::default() }
    }

    fn begin_sockets(&mut self) {
        self.ports.clear();
        self.surplus = 0;
    }

    fn observe_socket(&mut self, socket: &Socket) {
        if !socket.listens() {
            return;
        }
        let key = Key { port: socket.local.port(), transport: socket.transport, address: socket.local.ip() };
        self.ports.entry(key).or_default().add(socket);
        if self.ports.len() > KEPT_AT_MOST {
            self.surplus += self.ports.pop_last().map_or(0, |(_, port)| port.sockets);
        }
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Some(source) = tick.sample.sockets else {
            return out.know_nothing();
        };
        let of_udp = self.ports.keys().filter(|key| key.transport == Transport::Udp).copied().collect();
        let last = self.last.replace(of_udp);
        let stays = |key: &Key| {
            key.transport == Transport::Tcp || last.as_ref().is_none_or(|last| last.contains(key))
        };
        let staying = self.ports.iter().filter(|(key, _)| stays(key));
        for (key, port) in staying.clone().take(TOLD_AT_MOST) {
            let (address, number) = (key.address.to_string(), key.port.to_string());
            let protocol = if key.transport == Transport::Tcp { "tcp" } else { "udp" };
            let tags = [("address", &*address), ("port", &*number), ("protocol", protocol)];
            // As text the kernel doesn't tell how many may wait.
            let has_backlog = key.transport == Transport::Tcp && source == SocketSource::Diag;
            let fields = port.fields(has_backlog, tick.sample.holders.as_deref());
            out.push(out.tags(&[tick.sample.host_tag()], &tags), fields);
        }
        let untold = u64::try_from(staying.count().saturating_sub(TOLD_AT_MOST)).unwrap_or(u64::MAX);
        out.findings().series_overflow += untold.saturating_add(self.surplus);
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn reconfigure(&mut self, config: &Config) {
        self.processes = config.system.processes;
    }
}

impl Port {
    fn add(&mut self, socket: &Socket) {
        self.queue += u64::from(socket.receive_queue);
        self.backlog += u64::from(socket.send_queue);
        self.sockets += 1;
        if self.owners.len() < OWNERS_AT_MOST {
            self.owners.push((socket.inode, socket.uid));
        }
    }

    fn fields(&self, has_backlog: bool, holders: Option<&Holders>) -> Vec<(&'static str, Value)> {
        let holder = |inode| holders.and_then(|holders| holders.get(&inode));
        let owned = self.owners.iter().map(|(inode, uid)| (holder(*inode), *inode, *uid));
        // What nobody is known to hold comes last.
        let first = owned.min_by_key(|(holder, inode, _)| (holder.is_none(), *holder, *inode));
        let mut fields = vec![("queue", Value::count(self.queue))];
        if has_backlog {
            fields.push(("backlog", Value::count(self.backlog)));
        }
        fields.extend(first.map(|(_, _, uid)| ("uid", Value::count(uid))));
        if let Some(Process { pid, name }) = first.and_then(|(holder, ..)| holder) {
            if !name.is_empty() {
                fields.push(("process", Value::Text(name.clone())));
            }
            fields.push(("pid", Value::count(*pid)));
        }
        fields.push(("sockets", Value::count(self.sockets)));
        fields
    }
}

#[cfg(test)]
mod tests;
