//! Which measurements there are, and which of them are switched on.

use super::{Measurement, Needs};
use super::{
    bandwidth, connection_alert, connection_rate, connection_state, connection_trend, conntrack,
    conntrack_exporter, destination, device, device_activity, device_traffic, listening_port, net, netstat,
    network_interface, nstat, router_stats, tcp_health, tcp_service, wan_bandwidth,
};
use crate::config::{Config, SystemConfig};
use crate::destinations::config::Mode;
use crate::flow_list::FlowLister;
use crate::http::FLOWS_AT_MOST;
use crate::series::schema::{Schema, UserTags};

/// One measurement of the list.
struct Entry {
    schema: &'static Schema,
    /// What switches it on.
    switch: Switch,
    new: fn(&Config) -> Box<dyn Measurement>,
}

/// What switches a measurement on.
enum Switch {
    /// Its name in `[measurements]`.
    Name,
    /// A key of `[system]`.
    System(fn(&SystemConfig) -> bool),
    /// Another section, which says how much is told as well.
    Section(fn(&Config) -> bool),
}

/// Every measurement there is, in the order in which they are sent. The exporter's own is the last line of a snapshot:
/// what it says of the others is known only then.
const LIST: [Entry; 21] = [
    of_flows(&connection_state::SCHEMA, |_| Box::<connection_state::ConnectionState>::default()),
    of_flows(&connection_rate::SCHEMA, |_| Box::<connection_rate::ConnectionRate>::default()),
    of_flows(&bandwidth::SCHEMA, |_| Box::<bandwidth::Bandwidth>::default()),
    of_flows(&device_traffic::SCHEMA, |_| Box::<device_traffic::DeviceTraffic>::default()),
    of_section(
        &destination::SCHEMA,
        |config| config.destinations.mode != Mode::Off,
        |config| Box::new(destination::Destination::new(config)),
    ),
    of_flows(&device_activity::SCHEMA, |config| Box::new(device_activity::DeviceActivity::new(config))),
    of_flows(&connection_trend::SCHEMA, |_| Box::<connection_trend::ConnectionTrend>::default()),
    of_flows(&device::SCHEMA, |_| Box::<device::Device>::default()),
    of_flows(&conntrack::SCHEMA, |_| Box::<conntrack::Conntrack>::default()),
    of_system(&nstat::SCHEMA, nstat::is_on, |config| Box::new(nstat::Nstat::new(config))),
    of_system(&tcp_health::SCHEMA, |system| system.tcp_health, |_| Box::<tcp_health::TcpHealth>::default()),
    of_system(&netstat::SCHEMA, |system| system.netstat, |_| Box::<netstat::Netstat>::default()),
    of_system(
        &tcp_service::SCHEMA,
        |system| system.tcp_service,
        |_| Box::<tcp_service::TcpService>::default(),
    ),
    of_system(
        &listening_port::SCHEMA,
        |system| system.listening_port,
        |config| Box::new(listening_port::ListeningPort::new(config)),
    ),
    of_system(&net::SCHEMA, |system| system.net, |_| Box::new(net::Net)),
    of_system(
        &network_interface::SCHEMA,
        |system| system.network_interface,
        |_| Box::new(network_interface::NetworkInterface),
    ),
    of_system(
        &network_interface::total::SCHEMA,
        |system| system.network_interface,
        |_| Box::new(network_interface::total::NetworkInterfaceTotal),
    ),
    of_system(&router_stats::SCHEMA, |system| system.router_stats, |_| Box::new(router_stats::RouterStats)),
    of_system(
        &wan_bandwidth::SCHEMA,
        |system| system.wan_bandwidth,
        |_| Box::<wan_bandwidth::WanBandwidth>::default(),
    ),
    of_flows(&connection_alert::SCHEMA, |config| Box::new(connection_alert::ConnectionAlert::new(config))),
    of_flows(&conntrack_exporter::SCHEMA, |_| Box::new(conntrack_exporter::ConntrackExporter)),
];

/// One of connections, of their table or of the exporter, which `[measurements]` switches.
const fn of_flows(schema: &'static Schema, new: fn(&Config) -> Box<dyn Measurement>) -> Entry {
    Entry { schema, switch: Switch::Name, new }
}

/// One of the router itself, which `[system]` switches.
const fn of_system(
    schema: &'static Schema,
    is_on: fn(&SystemConfig) -> bool,
    new: fn(&Config) -> Box<dyn Measurement>,
) -> Entry {
    Entry { schema, switch: Switch::System(is_on), new }
}

/// One that its own section switches.
const fn of_section(
    schema: &'static Schema,
    is_on: fn(&Config) -> bool,
    new: fn(&Config) -> Box<dyn Measurement>,
) -> Entry {
    Entry { schema, switch: Switch::Section(is_on), new }
}

impl Entry {
    fn is_on(&self, config: &Config) -> bool {
        match self.switch {
            Switch::Name => config.measurements.is_on(self.schema.name),
            Switch::System(is_on) => is_on(&config.system),
            Switch::Section(is_on) => is_on(config),
        }
    }
}

/// The names of those that `[measurements]` switches.
pub const NAMES: &[&str] = &names();

const SWITCHED: usize = count_switched();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which would refuse to")]
const fn count_switched() -> usize {
    let (mut place, mut count) = (0, 0);
    while place < LIST.len() {
        if matches!(LIST[place].switch, Switch::Name) {
            count += 1;
        }
        place += 1;
    }
    count
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which would refuse to")]
const fn names() -> [&'static str; SWITCHED] {
    let mut names = [""; SWITCHED];
    let (mut place, mut found) = (0, 0);
    while place < LIST.len() {
        if matches!(LIST[place].switch, Switch::Name) {
            names[found] = LIST[place].schema.name;
            found += 1;
        }
        place += 1;
    }
    names
}

/// The measurements that `config` switches on; and while anybody may ask for single flows, what lists them.
pub fn all(config: &Config) -> Vec<Box<dyn Measurement>> {
    let switched_on = LIST.iter().filter(|entry| entry.is_on(config)).map(|entry| (entry.new)(config));
    let lister =
        config.http.is_on().then(|| Box::new(FlowLister::new(FLOWS_AT_MOST)) as Box<dyn Measurement>);
    switched_on.chain(lister).collect()
}

/// What those need that `config` switches on, each for itself.
pub fn needs(config: &Config) -> impl Iterator<Item = Needs> {
    all(config).into_iter().map(|measurement| measurement.needs())
}

/// What the measurements send that `config` switches on.
pub fn schemas_on(config: &Config) -> impl Iterator<Item = &'static Schema> {
    LIST.iter().filter(|entry| entry.is_on(config)).map(|entry| entry.schema)
}

/// What measurements send, whether they are switched on or not.
pub fn schemas() -> impl Iterator<Item = &'static Schema> {
    LIST.iter().map(|entry| entry.schema)
}

/// The measurement whose tag this is, if a user may not take it for his own.
pub fn reserves_tag(key: &str) -> Option<&'static Schema> {
    let mut refusing = schemas().filter(|schema| schema.user_tags == UserTags::Refuse);
    refusing.find(|schema| schema.tags.iter().any(|tag| tag.key == key))
}

/// The longest line of any measurement in bytes, without the user's own tags.
pub fn longest_line() -> usize {
    schemas().map(Schema::longest_line).max().unwrap_or_default()
}
