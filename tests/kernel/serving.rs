//! Who is served what the last snapshots say, and what it costs the next when somebody will not stop asking.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::connections::at;
use crate::exporter::{Exporter, configure};
use crate::household::{Household, ROUTER, WAN};
use crate::least_privilege::{NONE, insist, nobody};
use crate::namespace::Namespace;
use crate::snapshot::Receiver;
use crate::wait::{PATIENCE, until};

/// More than the kernel's backlog, the server's places and the limit of descriptors together.
const MANY: usize = 10_000;

fn connect(client: &Namespace, address: SocketAddr) -> Option<TcpStream> {
    let stream = client.enter(|| TcpStream::connect_timeout(&address, Duration::from_secs(5))).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    Some(stream)
}

/// What comes back to who asks for the status: empty where the connection is closed, `None` where there is none.
fn ask(client: &Namespace, address: SocketAddr) -> Option<String> {
    let mut stream = connect(client, address)?;
    let request = format!("GET /api/v1/status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    // Either may fail where the connection was closed at once.
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut answer);
    Some(String::from_utf8_lossy(&answer).into_owned())
}

fn is_served(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 OK\r\n")
}

#[test]
fn the_lan_is_served_and_nobody_else_hears_a_word() {
    let home = Household::new("serving");
    let (telegraf, served) = (at("127.0.0.1", 8094), at(ROUTER, 9479));
    let receiver = Receiver::new(&home.router, telegraf);
    let more = format!("source = \"procfs\"\nhttp.listen = \"{served}\"");
    let exporter = Exporter::start(&home, &configure(&home, &telegraf.to_string(), &more));
    until("an answer", || ask(&home.laptop, served).filter(|answer| is_served(answer)));
    insist(&exporter, nobody(), NONE);
    // The router's address on the LAN can be reached from the other side, too.
    home.internet.ip(&format!("route replace {ROUTER}/32 via {WAN}"));
    let outside = until("a connection from outside", || ask(&home.internet, served));
    assert_eq!(outside, "", "it is closed before anything is read");
    assert_eq!(ask(&home.internet, at(WAN, 9479)), None, "nobody listens there");
    assert!(is_served(&ask(&home.nas, served).expect("a connection")));
    assert_eq!(receiver.next().figure("ticks_skipped"), 0);
    exporter.end(Signal::SIGTERM);
}

#[test]
fn ten_thousand_connections_make_no_snapshot_late() {
    let home = Household::new("serving-many");
    let (telegraf, served) = (at("127.0.0.1", 8094), at(ROUTER, 9479));
    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::start(
        &home,
        &configure(&home, &telegraf.to_string(), &format!("http.listen = \"{served}\"")),
    );
    until("an answer", || ask(&home.laptop, served).filter(|answer| is_served(answer)));
    let first = receiver.next();
    // Some say nothing and stay as long as they may, all others come and go.
    let mut open = Vec::new();
    for number in 0..MANY {
        let Some(stream) = connect(&home.laptop, served) else { continue };
        if number % 50 == 0 {
            open.push(stream);
        } else {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
    let after = receiver.next_where("the snapshots meanwhile", |snapshot| {
        snapshot.figure("sequence") > first.figure("sequence") + 1
    });
    assert_eq!(after.figure("ticks_skipped"), first.figure("ticks_skipped"));
    assert!(is_served(&ask(&home.nas, served).expect("a connection")), "another has room all the while");
    drop(open);
    until("a place for the same one", || ask(&home.laptop, served).filter(|answer| is_served(answer)));
    exporter.end(Signal::SIGTERM);
}
