//! The kernel's text and its messages tell the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use conntrack_exporter::conntrack::flow::{Endpoint, Flow, Tuple};
use conntrack_exporter::conntrack::{Entry, Progress, Reading, netlink, procfs};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, sendto, socket,
};

use crate::connections::{at, udp};
use crate::fill::{ends, fill};
use crate::flush::drain;
use crate::household::{Household, INTERNET};
use crate::namespace::Namespace;
use crate::truth::Held;
use crate::wait::until;

/// Marks on what the nas has; a zone for one kind of question, and one for the first direction of another.
const MARKS_AND_ZONES: &str = "
table inet zones {
    chain first {
        type filter hook prerouting priority -300
        udp dport 7001 ct zone set 5
        udp dport 7002 ct original zone set 6
    }
    chain later {
        type filter hook prerouting priority -100
        ip saddr 192.168.8.12 ct mark set 32768
    }
}
";

/// Protocols of which the kernel tracks a lone packet without ports: GRE, ESP, L2TP and one without a name.
const PORTLESS: [u8; 4] = [47, 50, 115, 200];

/// The table of the thread's namespace as text, whichever the process is in.
pub(crate) fn text() -> Reading {
    Reading::Procfs(procfs::Reading::new(
        File::open("/proc/thread-self/net/nf_conntrack").expect("the table"),
    ))
}

fn messages() -> Reading {
    Reading::Netlink(netlink::Reading::begin().expect("root may ask"))
}

/// What a way of reading gives in a namespace, as [`read`] has it.
pub(crate) fn flows(router: &Namespace, open: fn() -> Reading) -> Vec<Flow> {
    router.enter(|| read(open()))
}

/// All entries in order, without their times, which differ from one reading to the next.
pub(crate) fn read(mut reading: Reading) -> Vec<Flow> {
    let mut flows = Vec::new();
    let mut sink = |entry: Entry<'_>| match entry {
        Entry::Flow(flow) => flows.push(Flow { timeout: flow.timeout.map(|_| 0), ..flow }),
        Entry::Unreadable { bytes, why } => panic!("{why}: {}", bytes.escape_ascii()),
    };
    while reading.step(&mut sink).expect("the table") == Progress::More {}
    flows.sort_by_key(identity);
    flows
}

/// What tells an entry from all others, zones aside.
fn identity(flow: &Flow) -> impl Ord + use<> {
    let ends = |tuple: &Tuple| (tuple.source, tuple.destination);
    (flow.protocol, ends(&flow.original), ends(&flow.reply))
}

/// The client's end of what [`fill`] puts there under this number.
fn client(number: u32) -> Endpoint {
    let ((address, port), _) = ends(number);
    Endpoint { address: address.into(), port: u16::try_from(port).expect("a port") }
}

/// Says that it is over when it is dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends an IPv4 packet of `protocol` with nothing in it but zeros.
fn bare_packet(client: &Namespace, protocol: u8) {
    let packet =
        [&[0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0][..], &[0; 4], &[198, 51, 100, 7], &[0; 16]];
    client.enter(|| {
        let raw = socket(AddressFamily::Inet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Raw);
        let raw = raw.expect("root may send anything");
        let to = SockaddrStorage::from(at(INTERNET, 0));
        sendto(raw.as_raw_fd(), &packet.concat(), &to, MsgFlags::empty()).expect("a way there");
    });
}

#[test]
fn a_quiet_table_is_the_same_from_both() {
    let home = Household::new("sources");
    home.router.nft(MARKS_AND_ZONES);
    let held = Held::all(&home);
    for protocol in PORTLESS {
        bare_packet(&home.laptop, protocol);
    }
    let questions = [7001, 7002].map(|port| {
        let question = udp(&home.nas, at("0.0.0.0", 0));
        question.send_to(b"?", at(INTERNET, port)).expect("a way there");
        question
    });
    home.router.enter(|| fill(0..3_000)).expect("more entries than one datagram holds");
    // The last packets of a connection arrive after the call that caused them has returned.
    let (by_text, by_messages) = until("a quiet table", || {
        let before = flows(&home.router, text);
        let by_messages = flows(&home.router, messages);
        (before == flows(&home.router, text)).then_some((before, by_messages))
    });
    for (text, messages) in by_text.iter().zip(&by_messages) {
        assert_eq!(text, messages);
    }
    assert_eq!(by_text.len(), by_messages.len());

    let protocols: BTreeSet<u8> = by_text.iter().map(|flow| flow.protocol.0).collect();
    let expected = PORTLESS.into_iter().chain([1, 6, 17, 58]).collect();
    assert!(protocols.is_superset(&expected), "{protocols:?}");
    let has = |what: fn(&Flow) -> bool| by_text.iter().any(what);
    assert!(has(|flow| flow.mark == 32_768) && has(|flow| flow.zone == 5));
    assert!(has(|flow| flow.original.counters.is_some_and(|counters| counters.packets > 0)));
    assert!(has(|flow| flow.original.source.address.is_ipv6()));
    drop((held, questions));
}

#[test]
fn under_churn_they_differ_by_the_churn_alone() {
    const QUIET: u32 = 4_000;
    const CHURN: u32 = 500;
    let router = Namespace::new("churn", "router");
    router.enter(|| fill(0..QUIET)).expect("entries that stay");
    let quiet: BTreeSet<_> = (0..QUIET).map(client).collect();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Also when a comparison fails, or the scope would wait for the churn for ever.
        let end = End(&over);
        let churn = scope.spawn(|| {
            router.enter(|| {
                let mut rounds = 0;
                while !over.load(Ordering::Relaxed) {
                    fill(QUIET..QUIET + CHURN).expect("entries that come");
                    drain(QUIET..QUIET + CHURN).expect("entries that go");
                    rounds += 1;
                }
                rounds
            })
        });
        for _ in 0..20 {
            for (name, open) in [("text", text as fn() -> Reading), ("messages", messages)] {
                let mut seen = BTreeMap::new();
                for flow in flows(&router, open) {
                    *seen.entry(flow.original.source).or_insert(0) += 1;
                }
                let lost = quiet.iter().filter(|end| !seen.contains_key(*end)).count();
                let churned = seen.keys().filter(|end| !quiet.contains(*end)).count();
                let difference = lost + churned;
                assert!(difference <= CHURN as usize, "{name}: {lost} lost, {churned} that come and go");
            }
        }
        drop(end);
        assert!(churn.join().expect("the churn") > 1, "entries came and went");
    });
}
