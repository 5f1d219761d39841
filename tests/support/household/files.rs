//! The household's files, as its router has them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use conntrack_exporter::conntrack::flow::Counters;
use conntrack_exporter::conntrack::procfs::print::Line;
use conntrack_exporter::measurements::Moved;

use super::router::{LAN_ADDRESS, WAN_ADDRESS};
use super::{Household, address};

/// Writes what stays as it is.
pub(crate) fn write_standing(root: &Path, household: &Household) -> io::Result<()> {
    write_standing_of(root, household.names())
}

/// The same of owners of these names, the last of whom is the router.
pub(crate) fn write_standing_of(root: &Path, names: &[String]) -> io::Result<()> {
    let interfaces = format!(
        "1: br-lan: <UP>\n    link/ether 02:00:00:00:00:01\n    inet {LAN_ADDRESS}/24\n2: eth0: <UP>\n    \
         link/ether 02:00:00:00:00:02\n    inet {WAN_ADDRESS}/24\n"
    );
    let devices = &names[..names.len() - 1];
    let leases = devices.iter().enumerate().fold(String::new(), |text, (number, name)| {
        text + &format!("0 02:00:00:00:01:{number:02x} {} {name} *\n", address(number))
    });
    let route = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                 eth0\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
    write(root, "ip-address", &interfaces)?;
    write(root, "tmp/dhcp.leases", &leases)?;
    write(root, "proc/net/route", route)?;
    write(root, "proc/sys/kernel/hostname", "router\n")?;
    write(root, "proc/sys/net/netfilter/nf_conntrack_acct", "1\n")
}

/// Writes the interfaces' counters as they are now.
pub(crate) fn write_counters(root: &Path, household: &Household) -> io::Result<()> {
    write_counters_of(root, household.wan())
}

/// The same of a WAN that has counted so much.
pub(crate) fn write_counters_of(root: &Path, wan: Moved) -> io::Result<()> {
    let mut text = "Inter-|   Receive                            |  Transmit\n face |bytes packets errs drop fifo frame \
                    compressed multicast|bytes packets errs drop fifo colls carrier compressed\n"
        .to_owned();
    let [received, sent] =
        [wan.rx, wan.tx].map(|Counters { packets, bytes }| format!("{bytes} {packets} 0 0 0 0 0 0"));
    writeln!(text, "  eth0: {received} {sent}").unwrap();
    write(root, "proc/net/dev", &text)
}

/// Writes the table as it is now, as the kernel's text.
pub(crate) fn write_table(root: &Path, household: &Household) -> io::Result<()> {
    let table = household.table();
    let text = table.iter().fold(String::new(), |text, flow| text + &Line(flow).to_string() + " use=2\n");
    write(root, "proc/net/nf_conntrack", &text)?;
    write(root, "proc/sys/net/netfilter/nf_conntrack_count", &format!("{}\n", table.len()))
}

fn write(root: &Path, path: &str, text: &str) -> io::Result<()> {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap())?;
    fs::write(path, text)
}
