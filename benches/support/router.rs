//! A router's files with a table of any size, in the mix of a busy home: TCP and UDP, open and closed, offloaded,
//! a tenth of it IPv6, of devices with leases.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes the files below a directory of this process's own: a table of so many entries, leases of so many devices.
pub(crate) fn write(entries: usize, devices: usize) -> io::Result<PathBuf> {
    let root =
        std::env::temp_dir().join(format!("conntrack-exporter-bench-{}-{entries}", std::process::id()));
    for directory in ["proc/net", "proc/sys/net/netfilter", "proc/sys/kernel", "tmp"] {
        fs::create_dir_all(root.join(directory))?;
    }
    let interface = "6: br-lan: <UP>\n    link/ether 02:00:00:00:01:02\n    inet 192.168.8.1/24 scope global\n    \
        inet6 2001:db8:aa:10::1/64 scope global\n7: eth0: <UP>\n    inet 203.0.113.10/24 scope global\n";
    fs::write(root.join("ip-address"), interface)?;
    fs::write(root.join("proc/sys/kernel/hostname"), "GL-MT2500\n")?;
    for (name, figure) in [("count", entries), ("max", 262_144), ("buckets", 65_536)] {
        let path = format!("proc/sys/net/netfilter/nf_conntrack_{name}");
        fs::write(root.join(path), format!("{figure}\n"))?;
    }
    fs::write(root.join("tmp/dhcp.leases"), leases(devices))?;
    fs::write(root.join("proc/net/nf_conntrack"), table(entries, devices))?;
    Ok(root)
}

/// Takes the files away again.
pub(crate) fn remove(root: &Path) {
    // What is left in a temporary directory does no harm.
    let _ = fs::remove_dir_all(root);
}

fn leases(devices: usize) -> String {
    let mut text = String::new();
    for device in 0..devices {
        let _ = writeln!(text, "1 02:00:00:00:00:{device:02x} 192.168.8.{} host-{device} *", device + 2);
    }
    text += "duid 00:01:00:01:32:93:49:58:de:a6:63:a8:1c:13\n";
    for device in 0..devices {
        let _ = writeln!(text, "1 7 2001:db8:aa:10::{device:x}01 * 00:03:00:01:02:00:00:00:00:{device:02x}");
    }
    text
}

/// The text of a table of so many entries.
pub(crate) fn table(entries: usize, devices: usize) -> String {
    let mut text = String::new();
    for number in 0..entries {
        entry(&mut text, number, number * 7 % devices);
    }
    text
}

fn entry(text: &mut String, number: usize, device: usize) {
    let (port, server) = (1024 + number % 60_000, number / 250 % 250 + 1);
    let client = format!("192.168.8.{}", device + 2);
    let host = format!("198.51.100.{server}");
    let ports = format!("sport={port} dport=443");
    let back = format!("src={host} dst=203.0.113.10 sport=443 dport={port}");
    let counted = "packets=120 bytes=30122";
    let _ = match number % 20 {
        0..9 => writeln!(
            text,
            "ipv4     2 tcp      6 7437 ESTABLISHED src={client} dst={host} {ports} {counted} {back} packets=4521 \
             bytes=6200113 [ASSURED] mark=0 zone=0 use=2"
        ),
        9..12 => writeln!(
            text,
            "ipv4     2 tcp      6 93 TIME_WAIT src={client} dst={host} {ports} {counted} {back} packets=21 \
             bytes=6113 [ASSURED] mark=0 zone=0 use=2"
        ),
        12 => writeln!(
            text,
            "ipv4     2 tcp      6 src={client} dst={host} {ports} {counted} {back} packets=94521 bytes=106200113 \
             [OFFLOAD] mark=0 zone=0 use=3"
        ),
        13..17 => writeln!(
            text,
            "ipv4     2 udp      17 114 src={client} dst={host} {ports} {counted} {back} packets=4 bytes=132 \
             [ASSURED] mark=0 zone=0 use=2"
        ),
        17 => writeln!(
            text,
            "ipv4     2 udp      17 24 src={client} dst={host} {ports} packets=1 bytes=33 [UNREPLIED] {back} \
             packets=0 bytes=0 mark=0 zone=0 use=2"
        ),
        _ => writeln!(
            text,
            "ipv6     10 tcp      6 7431 ESTABLISHED src=2001:0db8:00aa:0010:0000:0000:0000:{device:02x}01 \
             dst=2001:0db8:beef:0000:0000:0000:0000:{server:04x} {ports} {counted} \
             src=2001:0db8:beef:0000:0000:0000:0000:{server:04x} \
             dst=2001:0db8:00aa:0010:0000:0000:0000:{device:02x}01 sport=443 dport={port} packets=3 bytes=225 \
             [ASSURED] mark=0 zone=0 use=2"
        ),
    };
}
