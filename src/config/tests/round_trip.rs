//! Whatever a configuration may be, its text is read again.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::sample::{select, subsequence};

use super::*;
use crate::activity::ActivityConfig;
use crate::activity::config::Between;
use crate::alerts::config::Mute;
use crate::alerts::rules::NAMES as NAMES_OF_RULES;
use crate::destinations::config::{DatabasePath, ExcludedName, Mode};
use crate::devices::absolute_path::AbsolutePath;
use crate::http::config::{AllowedPrefix, ListenAddress};
use crate::measurements::system::NstatChoice;
use crate::measurements::{NAMES, switches::Switches};
use crate::recorder::config::RecordingDirectory;
use crate::state::config::StateDirectory;

/// What is made of texts, those left out that are not allowed.
fn made_of<T: TryFrom<String> + std::fmt::Debug>(texts: &'static str) -> impl Strategy<Value = T> {
    texts.prop_filter_map("not allowed", |text| T::try_from(text).ok())
}

fn paths() -> impl Strategy<Value = Vec<AbsolutePath>> {
    vec(made_of("/\\PC{0,12}"), 0..3)
}

fn switches() -> impl Strategy<Value = Switches> {
    btree_map(select(NAMES), any::<bool>(), 0..3)
        .prop_map(|switches| toml::Table::try_from(switches).unwrap().try_into().unwrap())
}

const HOST_AND_PORT: &str = "([a-zA-Z0-9._-]{1,12}|\\[[0-9a-f]{1,4}::[0-9a-f%]{0,4}\\]):[1-9][0-9]{0,3}";

fn telegraf() -> impl Strategy<Value = TelegrafConfig> {
    // Small enough for the tags below.
    let max_datagram = (2_000_i64..=65_507).prop_map(|bytes| toml::Value::from(bytes).try_into().unwrap());
    let address = prop_oneof![Just(TelegrafAddress::NOWHERE), made_of(HOST_AND_PORT)];
    (address, max_datagram).prop_map(|(address, max_datagram)| TelegrafConfig { address, max_datagram })
}

/// A server, and where what it has not acknowledged waits.
fn influxdb() -> impl Strategy<Value = (InfluxdbConfig, SpoolConfig)> {
    let urls =
        ["", "http://nas", "http://[fd00::5]:8086/influx"].map(|url| url.to_owned().try_into().unwrap());
    let words = (made_of("\\PC{0,12}"), made_of("\\PC{0,12}"));
    let files = (made_of("(/\\PC{0,12})?"), made_of("(/\\PC{0,12})?"), made_of("(/\\PC{0,12})?"));
    let spool = (64_i64 << 10..1 << 30, 256_i64 << 10..64 << 30, 1_i64..=1000);
    (select(urls.to_vec()), words, files, spool).prop_map(
        |(url, (org, bucket), (token_file, ca_file, directory), (memory, disk, pace))| {
            let value = toml::Value::from;
            let (memory, disk) = (value(memory).try_into().unwrap(), value(disk).try_into().unwrap());
            let spool = SpoolConfig { memory, directory, disk, pace: value(pace).try_into().unwrap() };
            (InfluxdbConfig { url, org, bucket, token_file, ca_file }, spool)
        },
    )
}

fn lan() -> impl Strategy<Value = LanConfig> {
    let prefix = (any::<std::net::IpAddr>(), 8_u8..=32).prop_map(|(address, length)| {
        let net = ipnet::IpNet::new(address, length).unwrap().trunc();
        crate::lan::config::Prefix(net)
    });
    (vec(made_of("\\PC{1,12}"), 0..3), vec(prefix, 0..3), made_of("\\PC{1,20}"))
        .prop_map(|(interfaces, prefixes, router_name)| LanConfig { interfaces, prefixes, router_name })
}

fn devices() -> impl Strategy<Value = DevicesConfig> {
    let names = subsequence(NameSource::ALL.to_vec(), 1..=NameSource::ALL.len())
        .prop_shuffle()
        .prop_map(|sources| sources.try_into().unwrap());
    let remember = (60_000_u64..=2_592_000_000).prop_map(|millis| format!("{millis}ms").try_into().unwrap());
    let tags = subsequence(vec![DeviceTag::DeviceType, DeviceTag::Ip, DeviceTag::Mac], 0..=3);
    let registry = made_of("/\\PC{0,12}");
    (registry, paths(), paths(), paths(), names, remember, tags).prop_map(
        |(registry, leases, odhcpd, vendors, names, remember, tags)| DevicesConfig {
            registry,
            leases,
            odhcpd,
            vendors,
            names,
            remember,
            tags,
        },
    )
}

fn system() -> impl Strategy<Value = SystemConfig> {
    let nstat = select(vec![NstatChoice::Off, NstatChoice::Usual, NstatChoice::All]);
    (nstat, any::<[bool; 9]>()).prop_map(|(nstat, on)| {
        let [netstat, net, tcp_health, tcp_service, listening_port, on @ ..] = on;
        let [network_interface, router_stats, wan_bandwidth, processes] = on;
        SystemConfig {
            nstat,
            netstat,
            net,
            tcp_health,
            tcp_service,
            listening_port,
            network_interface,
            router_stats,
            wan_bandwidth,
            processes,
        }
    })
}

fn alerts() -> impl Strategy<Value = AlertsConfig> {
    let command = prop_oneof![Just(String::new()), "/\\PC{0,12}"]
        .prop_filter_map("not allowed", |path| path.try_into().ok());
    let mute = (option::of("\\PC{0,12}"), option::of(select(NAMES_OF_RULES)));
    let mute = mute.prop_filter_map("says nothing", |(device, rule)| {
        let mut table = toml::Table::new();
        table.extend(device.map(|device| ("device".to_owned(), device.into())));
        table.extend(rule.map(|rule| ("rule".to_owned(), rule.into())));
        table.try_into::<Mute>().ok()
    });
    let numbers = (0.001_f64..1e9, 1_i64..1000, 1_usize..=64, 0_u64..=86_400, any::<bool>());
    (command, vec(mute, 0..3), numbers).prop_map(|(command, mute, (fraction, whole, hosts, seconds, on))| {
        let mut config = AlertsConfig { command, mute, ..AlertsConfig::default() };
        config.spike.factor = toml::Value::from(fraction).try_into().unwrap();
        config.churn.per_second = toml::Value::from(whole).try_into().unwrap();
        config.upload_high.iot = toml::Value::from(vec![whole, whole + 1]).try_into().unwrap();
        config.scan.hosts = hosts;
        config.scan.hold = format!("{seconds}s").try_into().unwrap();
        (config.scan.enabled, config.new_device.made_up_macs) = (on, !on);
        config
    })
}

fn recorder() -> impl Strategy<Value = RecorderConfig> {
    let directory = prop_oneof![made_of("/\\PC{0,12}"), Just(RecordingDirectory::default())];
    let keep = (60_000_u64..=86_400_000).prop_map(|millis| format!("{millis}ms").try_into().unwrap());
    let size = |bytes: u64| toml::Value::from(i64::try_from(bytes).unwrap());
    let memory = (64_u64 << 10..=64 << 20).prop_map(move |bytes| size(bytes).try_into().unwrap());
    let disk = (1_u64 << 20..=64 << 30).prop_map(move |bytes| size(bytes).try_into().unwrap());
    (directory, keep, memory, disk, any::<bool>()).prop_map(|(directory, keep, memory, disk, anonymise)| {
        RecorderConfig { directory, keep, memory, disk, anonymise }
    })
}

fn http() -> impl Strategy<Value = HttpConfig> {
    let served = "([0-9]{1,3}\\.0\\.0\\.1|\\[fd[0-9a-f]{2}::[1-9]\\]):[1-9][0-9]{0,3}";
    let listen = made_of(if cfg!(feature = "http") { served } else { "" });
    let listen = prop_oneof![listen, Just(ListenAddress::default())];
    let prefix = (any::<std::net::IpAddr>(), 0_u8..=32).prop_map(|(address, length)| {
        let net = ipnet::IpNet::new(address, length).unwrap().trunc();
        AllowedPrefix(net)
    });
    (listen, vec(prefix, 0..3), vec(made_of("[A-Za-z0-9-]{1,8}(\\.[a-z]{1,4})?"), 0..3))
        .prop_map(|(listen, allow, names)| HttpConfig { listen, allow, names })
}

fn config() -> impl Strategy<Value = Config> {
    let above = (
        (1_u16..=3600).prop_map(|seconds| Interval::try_from(format!("{seconds}s")).unwrap()),
        select(vec![Timestamps::Auto, Timestamps::Always, Timestamps::Never]),
        select(vec![BackendChoice::Auto, BackendChoice::Procfs, BackendChoice::Netlink]),
        made_of::<User>("[\\w.@$\\\\-]{1,12}|[0-9]{1,10}"),
    );
    let tags = btree_map(made_of::<TagName>("\\PC{1,8}"), made_of::<TagValue>("\\PC{1,16}"), 0..3);
    let router = prop_oneof![made_of("\\PC{1,16}"), Just(RouterTag::default())];
    // What the router's name becomes can't be among them.
    let tags = (tags, router).prop_map(|(mut tags, name)| {
        tags.retain(|key, _| {
            name.as_str().is_none() || *key != TagName::try_from("router".to_owned()).unwrap()
        });
        (UserTags::from(tags), RouterConfig { name })
    });
    let limits = (1_usize..=1_000_000, 1_usize..=1_000_000, 1_usize..=1_000_000)
        .prop_map(|(max_devices, max_series, max_flows)| Limits { max_devices, max_series, max_flows });
    let levels = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];
    let log = select(levels.to_vec()).prop_map(|level| LogConfig { level });
    let services = made_of::<AbsolutePath>("/\\PC{0,12}");
    let networks = made_of::<AbsolutePath>("/\\PC{0,12}");
    let database = made_of::<DatabasePath>(if cfg!(feature = "database") { "(/[a-z]{1,8})?" } else { "" });
    let modes = vec![Mode::Off, Mode::Service, Mode::Network, Mode::Prefix, Mode::Address];
    let destinations = (select(modes), vec(made_of::<ExcludedName>("\\PC{1,12}"), 0..3), networks, database);
    let destinations = destinations.prop_map(|(mode, exclude, networks, database)| DestinationsConfig {
        mode,
        exclude,
        networks,
        database,
    });
    let rates = (0.0..=1e6, 0.0..=1.0, 1_usize..=32, (0.0..=1.0, 1.0..=1e6));
    let activity = rates.prop_map(|(idle_mbits, video_share, audio_connections, (least, most))| {
        let audio_mbits = Between([least, most]);
        ActivityConfig {
            idle_mbits,
            video_share,
            audio_mbits,
            audio_connections,
            ..ActivityConfig::default()
        }
    });
    let directory = made_of::<StateDirectory>("auto|(/\\PC{1,12})?");
    let state = directory.prop_map(|directory| StateConfig { directory });
    let of_devices = (destinations, activity, alerts(), state, recorder());
    let served = (http(), any::<bool>().prop_map(|node_names| PrometheusConfig { node_names }));
    let others = (services, system(), of_devices, served, limits, log);
    let sections = ((telegraf(), influxdb()), tags, switches(), lan(), devices(), others);
    (above, sections).prop_map(
        |(
            (interval, timestamps, source, user),
            (
                (telegraf, (influxdb, spool)),
                (tags, router),
                measurements,
                lan,
                devices,
                (services, system, (destinations, activity, alerts, state, recorder), served, limits, log),
            ),
        )| {
            Config {
                interval,
                timestamps,
                source,
                user,
                telegraf,
                influxdb,
                spool,
                router,
                tags,
                measurements,
                // The largest divisor, or the interval itself.
                traffic: TrafficConfig { interval: divisor(interval), services },
                lan,
                devices,
                system,
                destinations,
                activity,
                alerts,
                recorder,
                state,
                http: served.0,
                prometheus: served.1,
                limits,
                log,
            }
        },
    )
}

/// One of the times that `traffic.interval` may be.
fn divisor(interval: Interval) -> Interval {
    let seconds = interval.duration().as_secs();
    let largest = (1..seconds.min(301)).rev().find(|divisor| seconds.is_multiple_of(*divisor));
    Interval::try_from(format!("{}s", largest.unwrap_or(seconds))).unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(config in config()) {
        let written = config.to_toml().unwrap();
        prop_assert_eq!(Config::parse(&written), Ok(config), "{}", written);
    }
}
