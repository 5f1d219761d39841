//! Which keys of the configuration make a measurement smaller.

use crate::config::Config;
use crate::measurements::system::NstatChoice;
use crate::measurements::{
    NAMES, bandwidth, connection_alert, connection_rate, connection_state, connection_trend, destination,
    device, device_activity, device_traffic, network_interface, nstat,
};
use crate::series::schema::{Clock, Schema};

/// Those that report every five minutes, whatever `interval` is.
pub(super) const EVERY_FIVE_MINUTES: [&str; 2] = [device::SCHEMA.name, connection_alert::SCHEMA.name];

/// Those whose series are of devices, so many of each.
const OF_DEVICES: [&str; 8] = [
    connection_state::SCHEMA.name,
    connection_rate::SCHEMA.name,
    bandwidth::SCHEMA.name,
    device_traffic::SCHEMA.name,
    destination::SCHEMA.name,
    device_activity::SCHEMA.name,
    connection_trend::SCHEMA.name,
    device::SCHEMA.name,
];

/// What to change, each by itself: how often it reports, how much it tells, of how many.
pub(super) fn lowered_by(schema: &Schema, config: &Config) -> Vec<String> {
    let clock = match schema.every {
        _ if EVERY_FIVE_MINUTES.contains(&schema.name) => None,
        Clock::Interval => Some("interval"),
        Clock::Traffic => Some("traffic.interval"),
    };
    let bound = OF_DEVICES.contains(&schema.name).then_some("limits.max_devices");
    let keys = clock.map(str::to_owned).into_iter().chain([switch(schema, config)]);
    keys.chain(bound.map(str::to_owned)).collect()
}

/// What switches it off, or has it tell less.
fn switch(schema: &Schema, config: &Config) -> String {
    let name = schema.name;
    if name == destination::SCHEMA.name {
        return "destinations.mode".to_owned();
    }
    if name == nstat::SCHEMA.name {
        let less = if config.system.nstat == NstatChoice::All { "usual" } else { "off" };
        return format!("system.nstat = \"{less}\"");
    }
    if name == network_interface::total::SCHEMA.name {
        return format!("system.{} = false", network_interface::SCHEMA.name);
    }
    let section = if NAMES.contains(&name) { "measurements" } else { "system" };
    format!("{section}.{name} = false")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::{schemas, schemas_on};

    /// All that can be switched on.
    fn everything() -> String {
        "destinations.mode = \"service\"\nsystem.router_stats = true\nsystem.wan_bandwidth = true\n"
            .to_owned()
    }

    #[test]
    fn every_switch_is_understood_and_switches_off_what_it_stands_beside() {
        let config = Config::parse(&everything()).unwrap();
        assert_eq!(schemas_on(&config).count(), schemas().count());
        for schema in schemas().filter(|schema| schema.name != destination::SCHEMA.name) {
            let switch = switch(schema, &config);
            let key = switch.split(" = ").next().unwrap();
            let others = everything();
            let others = others.lines().filter(|line| !line.starts_with(key));
            let off = others.chain([&*switch]).collect::<Vec<_>>().join("\n");
            let config = Config::parse(&off).unwrap();
            assert!(schemas_on(&config).all(|on| on.name != schema.name), "{off}");
        }
    }

    #[test]
    fn keys_are_of_the_clock_the_switch_and_the_bound() {
        let keys =
            |schema: &Schema, config: &str| lowered_by(schema, &Config::parse(config).unwrap()).join(", ");
        let expected = "traffic.interval, measurements.bandwidth = false, limits.max_devices";
        assert_eq!(keys(&bandwidth::SCHEMA, ""), expected);
        assert_eq!(keys(&nstat::SCHEMA, ""), "interval, system.nstat = \"off\"");
        assert_eq!(keys(&nstat::SCHEMA, "system.nstat = \"all\""), "interval, system.nstat = \"usual\"");
        assert_eq!(keys(&device::SCHEMA, ""), "measurements.device = false, limits.max_devices");
        assert_eq!(keys(&destination::SCHEMA, ""), "interval, destinations.mode, limits.max_devices");
        assert_eq!(keys(&network_interface::total::SCHEMA, ""), "interval, system.network_interface = false");
    }

    #[test]
    fn all_that_tell_of_devices_and_no_others_are_bounded_by_their_number() {
        let tells_of_devices =
            schemas().filter(|schema| schema.tags.iter().any(|tag| tag.key == "device_name"));
        let names = tells_of_devices.map(|schema| schema.name);
        let names: Vec<_> = names.filter(|name| *name != connection_alert::SCHEMA.name).collect();
        assert_eq!(names, OF_DEVICES);
    }
}
