//! The configuration written anew: its keys without its comments, anonymised.

use std::collections::BTreeMap;

use super::anonymise::Anonymiser;
use crate::alerts::config::CommandPath;
use crate::config::value::ValueError;
use crate::config::{
    Address, AlertsConfig, Config, DestinationsConfig, HttpConfig, InfluxdbConfig, LanConfig, RouterConfig,
    RouterTag, SpoolConfig, StateConfig, TagName, TagValue, TelegrafAddress, TelegrafConfig, User, UserTags,
};
use crate::destinations::config::ExcludedName;
use crate::lan::config::{Prefix, RouterName};
use crate::recorder::config::RecorderConfig;

/// Tags that mean something: the others are the user's own words.
const KNOWN_TAG: &str = "host";

/// A configuration that can't be written anonymised.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingsError {
    /// What replaces a value would not be allowed in its place.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// It can't be written as TOML.
    #[error(transparent)]
    Toml(#[from] toml::ser::Error),
}

/// Writes the whole configuration. Each section is taken apart, so that a new key that may be personal is not forgotten.
pub(super) fn rewrite(config: &Config, anonymiser: &mut Anonymiser) -> Result<String, SettingsError> {
    // Where recordings go changes nothing that is replayed. Whom the program becomes changes nothing that is counted, and may be somebody's name.
    // Nor does it who may look, by which names: a replay is not to listen where its router did.
    let Config {
        interval,
        timestamps,
        source,
        user: _,
        telegraf: TelegrafConfig { address, max_datagram },
        // A replay doesn't write where its router did, and whose server that is is nobody's business.
        influxdb: _,
        spool: _,
        router,
        tags,
        measurements,
        lan: LanConfig { interfaces, prefixes, router_name },
        devices,
        traffic,
        system,
        destinations: DestinationsConfig { mode, exclude, networks, database },
        activity,
        alerts,
        recorder: _,
        // Where it was kept what was learned is not captured, and may be somebody's directory.
        state: _,
        http: _,
        prometheus,
        limits,
        log,
    } = config.clone();
    let tags = self::tags(&tags, anonymiser)?;
    let router = self::router(&router, anonymiser)?;
    let address = address.0.map(|address| self::address(address.host(), address.port(), anonymiser));
    let address = TelegrafAddress(address.map(Address::try_from).transpose()?);
    let prefixes = prefixes.into_iter().map(|Prefix(net)| Prefix(anonymiser.net(net).trunc())).collect();
    let router_name = RouterName::try_from(anonymiser.text(router_name.name().as_str()))?;
    let exclude =
        exclude.iter().map(|device| ExcludedName::try_from(anonymiser.text(device.name().as_str())));
    let exclude = exclude.collect::<Result<_, _>>()?;
    let rewritten = Config {
        interval,
        timestamps,
        source,
        user: User::default(),
        telegraf: TelegrafConfig { address, max_datagram },
        influxdb: InfluxdbConfig::default(),
        spool: SpoolConfig::default(),
        router,
        tags,
        measurements,
        lan: LanConfig { interfaces, prefixes, router_name },
        devices,
        traffic,
        system,
        destinations: DestinationsConfig { mode, exclude, networks, database },
        activity,
        alerts: self::alerts(alerts, anonymiser),
        recorder: RecorderConfig::default(),
        state: StateConfig::default(),
        http: HttpConfig::default(),
        prometheus,
        limits,
        log,
    };
    Ok(rewritten.to_toml()?)
}

fn tags(tags: &UserTags, anonymiser: &mut Anonymiser) -> Result<UserTags, ValueError> {
    let tags = tags.global().iter().zip(1..).map(|((name, value), number)| {
        let name = if **name == *KNOWN_TAG { KNOWN_TAG.to_owned() } else { format!("tag-{number:03}") };
        Ok((TagName::try_from(name)?, TagValue::try_from(anonymiser.text(value))?))
    });
    tags.collect::<Result<BTreeMap<_, _>, _>>().map(UserTags::from)
}

/// The name that the owner gave the router, if any.
fn router(router: &RouterConfig, anonymiser: &mut Anonymiser) -> Result<RouterConfig, ValueError> {
    let name = anonymiser.text(router.name.as_str().unwrap_or_default());
    Ok(RouterConfig { name: RouterTag::try_from(name)? })
}

/// Which program is run changes nothing that is counted.
fn alerts(alerts: AlertsConfig, anonymiser: &mut Anonymiser) -> AlertsConfig {
    let mute = alerts.mute.into_iter().map(|mute| mute.renamed(|name| anonymiser.text(name))).collect();
    AlertsConfig { command: CommandPath::default(), mute, ..alerts }
}

fn address(host: &str, port: u16, anonymiser: &mut Anonymiser) -> String {
    let host = match host.parse() {
        Ok(address) => anonymiser.address(address).to_string(),
        // What isn't allowed in an address can't be in the original.
        Err(_) => anonymiser.text(host).replace(|char: char| !char.is_ascii_alphanumeric(), "-"),
    };
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_read_again() {
        let config = Config::default();
        assert_eq!(Config::parse(&rewrite(&config, &mut Anonymiser::new(&[])).unwrap()), Ok(config));
    }

    #[test]
    fn everything_is_read_again_but_what_is_personal() {
        let text = r#"
            # Anna's
            interval = "5m"
            timestamps = "never"
            telegraf = { address = "annas-nas.lan:8095", max_datagram = 2000 }
            router = { name = "Annas house" }
            tags = { site = "Anna's \"home\"", host = "annas-router" }
            lan = { interfaces = ["vlan*"], prefixes = ["80.1.2.0/24", "10.0.0.0/8"], router_name = "Annas Box" }
            limits = { max_devices = 3, max_series = 30 }
            log = { level = "trace" }
            measurements = { conntrack = false }
            traffic = { services = "/s" }
            destinations = { mode = "prefix", exclude = ["Annas Phone"], networks = "/n" }
            state = { directory = "/home/anna" }
            http = { allow = ["80.1.2.7"], names = ["annas-router.lan"] }
            prometheus = { node_names = true }
            [devices]
            leases = ["/a\"b\\c"]
            odhcpd = []
            registry = "/r"
            vendors = ["/v"]
            names = ["gl", "registry"]
            remember = "90m"
            tags = ["mac", "device_type", "ip"]
        "#;
        let config = Config::parse(text).unwrap();
        let mut anonymiser = Anonymiser::new(&["80.1.2.0/24".parse().unwrap()]);
        let text = rewrite(&config, &mut anonymiser).unwrap();
        assert!(!text.to_ascii_lowercase().contains("anna") && !text.contains("80.1.2"), "{text}");
        let mut new = Config::parse(&text).unwrap();
        let telegraf = new.telegraf.address.0.as_ref().unwrap();
        assert_eq!((telegraf.host(), telegraf.port()), ("device-4", 8095));
        let tags: Vec<_> = new.tags.global().iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(tags, [("host", "device-1"), ("tag-002", "device' \"\"-2")], "{text}");
        assert_eq!(new.router.name.as_str(), Some("device -3"));
        assert_eq!(new.lan.router_name.name().as_str(), "device -5");
        assert_eq!(new.destinations.exclude[0].name().as_str(), "device -6");
        assert_eq!(new.lan.prefixes[1], config.lan.prefixes[1]);
        assert_eq!(new.lan.prefixes[0].0, anonymiser.net("80.1.2.0/24".parse().unwrap()).trunc());
        new.router = config.router.clone();
        (new.telegraf.address, new.tags, new.lan) =
            (config.telegraf.address.clone(), config.tags.clone(), config.lan.clone());
        new.destinations.exclude = config.destinations.exclude.clone();
        (new.state, new.http) = (config.state.clone(), config.http.clone());
        assert_eq!(new, config);
    }

    #[test]
    fn telegrafs_address() {
        let mut anonymiser = Anonymiser::new(&[]);
        for (host, expected) in [
            ("127.0.0.1", "127.0.0.1:1"),
            ("9.9.9.9", "240.0.0.1:1"),
            ("fd00::5", "[fd00::5]:1"),
            ("localhost", "localhost:1"),
            ("telegraf_1.example", "device--1:1"),
        ] {
            assert_eq!(address(host, 1, &mut anonymiser), expected);
        }
    }
}
