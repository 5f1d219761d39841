//! The server, the way to it, the name server or the router itself fails.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{PORT, Road, cuts, outage};
use crate::exporter::Exporter;
use crate::household::NAS;
use crate::name_server::{Answering, NameServer, inside};

/// Longer than a request waits for its answer.
const LONGER_THAN_A_REQUEST: Duration = Duration::from_secs(20);

#[test]
fn all_arrives_when_influxdb_comes_back() {
    let mut road = Road::new("spool-killed", "");
    road.start();
    road.ticks(3);
    road.influx.kill();
    road.await_said("snapshots are kept, and sent later");
    road.pass(outage());
    road.influx.start(&road.place);
    road.ticks(2);
    road.drain();
    road.end(Signal::SIGTERM);
    let arrived = road.insist_on_all();
    println!("InfluxDB away for {} s: all of {arrived} snapshots arrived", outage().as_secs());
}

#[test]
fn all_arrives_however_often_the_power_is_cut() {
    let mut road = Road::new("spool-cut", "");
    let directory = Road::directory(&road.home, "spool");
    road.configure(
        &format!("http://{}:{PORT}", road.address),
        &format!("spool = {{ directory = {directory:?}, pace = 100 }}"),
    );
    // From the first snapshot on that isn't acknowledged each is on the disk before the next.
    road.influx.kill();
    for cut in 0..cuts() {
        road.start();
        road.await_said("snapshots are kept, and sent later");
        // At all sorts of moments of what a tick takes.
        road.ticks(1 + usize::try_from(cut % 2).expect("0 or 1"));
        std::thread::sleep(Duration::from_millis(cut * 37 % 1000));
        road.end(Signal::SIGKILL);
    }
    road.influx.start(&road.place);
    road.start();
    road.ticks(2);
    road.drain();
    road.end(Signal::SIGTERM);
    let arrived = road.insist_on_all();
    println!("{} times kill -9: all of {arrived} snapshots arrived", cuts());
}

#[test]
fn all_arrives_when_the_way_or_the_name_server_is_gone_for_a_while() {
    let mut road = Road::new("spool-way", "");
    let _name_server = NameServer::of_router(&road.home, NAS);
    let answering = Answering::start(&road.home.nas, NAS, &[&road.address]);
    road.configure(&format!("http://influxdb.example.com:{PORT}"), "");
    road.exporter = Some(Exporter::run(&road.home, &mut inside(&road.home, &road.config)));
    road.ticks(3);
    // Nobody says that packets vanish.
    road.home.router.nft(&format!(
        "table inet cut {{ chain out {{ type filter hook output priority 0\n tcp dport {PORT} drop\n }}\n }}\n"
    ));
    road.await_said("no answer within");
    road.pass(LONGER_THAN_A_REQUEST);
    road.home.router.nft("delete table inet cut\n");
    road.await_said("works again");
    // Without a name server there is no way to a server that was started again.
    drop(answering);
    road.influx.stop();
    road.ticks(2);
    road.influx.start(&road.place);
    road.pass(LONGER_THAN_A_REQUEST);
    assert!(road.exporter().output().matches("works again").count() == 1, "the name is not resolved");
    let _answering = Answering::start(&road.home.nas, NAS, &[&road.address]);
    road.drain();
    road.end(Signal::SIGTERM);
    let arrived = road.insist_on_all();
    println!("the way gone, and the name server: all of {arrived} snapshots arrived");
}
