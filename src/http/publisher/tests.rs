use std::net::TcpListener;

use super::*;
use crate::lan::interfaces::Interface;
use crate::snapshot::Part;

fn config(address: SocketAddr, more: &str) -> Config {
    Config::parse(&format!("http.listen = \"{address}\"\n{more}")).unwrap()
}

fn lan(address: &str) -> Lan {
    let mut lan = Lan::new(&["br-lan".to_owned()], &[]);
    let addresses = vec![address.parse().unwrap()];
    let interface = Interface { name: "br-lan".to_owned(), link_layer: true, addresses, broadcast: None };
    lan.observe(vec![interface], Duration::ZERO);
    lan
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn listens(publisher: &Publisher) -> bool {
    publisher.on.as_ref().is_some_and(|on| on.server.is_some())
}

fn snapshot(flows: Option<Arc<ListedFlows>>) -> Snapshot {
    let parts: Vec<Part> = Vec::new();
    Snapshot { timestamp: None, parts, addresses_changed: false, events: Vec::new(), flows }
}

#[tokio::test]
async fn switched_off_it_holds_nothing() {
    let mut publisher = Publisher::new(&Config::default(), true);
    publisher.publish(&snapshot(None), Duration::ZERO, Some(&Ledger::default()));
    publisher.attend(&lan("192.168.8.1/24"));
    assert!(publisher.on.is_none());
    assert!(
        Publisher::new(&config(free_address(), ""), false).on.is_none(),
        "another router's configuration"
    );
}

#[tokio::test]
async fn it_listens_when_it_can_and_stops_when_it_is_told_to() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut publisher = Publisher::new(&config(address, ""), true);
    publisher.attend(&lan("192.168.8.1/24"));
    assert!(!listens(&publisher), "somebody else does");
    drop(taken);
    publisher.attend(&lan("192.168.8.1/24"));
    assert!(listens(&publisher));
    publisher.reconfigure(&config(free_address(), ""), true);
    assert!(!listens(&publisher), "the address is another");
    publisher.attend(&lan("192.168.8.1/24"));
    assert!(listens(&publisher));
    publisher.reconfigure(&Config::default(), true);
    assert!(publisher.on.is_none());
}

#[tokio::test]
async fn an_address_that_leaves_the_lan_is_served_no_more() {
    // Of documentation: no machine has it, and what is judged here comes before it is bound.
    let mut publisher = Publisher::new(&config("192.0.2.1:9479".parse().unwrap(), ""), true);
    let unserved = |publisher: &Publisher| publisher.on.as_ref().unwrap().unserved.present();
    publisher.attend(&Lan::new(&["br-lan".to_owned()], &[]));
    assert!(!unserved(&publisher), "nobody has looked yet");
    publisher.attend(&lan("192.168.8.1/24"));
    assert!(unserved(&publisher));
}

#[tokio::test]
async fn who_may_look_is_known_at_once() {
    let address = free_address();
    let mut publisher = Publisher::new(&config(address, ""), true);
    publisher.attend(&lan("192.168.8.1/24"));
    let admits = |publisher: &Publisher, peer: &str| {
        publisher.on.as_ref().unwrap().shared.borrow().guard.admits(peer.parse().unwrap())
    };
    assert!(admits(&publisher, "192.168.8.9") && !admits(&publisher, "192.168.9.9"));
    publisher.attend(&lan("192.168.9.1/24"));
    assert!(admits(&publisher, "192.168.9.9") && !admits(&publisher, "192.168.8.9"));
    publisher.reconfigure(&config(address, "http.allow = [\"10.8.0.2\"]"), true);
    publisher.attend(&lan("192.168.9.1/24"));
    assert!(admits(&publisher, "10.8.0.2") && !admits(&publisher, "192.168.9.9"));
    assert!(listens(&publisher), "all the while");
}

#[tokio::test]
async fn flows_stay_until_there_are_others() {
    let mut publisher = Publisher::new(&config(free_address(), ""), true);
    let flows = |publisher: &Publisher| {
        let shared = publisher.on.as_ref().unwrap().shared.borrow().clone();
        shared.published.and_then(|published| published.flows.as_ref().map(|flows| flows.left_out))
    };
    publisher.publish(&snapshot(None), Duration::ZERO, Some(&Ledger::default()));
    assert_eq!(flows(&publisher), None);
    publisher.publish(
        &snapshot(Some(Arc::new(ListedFlows { flows: vec![], left_out: 7 }))),
        Duration::ZERO,
        Some(&Ledger::default()),
    );
    publisher.publish(&snapshot(None), Duration::ZERO, Some(&Ledger::default()));
    assert_eq!(flows(&publisher), Some(7));
}
