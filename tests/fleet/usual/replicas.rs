//! Many routers, vmagent, and two VictoriaMetrics, one of which is killed and comes back.

use std::time::Instant;

use crate::buffers::with_room;
use crate::dashboard::{Column, look};
use crate::fleet::rows::Sent;
use crate::network::{Network, receiver};
use crate::numbers::Numbers;
use crate::place::Place;
use crate::stored::insist_on_all;
use crate::victoria::{Victoria, vmagent, window};

const PORT: u16 = 8094;
const PORTS: [u16; 2] = [8428, 8430];

#[test]
fn the_replica_that_survives_has_every_row() {
    let numbers = Numbers::read();
    let network = Network::new("replicas", numbers.routers);
    let place = &network.place;
    let survivor = Victoria::start(&network, "survivor", PORTS[0]);
    let mut killed = Victoria::start(&network, "killed", PORTS[1]);
    let vmagent = with_room(|| vmagent(&network, PORTS));

    let (away, back) = numbers.outage();
    let begun = Instant::now();
    let sent = network.run(&numbers.fleet(vec![receiver(PORT)]), |progress| {
        progress.reach(away);
        killed.kill();
        progress.reach(back);
        killed.start_again(place);
    });
    println!("fleet: vmagent in {:.0?}: {}", begun.elapsed(), vmagent.cost());
    println!("fleet: VictoriaMetrics, the survivor: {}", survivor.cost());
    assert_eq!((sent.refused, network.thrown_away(PORT)), (0, 0), "datagrams refused, and thrown away");
    insist_on_all(|| survivor.rows(place, &sent), &sent);
    let there: u64 = killed.rows(place, &sent).values().sum();
    println!("fleet: {} of {} rows are in the one that was killed", there, sent.total());
    let table = look(&survivor, place, &sent);
    assert!(table["Lost"].values().all(|lost| *lost == 0.0), "{:?}", table["Lost"]);
    assert!(table["Age"].values().all(|age| *age <= 1.0), "{:?}", table["Age"]);
    assert_eq!(
        look(&killed, place, &sent)["Lost"],
        gaps(&killed, place, &sent),
        "snapshots that one has not"
    );
}

/// How many numbers are missing between the first and the last that are there.
fn gaps(victoria: &Victoria, place: &Place, sent: &Sent) -> Column {
    let of = |function: &str| {
        let query = format!("sum({function}(conntrack_exporter_sequence[{}])) by (router)", window(sent));
        victoria.by_router(place, &query, sent)
    };
    let (first, last, count) = (of("min_over_time"), of("max_over_time"), of("count_over_time"));
    last.into_iter()
        .map(|(router, last)| (router.clone(), last - first[&router] + 1.0 - count[&router]))
        .collect()
}
