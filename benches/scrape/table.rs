//! A table of so many entries, of 32 clients of a LAN that have leases, in a network namespace of its own.

use std::fmt::Write;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sched::{CloneFlags, unshare};

use crate::fill::{ends, fill};
use crate::flush::flush;

/// How many clients [`fill`] knows.
const CLIENTS: u32 = 32;

/// Which measurements are on.
#[derive(Clone, Copy)]
pub(crate) enum Measured {
    /// All.
    All,
    /// Those alone that need not know what flows did since they were last seen.
    Present,
}

/// The table; emptied when dropped.
pub(crate) struct Table {
    directory: PathBuf,
    leases: PathBuf,
    telegraf: UdpSocket,
}

impl Table {
    /// Goes into a new namespace. The one before goes when nobody is in it any more.
    pub(crate) fn new(entries: u32) -> Self {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
        for command in [
            "link set lo up",
            "link add br-lan type bridge",
            "addr add 192.168.8.1/24 dev br-lan",
            "link set br-lan up",
        ] {
            let status = Command::new("ip").args(command.split(' ')).status();
            assert!(status.is_ok_and(|status| status.success()), "ip {command}");
        }
        fs::write("/proc/sys/net/netfilter/nf_conntrack_acct", "1").expect("accounting");
        let telegraf = UdpSocket::bind("127.0.0.1:8094").expect("a port of this namespace's own");
        let directory = std::env::temp_dir().join(format!("conntrack-exporter-bench-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for files");
        let leases = directory.join("dhcp.leases");
        fs::write(&leases, lease_lines()).expect("the lease file");
        fill(0..entries).expect("entries in the table");
        Self { directory, leases, telegraf }
    }

    pub(crate) fn leases(&self) -> &Path {
        &self.leases
    }

    /// Telegraf's place.
    pub(crate) const fn telegraf(&self) -> &UdpSocket {
        &self.telegraf
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What the daemon reads, with a snapshot every second.
    pub(crate) fn configuration(&self, source: &str, measured: Measured) -> String {
        let leases = self.leases.display();
        let switches = match measured {
            Measured::All => EVERYTHING,
            Measured::Present => OF_WHAT_THERE_IS,
        };
        format!("interval = \"1s\"\nsource = \"{source}\"\ndevices.leases = [\"{leases}\"]\n{switches}")
    }
}

/// What is off by default is on as well.
const EVERYTHING: &str =
    "[system]\nrouter_stats = true\nwan_bandwidth = true\n[destinations]\nmode = \"prefix\"\n";
/// Without what flows did since they were last seen, and without the router itself, which has nothing to do with how large
/// the table is.
const OF_WHAT_THERE_IS: &str = "[measurements]\nconnection_rate = false\nbandwidth = false\ndevice_traffic = false\n\
                                device_activity = false\nconnection_trend = false\nconnection_alert = false\n\
                                device = false\n[system]\nnstat = \"off\"\nnetstat = false\nnet = false\n\
                                tcp_health = false\ntcp_service = false\nlistening_port = false\n\
                                network_interface = false\n";

impl Drop for Table {
    fn drop(&mut self) {
        // Now, and not when the next table is measured. What else is left does no harm.
        let _ = flush();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// As dnsmasq writes them.
fn lease_lines() -> String {
    let mut text = String::new();
    for client in 0..CLIENTS {
        let ((address, _), _) = ends(client);
        let _ = writeln!(text, "1795241374 02:00:00:00:00:{client:02x} {address} device-{client} *");
    }
    text
}
