//! Many routers, one Telegraf, one InfluxDB, which is away for a while.

use std::time::Instant;

use crate::buffers::with_room;
use crate::connections::at;
use crate::influx::Influx;
use crate::network::{Network, listing, receiver};
use crate::numbers::Numbers;
use crate::server::cost;
use crate::stored::insist_on_all_in_influx;
use crate::telegraf::{TOKEN, Telegraf};

const PORT: u16 = 8094;

#[test]
fn every_row_is_stored_though_influxdb_was_away() {
    let numbers = Numbers::read();
    let network = Network::new("outage", numbers.routers);
    let place = &network.place;
    let mut influx = Influx::new(place, &network.directory("influxdb"), at("127.0.0.1", 8086), TOKEN);
    let listing = listing("central.conf", &[]);
    let directory = network.directory("telegraf");
    let start = || Telegraf::start(place, &directory, "telegraf", &listing).listens(place, PORT);
    let telegraf = with_room(start);

    let (away, back) = numbers.outage();
    let begun = Instant::now();
    let sent = network.run(&numbers.fleet(vec![receiver(PORT)]), |progress| {
        progress.reach(away);
        println!("fleet: Telegraf before the outage: {}", telegraf.cost());
        influx.kill();
        progress.reach(back);
        println!("fleet: Telegraf after {} s without InfluxDB: {}", numbers.away, telegraf.cost());
        influx.start(place);
    });
    let lasted = begun.elapsed();
    println!("fleet: Telegraf in {lasted:.0?}: {}", telegraf.cost());
    println!("fleet: InfluxDB since it is back: {}", cost(influx.pid()));
    let kept = telegraf.says("internal_write", "output=influxdb_v2", "buffer_size").into_iter().max();
    let kept = kept.expect("how many lines wait");
    println!("fleet: at most {kept} lines were kept");
    assert_eq!((sent.refused, network.thrown_away(PORT)), (0, 0), "datagrams refused, and thrown away");
    insist_on_all_in_influx(&influx, place, &sent);
    telegraf.insist_on_no_loss("influxdb_v2");
}
