use std::net::UdpSocket as Receiver;

use super::*;

fn receiver() -> (Receiver, u16) {
    let receiver = Receiver::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let port = receiver.local_addr().unwrap().port();
    (receiver, port)
}

/// A port at which nobody listens.
fn closed_port() -> u16 {
    receiver().1
}

async fn send(telegraf: &mut Telegraf, datagrams: &[&[u8]]) -> Delivery {
    telegraf.send(datagrams.iter().copied()).await
}

#[tokio::test]
async fn datagrams_arrive_in_order() {
    let (receiver, port) = receiver();
    let mut telegraf = Telegraf::new("127.0.0.1", port);
    let datagrams: Vec<Vec<u8>> = (0..60u8).map(|number| vec![number; 700]).collect();
    let delivery = telegraf.send(datagrams.iter().map(Vec::as_slice)).await;
    assert_eq!(delivery, Delivery { delivered: vec![true; 60], doubt: false, taken: 60, errors: 0 });
    let mut buffer = [0; 2000];
    for number in 0..60 {
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 700);
        assert_eq!(buffer[0], number);
    }
}

#[tokio::test]
async fn ipv6_works_as_well() {
    let receiver = Receiver::bind("[::1]:0").unwrap();
    let mut telegraf = Telegraf::new("::1", receiver.local_addr().unwrap().port());
    assert_eq!(send(&mut telegraf, &[b"x"]).await.delivered, [true]);
    assert_eq!(receiver.recv(&mut [0; 9]).unwrap(), 1);
    assert!(telegraf.to_string().starts_with("[::1]:"));
}

#[tokio::test]
async fn a_refused_port_is_noticed_for_every_datagram_and_so_is_its_return() {
    let port = closed_port();
    let mut telegraf = Telegraf::new("127.0.0.1", port);
    for _ in 0..2 {
        let delivery = send(&mut telegraf, &[b"a", b"b", b"c"]).await;
        assert_eq!(delivery, Delivery { delivered: vec![false; 3], doubt: false, taken: 3, errors: 3 });
    }
    let back = Receiver::bind(("127.0.0.1", port)).unwrap();
    assert_eq!(send(&mut telegraf, &[b"a", b"b"]).await.delivered, [true, true]);
    drop(back);
}

#[tokio::test]
async fn a_refusal_learned_between_snapshots_casts_doubt_on_the_last() {
    let mut telegraf = Telegraf::new("127.0.0.1", closed_port());
    telegraf.connect().await.unwrap();
    telegraf.socket.as_ref().unwrap().send(b"of the last snapshot").await.unwrap();
    let delivery = send(&mut telegraf, &[]).await;
    assert_eq!(delivery, Delivery { delivered: vec![], doubt: true, taken: 0, errors: 1 });
}

#[tokio::test]
async fn an_oversized_datagram_is_refused_alone() {
    let (_receiver, port) = receiver();
    let mut telegraf = Telegraf::new("127.0.0.1", port);
    let delivery = send(&mut telegraf, &[b"a", &vec![0; 70_000], b"b"]).await;
    assert_eq!((delivery.delivered, delivery.errors), (vec![true, false, true], 1));
    assert_eq!(send(&mut telegraf, &[b"a"]).await.delivered, [true], "by a new socket");
    assert!(!telegraf.failing);
}

#[tokio::test]
async fn a_name_is_resolved_without_being_waited_for() {
    let (_receiver, port) = receiver();
    let mut telegraf = Telegraf::new("localhost", port);
    let delivery = send(&mut telegraf, &[b"a"]).await;
    assert_eq!((delivery.delivered, delivery.errors), (vec![false], 1), "not there yet, counted");
    telegraf.resolve(Duration::from_secs(1)).await;
    assert_eq!(telegraf.attention_within(), Some(LOOK_FOR_ANSWER_EVERY));
    while telegraf.attention_within().is_some() {
        telegraf.resolve(Duration::from_secs(2)).await;
        tokio::task::yield_now().await;
    }
    assert!(telegraf.addresses.iter().any(|address| address.ip().is_loopback()));
}

#[tokio::test]
async fn a_name_that_can_not_be_resolved_is_asked_for_again_later() {
    let mut telegraf = Telegraf::new("no-such-host.invalid", 8094);
    telegraf.resolve(Duration::from_secs(1)).await;
    while telegraf.resolving.is_some() {
        telegraf.resolve(Duration::from_secs(1)).await;
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(send(&mut telegraf, &[b"a"]).await.errors, 1);
    assert!(telegraf.not_resolved().to_string().starts_with("no-such-host.invalid is not resolved: "));
    telegraf.resolve(Duration::from_secs(5)).await;
    assert!(telegraf.resolving.is_none(), "too soon");
    assert_eq!(telegraf.attention_within(), Some(RETRY_EVERY));
    telegraf.resolve(Duration::from_secs(11)).await;
    assert!(telegraf.resolving.is_some());
}

#[tokio::test]
async fn another_address_is_tried_when_the_first_can_not_be_reached() {
    let (_receiver, port) = receiver();
    let mut telegraf = Telegraf::new("two-addresses.invalid", port);
    // Without SO_BROADCAST the kernel refuses to connect there.
    telegraf.addresses = vec![(Ipv4Addr::BROADCAST, port).into(), (Ipv4Addr::LOCALHOST, port).into()];
    assert_eq!(send(&mut telegraf, &[b"a"]).await.delivered, [true]);
    assert!(telegraf.addresses[0].ip().is_loopback());
}
