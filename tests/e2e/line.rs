//! A router whose line is bad: slow, long, and one packet in twelve is lost.
//!
//! ```text
//! ┌────────┐ wan   left ┌──────┐ right   wan ┌──────────┐
//! │ router ├────────────┤ line ├─────────────┤ internet │
//! └────────┘ 192.0.2.1  └──────┘  192.0.2.2  └──────────┘
//! ```
//!
//! What is lost is lost on arrival, before the receiver's kernel looks at it: a packet that is refused when it is sent
//! is no loss to TCP. Nothing is sent that the test doesn't send: neighbours are known, and nobody looks for routers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::connections::{at, udp};
use crate::delay::Delay;
use crate::namespace::Namespace;
use crate::wait::until;

pub(crate) const ROUTER: &str = "192.0.2.1";
pub(crate) const ROUTER_V6: &str = "2001:db8:2::1";
pub(crate) const INTERNET: &str = "192.0.2.2";
pub(crate) const INTERNET_V6: &str = "2001:db8:2::2";

/// How long a packet takes one way.
const LONG: Duration = Duration::from_millis(10);

/// The interface of the router and of the internet.
const WAN: &str = "wan";

/// Two hosts and what is between them; gone when dropped.
pub(crate) struct Line {
    // It is ended before the namespaces are.
    _delay: Delay,
    pub(crate) router: Namespace,
    pub(crate) internet: Namespace,
    _between: Namespace,
    directory: PathBuf,
}

impl Line {
    /// Makes it, good as yet, and waits until it carries something.
    pub(crate) fn new(test: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for the test's files");
        let router = Namespace::new(test, "router");
        let internet = Namespace::new(test, "internet");
        let between = Namespace::new(test, "line");
        for (host, end, own, other) in [(&router, "left", 1, 2), (&internet, "right", 2, 1)] {
            host.ip(&format!(
                "link add {WAN} address 02:00:00:00:02:0{own} type veth peer name {end} netns {}",
                between.name()
            ));
            for (setting, value) in
                [("accept_ra", "0"), ("router_solicitations", "0"), ("addr_gen_mode", "1")]
            {
                host.set(&format!("ipv6/conf/{WAN}/{setting}"), value);
            }
            between.set(&format!("ipv6/conf/{end}/disable_ipv6"), "1");
            between.ip(&format!("link set {end} up"));
            host.ip(&format!(
                "addr add 192.0.2.{own}/24 dev {WAN}
                addr add 2001:db8:2::{own}/64 dev {WAN} nodad
                link set {WAN} up
                neigh replace 192.0.2.{other} lladdr 02:00:00:00:02:0{other} nud permanent dev {WAN}
                neigh replace 2001:db8:2::{other} lladdr 02:00:00:00:02:0{other} nud permanent dev {WAN}"
            ));
            // The relay carries what a wire would: whole checksums, and no packet that is to be cut up later.
            inside(host, "ethtool", &["-K", WAN, "tx", "off", "tso", "off", "gso", "off"]);
            backs_off_from_the_first(host);
        }
        let delay = Delay::start(&between, LONG);
        let line = Self { _delay: delay, router, internet, _between: between, directory };
        line.prove();
        line
    }

    /// A file's place in the directory of this test.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// From now on it is slow, and loses one packet in twelve, both ways.
    pub(crate) fn worsen(&self) {
        for host in [&self.router, &self.internet] {
            inside(
                host,
                "tc",
                &[
                    "qdisc", "add", "dev", WAN, "root", "tbf", "rate", "30mbit", "burst", "16kb", "latency",
                    "40ms",
                ],
            );
            host.nft(&arriving("numgen random mod 100 < 8 drop"));
        }
    }

    /// From now on nothing arrives any more at `host`, but over its loopback.
    pub(crate) fn cut(host: &Namespace) {
        host.nft(&arriving("drop"));
    }

    /// Both ways, over both protocols, until something arrives: the relay knows its ends only then.
    fn prove(&self) {
        let ways = [
            (&self.router, &self.internet, INTERNET, INTERNET_V6),
            (&self.internet, &self.router, ROUTER, ROUTER_V6),
        ];
        let sockets: Vec<_> = ways
            .iter()
            .flat_map(|(from, to, v4, v6)| {
                [(v4, "0.0.0.0"), (v6, "::")].map(|(address, any)| {
                    let receiver = udp(to, at(address, 0));
                    receiver.set_read_timeout(Some(Duration::from_millis(5))).expect("a timeout above zero");
                    (udp(from, at(any, 0)), receiver)
                })
            })
            .collect();
        let mut proven = vec![false; sockets.len()];
        until("a line that carries both ways", || {
            for ((sender, receiver), proven) in sockets.iter().zip(&mut proven) {
                let _ = sender.send_to(b"?", receiver.local_addr().expect("a bound socket"));
                *proven |= receiver.recv(&mut [0; 8]).is_ok();
            }
            proven.iter().all(|proven| *proven).then_some(())
        });
        // What is still under way would be refused once the sockets are closed.
        std::thread::sleep(4 * LONG);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A command of the namespace that sees the namespace's own interfaces below `/sys` too.
pub(crate) fn command(host: &Namespace, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host.name()]).arg(program.as_ref());
    command
}

/// Runs a command and insists that it succeeds.
fn inside(host: &Namespace, program: &str, arguments: &[&str]) {
    let output = command(host, program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Firewall rules by which this happens to all that arrives, but over the loopback.
fn arriving(what: &str) -> String {
    format!(
        "table inet line
        delete table inet line
        table inet line {{
            chain arriving {{
                type filter hook prerouting priority -350
                iifname != \"lo\" {what}
            }}
        }}"
    )
}

/// Who gets no answer waits twice as long each time. Since Linux 6.5 the first four times are equally far apart.
fn backs_off_from_the_first(host: &Namespace) {
    let setting = "ipv4/tcp_syn_linear_timeouts";
    if host.enter(|| fs::exists(format!("/proc/sys/net/{setting}"))).unwrap_or(false) {
        host.set(setting, "0");
    }
}
