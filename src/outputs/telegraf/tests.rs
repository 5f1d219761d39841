use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket as Receiver};

use nix::errno::Errno;

use super::*;

fn receiver() -> (Receiver, u16) {
    let receiver = Receiver::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let port = receiver.local_addr().unwrap().port();
    (receiver, port)
}

/// Telegraf at a name or an address, and a port.
fn telegraf_at(host: &str, port: u16) -> Telegraf {
    let text = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Telegraf::new(text.try_into().unwrap())
}

/// A port at which nobody listens.
fn closed_port() -> u16 {
    receiver().1
}

/// Sends a snapshot; one every 30 seconds.
async fn send(telegraf: &mut Telegraf, datagrams: &[&[u8]]) -> Delivery {
    let boot = Duration::from_secs(30 * telegraf.snapshots);
    telegraf.send(datagrams.iter().copied(), boot).await
}

#[tokio::test]
async fn datagrams_arrive_in_order() {
    let (receiver, port) = receiver();
    let mut telegraf = telegraf_at("127.0.0.1", port);
    let datagrams: Vec<Vec<u8>> = (0..60u8).map(|number| vec![number; 700]).collect();
    let delivery = telegraf.send(datagrams.iter().map(Vec::as_slice), Duration::ZERO).await;
    assert_eq!((delivery.taken, delivery.errors), (60, 0));
    assert_eq!(delivery.delivered, [true; 60]);
    let mut buffer = [0; 2000];
    for number in 0..60 {
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 700);
        assert_eq!(buffer[0], number);
    }
}

#[tokio::test]
async fn ipv6_works_as_well() {
    let receiver = Receiver::bind("[::1]:0").unwrap();
    let mut telegraf = telegraf_at("::1", receiver.local_addr().unwrap().port());
    assert_eq!(send(&mut telegraf, &[b"x"]).await.delivered, [true]);
    assert_eq!(receiver.recv(&mut [0; 9]).unwrap(), 1);
    assert!(telegraf.to_string().starts_with("[::1]:"));
}

#[tokio::test]
async fn a_refused_port_is_noticed_for_every_datagram_and_so_is_its_return() {
    let port = closed_port();
    let mut telegraf = telegraf_at("127.0.0.1", port);
    for _ in 0..2 {
        let delivery = send(&mut telegraf, &[b"a", b"b", b"c"]).await;
        assert_eq!((delivery.taken, delivery.errors), (3, 3));
        assert_eq!(delivery.delivered, [false; 3]);
    }
    let back = Receiver::bind(("127.0.0.1", port)).unwrap();
    assert_eq!(send(&mut telegraf, &[b"a", b"b"]).await.delivered, [true, true]);
    drop(back);
}

#[tokio::test]
async fn a_refusal_learned_between_snapshots_casts_doubt_on_the_last() {
    let mut telegraf = telegraf_at("127.0.0.1", closed_port());
    telegraf.connect().unwrap();
    telegraf.connection.as_ref().unwrap().send(b"of the last snapshot").await.unwrap();
    let delivery = send(&mut telegraf, &[]).await;
    assert_eq!((delivery.doubt, delivery.errors), (true, 1));
}

#[tokio::test]
async fn a_refusal_is_learned_though_the_router_has_other_addresses() {
    let mut telegraf = telegraf_at("127.0.0.1", closed_port());
    send(&mut telegraf, &[]).await;
    telegraf.connection.as_ref().unwrap().send(b"of the last snapshot").await.unwrap();
    telegraf.renew();
    let delivery = send(&mut telegraf, &[]).await;
    assert_eq!((delivery.doubt, delivery.errors), (true, 1));
}

#[tokio::test]
async fn the_router_has_other_addresses_so_that_another_socket_is_used() {
    let (_receiver, port) = receiver();
    let mut telegraf = telegraf_at("127.0.0.1", port);
    send(&mut telegraf, &[b"a"]).await;
    let first = telegraf.connection.as_ref().unwrap().from();
    send(&mut telegraf, &[b"b"]).await;
    assert_eq!(telegraf.connection.as_ref().unwrap().from(), first);
    telegraf.renew();
    send(&mut telegraf, &[b"c"]).await;
    assert_ne!(telegraf.connection.as_ref().unwrap().from(), first);
}

#[tokio::test]
async fn an_address_is_not_blamed_for_what_the_router_lacks() {
    for (errno, blamed) in [
        (Errno::ENOBUFS, false),
        (Errno::EMFILE, false),
        (Errno::EMSGSIZE, false),
        (Errno::ECONNREFUSED, true),
        (Errno::EHOSTUNREACH, true),
        (Errno::EPERM, true),
    ] {
        let (_receiver, _other, addresses) = two_receivers();
        let mut telegraf = named(&addresses);
        send(&mut telegraf, &[b"a"]).await;
        telegraf.blame_address(errno.into());
        assert_eq!(telegraf.addresses.has_refused(addresses[0]), blamed, "{errno}");
    }
    assert!(!speaks_of_the_way(&io::ErrorKind::TimedOut.into()));
}

#[tokio::test]
async fn while_an_outage_lasts_every_snapshot_stays_in_doubt() {
    let (receiver, port) = receiver();
    let mut telegraf = telegraf_at("127.0.0.1", port);
    assert!(send(&mut telegraf, &[b"a"]).await.doubt, "of whoever was sent to before");
    assert!(!send(&mut telegraf, &[b"a"]).await.doubt);
    drop(receiver);
    assert!(send(&mut telegraf, &[b"a"]).await.doubt);
    let _back = Receiver::bind(("127.0.0.1", port)).unwrap();
    for doubt in [true, true, false] {
        assert_eq!(send(&mut telegraf, &[b"a"]).await.doubt, doubt);
    }
}

#[tokio::test]
async fn an_oversized_datagram_is_refused_alone() {
    let (_receiver, port) = receiver();
    let mut telegraf = telegraf_at("127.0.0.1", port);
    let delivery = send(&mut telegraf, &[b"a", &vec![0; 70_000], b"b"]).await;
    assert_eq!((delivery.delivered, delivery.errors), (vec![true, false, true], 1));
    for _ in 0..3 {
        assert!(telegraf.outage.is_present());
        assert_eq!(send(&mut telegraf, &[b"a"]).await.delivered, [true], "by a new socket");
    }
    assert!(!telegraf.outage.is_present());
}

#[tokio::test]
async fn a_name_is_resolved_without_being_waited_for() {
    let (_receiver, port) = receiver();
    let mut telegraf = telegraf_at("localhost", port);
    let delivery = send(&mut telegraf, &[b"a"]).await;
    assert_eq!((delivery.delivered, delivery.errors), (vec![false], 1), "not there yet, counted");
    telegraf.resolve(Duration::from_secs(1)).await;
    assert_eq!(telegraf.attention_within(), Some(Duration::from_secs(1)));
    while telegraf.resolver.is_asking() {
        telegraf.resolve(Duration::from_secs(2)).await;
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(telegraf.attention_within(), None, "{}", telegraf.resolver.error());
    assert!(telegraf.addresses.routes().iter().any(|route| route.to.ip().is_loopback()));
}

#[tokio::test]
async fn a_name_that_can_not_be_resolved_is_asked_for_again_later() {
    let mut telegraf = telegraf_at("no-such-host.invalid", 8094);
    telegraf.resolve(Duration::from_secs(1)).await;
    while telegraf.resolver.is_asking() {
        telegraf.resolve(Duration::from_secs(1)).await;
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(send(&mut telegraf, &[b"a"]).await.errors, 1);
    assert!(telegraf.resolver.error().to_string().starts_with("no-such-host.invalid is not resolved: "));
    telegraf.resolve(Duration::from_secs(5)).await;
    assert!(!telegraf.resolver.is_asking(), "too soon");
    assert_eq!(telegraf.attention_within(), Some(Duration::from_secs(10)));
    telegraf.resolve(Duration::from_secs(11)).await;
    assert!(telegraf.resolver.is_asking());
}

/// A name that has been resolved.
fn named(addresses: &[SocketAddr]) -> Telegraf {
    let mut telegraf = telegraf_at("telegraf.invalid", addresses[0].port());
    telegraf.addresses = Addresses::new(addresses.iter().copied());
    telegraf
}

/// Where the snapshots go.
fn in_use(telegraf: &Telegraf) -> SocketAddr {
    telegraf.connection.as_ref().unwrap().to()
}

/// Telegraf at `::1`, which is the one in front, and somebody at `127.0.0.1` who takes everything; and their port.
fn two_receivers() -> (Receiver, Receiver, [SocketAddr; 2]) {
    loop {
        let (other, port) = receiver();
        match Receiver::bind((Ipv6Addr::LOCALHOST, port)) {
            Ok(telegraf) => {
                let addresses = [telegraf.local_addr().unwrap(), other.local_addr().unwrap()];
                return (telegraf, other, addresses);
            }
            // Another test may have the port over IPv6.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => panic!("no port of ::1: {error}"),
        }
    }
}

#[tokio::test]
async fn another_address_is_used_when_the_first_can_not_be_reached() {
    let (_receiver, port) = receiver();
    // Without SO_BROADCAST the kernel refuses to connect there.
    let mut telegraf = named(&[(Ipv4Addr::BROADCAST, port).into(), (Ipv4Addr::LOCALHOST, port).into()]);
    assert_eq!(send(&mut telegraf, &[b"a"]).await.delivered, [true]);
    assert!(in_use(&telegraf).ip().is_loopback());
}

#[tokio::test]
async fn the_next_snapshot_goes_to_another_address_when_one_refuses() {
    let (closed, receiver, [refusing, alive]) = two_receivers();
    drop(closed);
    let mut telegraf = named(&[alive, refusing]);
    assert_eq!(send(&mut telegraf, &[b"a", b"b"]).await.delivered, [false, false]);
    for _ in 0..5 {
        assert_eq!(send(&mut telegraf, &[b"c"]).await.delivered, [true]);
        assert_eq!(receiver.recv(&mut [0; 9]).unwrap(), 1);
        assert_eq!(in_use(&telegraf), alive);
    }
    telegraf.renew();
    send(&mut telegraf, &[b"d"]).await;
    assert_eq!(in_use(&telegraf), alive, "what refused is not forgotten");
    let socket = telegraf.connection.as_ref().unwrap().from();
    assert!(telegraf.addresses.replace([refusing, alive, (Ipv4Addr::BROADCAST, alive.port()).into()]));
    telegraf.choose_anew();
    send(&mut telegraf, &[b"e"]).await;
    assert_eq!(in_use(&telegraf), alive, "nor when the name has one more");
    assert_eq!(telegraf.connection.as_ref().unwrap().from(), socket, "by the socket that there is");
}

#[tokio::test]
async fn addresses_that_all_refuse_are_tried_in_turn() {
    let port = closed_port();
    let addresses = [(Ipv6Addr::LOCALHOST, port).into(), SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
    let mut telegraf = named(&addresses);
    for turn in 0..6 {
        assert_eq!(send(&mut telegraf, &[b"a"]).await.errors, 1);
        assert_eq!(in_use(&telegraf), addresses[turn % 2]);
    }
}

#[tokio::test]
async fn the_first_address_is_used_again_when_it_no_longer_refuses() {
    let (receiver, _other, addresses) = two_receivers();
    let mut telegraf = named(&addresses);
    assert_eq!(send(&mut telegraf, &[b"a"]).await.delivered, [true]);
    drop(receiver);
    assert_eq!(send(&mut telegraf, &[b"b"]).await.delivered, [false]);
    // So long that the outage is over, while the other may be swallowing everything.
    let mut in_doubt = true;
    for _ in 0..10 {
        in_doubt &= send(&mut telegraf, &[b"c"]).await.doubt;
        assert_eq!(in_use(&telegraf), addresses[1]);
    }
    assert!(!telegraf.outage.is_present());
    telegraf.renew();
    in_doubt &= send(&mut telegraf, &[b"c"]).await.doubt;

    let _back = Receiver::bind(addresses[0]).unwrap();
    let mut settled = false;
    for _ in 0..6 {
        let before = in_use(&telegraf);
        let delivery = send(&mut telegraf, &[b"d"]).await;
        assert_eq!(delivery.errors, 0, "nothing is lost for it");
        in_doubt &= delivery.doubt || before == addresses[0];
        settled = !delivery.doubt;
    }
    assert_eq!(in_use(&telegraf), addresses[0]);
    assert!(in_doubt, "whatever went to the other");
    assert!(settled, "but not what went to the first");
}

#[tokio::test]
async fn a_new_answer_casts_doubt_on_what_went_to_the_address_before() {
    let (_telegraf, _other, [new, old]) = two_receivers();
    let mut telegraf = named(&[old]);
    for expected in [true, false] {
        assert_eq!(send(&mut telegraf, &[b"a"]).await.doubt, expected);
    }
    assert!(telegraf.addresses.replace([new]));
    telegraf.choose_anew();
    for expected in [true, false] {
        assert_eq!(send(&mut telegraf, &[b"b"]).await.doubt, expected);
        assert_eq!(in_use(&telegraf), new);
    }
}

#[tokio::test]
async fn a_better_address_is_used_again_though_the_best_goes_on_refusing() {
    let (closed, second, [best, better]) = two_receivers();
    drop((closed, second));
    let worst = SocketAddr::from(([127, 0, 0, 2], better.port()));
    let _swallowing = Receiver::bind(worst).unwrap();
    let mut telegraf = named(&[best, better, worst]);
    for to in [best, better, worst] {
        send(&mut telegraf, &[b"a"]).await;
        assert_eq!(in_use(&telegraf), to);
    }
    let _back = Receiver::bind(better).unwrap();
    for _ in 0..5 {
        send(&mut telegraf, &[b"b"]).await;
    }
    assert_eq!(in_use(&telegraf), better);
}

#[tokio::test]
async fn an_address_is_not_used_again_before_the_kernel_would_say_that_it_is_dead() {
    let (closed, _other, addresses) = two_receivers();
    drop(closed);
    let mut telegraf = named(&addresses);
    telegraf.send([&b"a"[..]].into_iter(), Duration::ZERO).await;
    let _back = Receiver::bind(addresses[0]).unwrap();
    for second in 1..=7 {
        telegraf.send([&b"b"[..]].into_iter(), Duration::from_secs(second)).await;
        assert_eq!(in_use(&telegraf), addresses[usize::from(second < 7)], "{second}");
    }
}

#[tokio::test]
async fn an_address_that_goes_on_refusing_costs_nothing_more() {
    let (receiver, _other, addresses) = two_receivers();
    drop(receiver);
    let mut telegraf = named(&addresses);
    assert_eq!(send(&mut telegraf, &[b"a"]).await.errors, 1);
    for _ in 0..200 {
        assert_eq!(send(&mut telegraf, &[b"b"]).await.delivered, [true]);
        assert_eq!(in_use(&telegraf), addresses[1]);
    }
    assert!(!telegraf.outage.is_present());
}
