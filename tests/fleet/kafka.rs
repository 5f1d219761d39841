//! Many routers, a Telegraf at each of two sites, Kafka on three brokers, two consumers, InfluxDB. A broker is killed and
//! comes back, and a consumer is killed.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::buffers::with_room;
use crate::connections::at;
use crate::influx::Influx;
use crate::network::{Network, listing, receiver};
use crate::numbers::Numbers;
use crate::server::{Server, cost};
use crate::stored::insist_on_all_in_influx;
use crate::telegraf::{TOKEN, Telegraf};
use crate::wait::until;

const TELEGRAF: &str = "kafka-telegraf";
/// Where the sites' Telegrafs listen.
const PORTS: [u16; 2] = [8094, 8095];
const BROKERS: [u16; 3] = [1, 2, 3];

/// Where a broker's clients and its controllers reach it.
fn address(broker: u16, of_controllers: bool) -> String {
    format!("127.0.0.1:{}", 19_090 + 100 * broker + if of_controllers { 3 } else { 2 })
}

/// How the listings call each broker, and where it is.
fn named(of_controllers: bool) -> Vec<(String, String)> {
    let port = if of_controllers { 9093 } else { 9092 };
    BROKERS.map(|broker| (format!("kafka-{broker}:{port}"), address(broker, of_controllers))).to_vec()
}

fn telegraf_listing(name: &str, more: &[(&str, &str)]) -> String {
    let brokers = named(false);
    let brokers = brokers.iter().map(|(name, address)| (name.as_str(), address.as_str()));
    listing(name, &brokers.chain(more.iter().copied()).collect::<Vec<_>>())
}

/// A program of Kafka's.
fn kafka(class: &str) -> Command {
    let jars =
        env::var_os("CONNTRACK_EXPORTER_KAFKA").expect("CONNTRACK_EXPORTER_KAFKA: what tools/kafka prints");
    let mut command = Command::new("java");
    command.args(["-Xmx512m", "-cp"]).arg(PathBuf::from(jars).join("*")).arg(class);
    command
}

/// One of the brokers.
struct Broker {
    server: Option<Server>,
    directory: PathBuf,
}

impl Broker {
    /// Makes its configuration and formats its directory, but does not start it.
    fn new(network: &Network, broker: u16) -> Self {
        let directory = network.directory(&format!("kafka-{broker}"));
        let (client, controller) = (address(broker, false), address(broker, true));
        let data = directory.join("data");
        let own = [
            ("node.id=1", format!("node.id={broker}")),
            ("PLAINTEXT://kafka-1:9092", format!("PLAINTEXT://{client}")),
            ("CONTROLLER://kafka-1:9093", format!("CONTROLLER://{controller}")),
            ("/var/lib/kafka", data.to_string_lossy().into_owned()),
        ];
        let all = named(true);
        let all = all.iter().map(|(name, address)| (name.as_str(), address.as_str()));
        let own = own.iter().map(|(from, to)| (*from, to.as_str()));
        let properties = directory.join("server.properties");
        let text = listing("kafka/server.properties", &own.chain(all).collect::<Vec<_>>());
        fs::write(&properties, text).expect("writing a configuration");
        let mut format = kafka("kafka.tools.StorageTool");
        format.args(["format", "--cluster-id", "conntrack-exporter-fle", "--config"]).arg(&properties);
        let output = format.output().expect("java");
        assert!(output.status.success(), "{output:?}");
        Self { server: None, directory }
    }

    /// Starts it, or starts it again with what it holds.
    fn start(&mut self, network: &Network) {
        let mut command = kafka("kafka.Kafka");
        command.arg(self.directory.join("server.properties"));
        self.server = Some(Server::start(&network.place, &self.directory, &mut command));
    }

    fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("a running broker")
    }
}

/// All three, with the topic.
fn cluster(network: &Network) -> Vec<Broker> {
    let mut brokers: Vec<Broker> = BROKERS.iter().map(|broker| Broker::new(network, *broker)).collect();
    for broker in &mut brokers {
        broker.start(network);
    }
    let bootstrap = BROKERS.map(|broker| address(broker, false)).join(",");
    until("a topic in Kafka", || {
        let mut create = kafka("org.apache.kafka.tools.TopicCommand");
        create.args([
            "--bootstrap-server",
            &bootstrap,
            "--create",
            "--if-not-exists",
            "--topic",
            "conntrack",
        ]);
        let output = network.place.enter(|| create.output()).expect("java");
        output.status.success().then_some(())
    });
    brokers
}

#[test]
fn no_row_is_lost_with_a_broker_and_a_consumer_killed() {
    let numbers = Numbers::read();
    let network = Network::new("kafka", numbers.routers);
    let place = &network.place;
    let influx = Influx::new(place, &network.directory("influxdb"), at("127.0.0.1", 8086), TOKEN);
    let mut brokers = cluster(&network);
    let sites = PORTS.map(|port| {
        let listing = telegraf_listing("kafka/site.conf", &[("udp://:8094", &format!("udp://:{port}"))]);
        let directory = network.directory(&format!("site-{port}"));
        with_room(|| Telegraf::start(place, &directory, TELEGRAF, &listing).listens(place, port))
    });
    let mut consumers = ["consumer-1", "consumer-2"].map(|name| {
        Telegraf::start(
            place,
            &network.directory(name),
            TELEGRAF,
            &telegraf_listing("kafka/consumer.conf", &[]),
        )
    });

    let (away, back) = numbers.outage();
    let begun = Instant::now();
    let mut read = 0;
    let sent = network.run(&numbers.fleet(PORTS.map(receiver).to_vec()), |progress| {
        progress.reach(away);
        brokers[0].server().kill();
        progress.reach(away.midpoint(back));
        println!("fleet: Kafka's consumer, killed: {}", consumers[0].cost());
        consumers[0].kill();
        read += consumers[0].newest("internal_gather", "input=kafka_consumer", "metrics_gathered");
        progress.reach(back);
        brokers[0].start(&network);
    });
    tell_costs(&mut brokers, &sites, &consumers[1], begun.elapsed());
    println!("fleet: InfluxDB: {}", cost(influx.pid()));
    let thrown_away = PORTS.map(|port| network.thrown_away(port));
    assert_eq!((sent.refused, thrown_away), (0, [0, 0]), "datagrams refused, and thrown away");
    insist_on_all_in_influx(&influx, place, &sent);
    for site in &sites {
        site.insist_on_no_loss("kafka");
    }
    read += consumers[1].newest("internal_gather", "input=kafka_consumer", "metrics_gathered");
    println!("fleet: {} lines were sent, and at least {read} read from Kafka", sent.lines);
}

fn tell_costs(brokers: &mut [Broker], sites: &[Telegraf], consumer: &Telegraf, lasted: Duration) {
    println!("fleet: in {lasted:.0?}");
    for (number, broker) in BROKERS.iter().zip(brokers) {
        println!("fleet: Kafka's broker {number}: {}", broker.server().cost());
    }
    for site in sites {
        println!("fleet: a site's Telegraf: {}", site.cost());
    }
    println!("fleet: Kafka's consumer, the survivor: {}", consumer.cost());
}
