//! What is told of interfaces, beside what iproute2 and ethtool tell of the same ones: in a namespace with traffic that has
//! ended, ours, theirs and ours once more.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use serde_json::Value as Json;

use crate::connections::{at, udp};
use crate::exporter::PROGRAM;
use crate::lines::{Line, Value, parse};
use crate::namespace::{Namespace, require};
use crate::wait::until;

/// What this test needs of an interface's line, by field.
type Fields = BTreeMap<String, Value>;

/// A router with a link of each kind that every kernel can make: to another namespace and below a bridge, down, without
/// anybody at the other end, upon another, and tunnels.
struct Lab {
    router: Namespace,
    far: Namespace,
}

impl Lab {
    fn new(test: &str) -> Self {
        let [router, far] = ["router", "far"].map(|role| Namespace::new(test, role));
        let there = far.name();
        // The kernel's own packets of IPv6 would come at any time.
        for host in [&router, &far] {
            host.set("ipv6/conf/all/disable_ipv6", "1");
            host.set("ipv6/conf/default/disable_ipv6", "1");
        }
        router.ip(&format!(
            "link add wan mtu 1492 type veth peer name router mtu 1492 netns {there}
             link add lan1 type veth peer name lan1 netns {there}
             link add br-lan type bridge
             link set lan1 master br-lan
             link add down0 type veth peer name down1
             link add alone type veth peer name nobody
             link add upon0 link wan type macvlan
             tuntap add dev tun0 mode tun
             tuntap add dev tap0 mode tap
             addr add 203.0.113.10/24 brd + dev wan
             addr add 203.0.113.11/32 dev wan
             addr add 192.168.8.1/24 brd 192.168.8.255 dev br-lan
             addr add 10.0.0.1 peer 10.0.0.2/32 dev tun0
             link set wan up
             link set lan1 up
             link set br-lan up
             link set alone up
             link set upon0 up
             link set tun0 up"
        ));
        far.ip("addr add 203.0.113.1/24 dev router
             addr add 192.168.8.11/24 dev lan1
             link set router up
             link set lan1 up");
        router.set("ipv6/conf/wan/disable_ipv6", "0");
        router.ip("addr add 2001:db8::1/64 dev wan nodad");
        Self { router, far }
    }

    /// Sends datagrams through each of the links that lead somewhere, and into a tunnel whose program doesn't run, where
    /// all of them are dropped.
    fn make_traffic(&self) {
        for (from, to, there) in [
            (&self.far, "203.0.113.10", Some(&self.router)),
            (&self.far, "192.168.8.1", Some(&self.router)),
            (&self.router, "203.0.113.1", Some(&self.far)),
            (&self.router, "192.168.8.11", Some(&self.far)),
            (&self.router, "10.0.0.2", None),
        ] {
            let (socket, to) = (udp(from, at("0.0.0.0", 0)), at(to, 9));
            let send = |size: usize| socket.send_to(&vec![0; size], to).expect("sending");
            if let Some(there) = there {
                let receiver = udp(there, to);
                receiver.set_nonblocking(true).expect("a setting");
                // A port of a bridge takes a moment before it forwards.
                until("a way there", || {
                    send(1);
                    receiver.recv(&mut [0]).ok()
                });
            }
            for size in 0..100 {
                send(size);
            }
        }
    }

    /// What `once` tells inside, where `/sys` is of the namespace as well.
    fn ours(&self) -> Vec<Line> {
        let output = self.inside(PROGRAM, &["once"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("namespace"), "{said}");
        parse(&output.stdout).unwrap_or_else(|why| panic!("{why}"))
    }

    fn inside(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("ip");
        let command = command.args(["netns", "exec", self.router.name(), program]).args(arguments);
        command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    /// What iproute2 tells, by interface.
    fn iproute2(&self, arguments: &[&str]) -> BTreeMap<String, Json> {
        let output = self.inside("ip", &[&["-s", "-j"], arguments].concat());
        let Ok(Json::Array(all)) = serde_json::from_slice(&output.stdout) else { panic!("{output:?}") };
        all.into_iter().map(|one| (one.get("ifname").map(text).expect("a name"), one)).collect()
    }

    /// Ours, and what iproute2 tells of links and of addresses in between, at a moment at which nothing moves.
    fn at_rest(&self) -> (Vec<Line>, BTreeMap<String, Json>, BTreeMap<String, Json>) {
        until("a quiet moment", || {
            let ours = self.ours();
            let theirs = (self.iproute2(&["link"]), self.iproute2(&["address"]));
            let same = |of: &str| by_interface(&ours, of) == by_interface(&self.ours(), of);
            (same("net") && same("network_interface")).then_some((ours, theirs.0, theirs.1))
        })
    }
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_else(|| panic!("{json} is no text")).to_owned()
}

/// The lines of a measurement, by interface.
fn by_interface(lines: &[Line], measurement: &str) -> BTreeMap<String, Fields> {
    let of_it = lines.iter().filter(|line| line.measurement == measurement);
    let name = |line: &Line| line.tags.get("interface").cloned().expect("a tag");
    of_it.map(|line| (name(line), line.fields.clone())).collect()
}

fn integer(json: &Json) -> Value {
    Value::Integer(json.as_i64().unwrap_or_else(|| panic!("{json} is no number")))
}

fn has(link: &Json, flag: &str) -> bool {
    link["flags"].as_array().is_some_and(|flags| flags.iter().any(|one| one == flag))
}

#[test]
fn counters_are_those_of_iproute2() {
    let lab = Lab::new("link-counters");
    lab.make_traffic();
    let (ours, links, _) = lab.at_rest();
    let ours = by_interface(&ours, "net");
    let shown = |link: &Json| has(link, "UP") && !has(link, "LOOPBACK");
    let theirs: BTreeMap<_, _> = links.iter().filter(|(_, link)| shown(link)).collect();
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().copied().collect::<Vec<_>>());
    assert!(ours.len() >= 6, "{ours:?}");
    for (name, fields) in &ours {
        let side = |side: &str, figure: &str| integer(&links[name]["stats64"][side][figure]);
        for (field, theirs) in [
            ("bytes_recv", side("rx", "bytes")),
            ("bytes_sent", side("tx", "bytes")),
            ("packets_recv", side("rx", "packets")),
            ("packets_sent", side("tx", "packets")),
            ("err_in", side("rx", "errors")),
            ("err_out", side("tx", "errors")),
            ("drop_in", side("rx", "dropped")),
            ("drop_out", side("tx", "dropped")),
        ] {
            assert_eq!(fields[field], theirs, "{field} of {name}");
        }
    }
    for (name, field) in [("wan", "packets_recv"), ("lan1", "packets_sent"), ("br-lan", "packets_recv")] {
        let Value::Integer(packets) = ours[name][field] else { panic!("{field} of {name}") };
        assert!(packets >= 100, "{field} of {name}: {packets}, so there was no traffic");
    }
    assert_eq!(ours["tun0"]["drop_out"], Value::Integer(100), "dropped for want of a reader");
}

#[test]
fn links_are_what_iproute2_and_ethtool_say() {
    require("ethtool", "ethtool");
    let lab = Lab::new("link-states");
    let (told, links, addresses) = lab.at_rest();
    let ours = by_interface(&told, "network_interface");
    assert_eq!(ours.keys().collect::<Vec<_>>(), links.keys().collect::<Vec<_>>());
    let (speeds, mut compared) = (by_interface(&told, "net"), BTreeSet::new());
    for (name, fields) in &ours {
        let link = &links[name];
        let is_up = has(link, "UP");
        assert_eq!(fields["up"], Value::Integer(is_up.into()), "up of {name}");
        let carrier = is_up.then(|| Value::Integer(has(link, "LOWER_UP").into()));
        assert_eq!(fields.get("carrier").cloned(), carrier, "carrier of {name}");
        assert_eq!(fields["mtu"], integer(&link["mtu"]), "mtu of {name}");
        assert_eq!(fields["operstate"], Value::Text(text(&link["operstate"]).to_lowercase()), "{name}");
        check_addresses(name, fields, &addresses[name]);
        let (speed, duplex) = ethtool(&lab, name);
        // Of what is down the kernel tells ethtool alone.
        let (speed, duplex) = (speed.filter(|_| is_up), duplex.filter(|_| is_up));
        assert_eq!(fields.get("speed_mbps").cloned(), speed.map(Value::Integer), "speed of {name}");
        assert_eq!(fields.get("duplex").cloned(), duplex.map(Value::Text), "duplex of {name}");
        assert!(!fields.contains_key("utilisation_percent"), "{name} has no real speed");
        if let Some(net) = speeds.get(name) {
            assert_eq!(net["speed"], Value::Integer(speed.unwrap_or(-1)), "speed of {name}");
            compared.insert((speed, fields.contains_key("carrier"), text(&link["operstate"])));
        }
    }
    assert!(compared.len() >= 3, "not of several kinds: {compared:?}");
    let total = told.iter().find(|line| line.measurement == "network_interface_total");
    assert_eq!(total.map(|line| &line.fields["interfaces"]), Some(&Value::Integer(0)), "none is hardware");
}

fn check_addresses(name: &str, fields: &Fields, theirs: &Json) {
    let theirs = theirs["addr_info"].as_array().unwrap_or_else(|| panic!("addresses of {name}"));
    let shown = |one: &Json| format!("{}/{}", text(&one["local"]), one["prefixlen"]);
    let expected: BTreeSet<String> = theirs.iter().map(shown).collect();
    let found: BTreeSet<String> = match fields.get("addresses") {
        Some(Value::Text(list)) => list.split(',').map(str::to_owned).collect(),
        other => other.map(|_| BTreeSet::new()).unwrap_or_default(),
    };
    assert_eq!(found, expected, "addresses of {name}");
    let broadcast = theirs.iter().find_map(|one| one.get("broadcast")).map(|one| Value::Text(text(one)));
    assert_eq!(fields.get("broadcast").cloned(), broadcast, "broadcast of {name}");
}

/// Speed in Mbit/s and duplex, where ethtool knows them.
fn ethtool(lab: &Lab, name: &str) -> (Option<i64>, Option<String>) {
    let output = lab.inside("ethtool", &[name]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let word = |label: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(label));
        line.map(|word| word.trim().to_owned()).filter(|word| !word.starts_with("Unknown"))
    };
    let speed = word("Speed:").map(|speed| {
        let figure = speed.strip_suffix("Mb/s").and_then(|figure| figure.parse().ok());
        figure.unwrap_or_else(|| panic!("{name}: {speed:?}"))
    });
    (speed, word("Duplex:").map(|duplex| duplex.to_lowercase()))
}

#[test]
fn nothing_is_believed_of_the_sys_of_another_namespace() {
    let lab = Lab::new("link-namespace");
    // This one moves alone, and `/sys` stays that of the machine.
    let output = lab.router.enter(|| Command::new(PROGRAM).arg("once").output()).expect("a snapshot");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches("the interfaces of another network namespace").count(), 1, "{said}");
    let lines = parse(&output.stdout).unwrap_or_else(|why| panic!("{why}"));
    let ours = by_interface(&lines, "network_interface");
    assert!(
        ours.keys().eq(["br-lan", "lo", "tun0", "wan"]),
        "what is told but the addresses is not known: {ours:?}"
    );
    assert!(ours["wan"].keys().eq(["addresses", "broadcast"]), "{ours:?}");
    let counted = by_interface(&lines, "net");
    assert!(
        counted.contains_key("alone") && counted.contains_key("down0"),
        "counters are known: {counted:?}"
    );
    assert!(!lines.iter().any(|line| line.measurement == "network_interface_total"));
}
