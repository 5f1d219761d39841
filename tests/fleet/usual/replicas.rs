//! Many routers, vmagent, and two VictoriaMetrics, one of which is killed and comes back.

use std::time::Instant;

use crate::buffers::with_room;
use crate::network::{Network, receiver};
use crate::numbers::Numbers;
use crate::stored::insist_on_all;
use crate::victoria::{Victoria, vmagent};

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
}
