mod mistakes;
mod round_trip;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::conntrack::backend::BackendChoice;
use crate::daemon::ConfigFile;
use crate::destinations::config::Mode;
use crate::devices::absolute_path::AbsolutePath;
use crate::devices::name_source::NameSource;
use crate::root::Root;

/// All keys of a table, in order, with the sections that they stand in.
fn keys(table: &toml::Table) -> Vec<String> {
    let keys = table.iter().flat_map(|(key, value)| match value {
        toml::Value::Table(section) => {
            keys(section).into_iter().map(|within| format!("{key}.{within}")).collect()
        }
        _ => vec![key.clone()],
    });
    let mut keys: Vec<String> = keys.collect();
    keys.sort_unstable();
    keys
}

#[test]
fn who_writes_to_a_server_sends_to_telegraf_only_if_told_so() {
    let telegraf = |text: &str| String::from(Config::parse(text).unwrap().telegraf.address);
    assert_eq!(telegraf(""), "127.0.0.1:8094");
    assert_eq!(telegraf("telegraf.address = \"\""), "");
    let influxdb = "influxdb.url = \"http://nas:8086\"\n";
    assert_eq!(telegraf(influxdb), "");
    assert_eq!(telegraf(&format!("{influxdb}telegraf.max_datagram = 2000")), "");
    assert_eq!(telegraf(&format!("{influxdb}telegraf.address = \"nas:8094\"")), "nas:8094");
    assert_eq!(telegraf("influxdb.url = \"\""), "127.0.0.1:8094");
}

#[test]
fn the_sample_is_the_defaults_and_has_every_key() {
    assert_eq!(Config::parse(SAMPLE).unwrap(), Config::default());
    assert_eq!(Config::parse("").unwrap(), Config::default());
    let (sample, default) = (SAMPLE.parse().unwrap(), toml::Table::try_from(Config::default()).unwrap());
    // What may be there many times is shown as a comment.
    let written = |key: &String| key != "alerts.mute";
    assert_eq!(keys(&sample), keys(&default).into_iter().filter(written).collect::<Vec<_>>());
}

#[test]
fn every_key_is_heard() {
    let config = Config::parse(
        r#"
interval = "5m"
timestamps = "never"
source = "netlink"
user = "exporter"
telegraf = { address = "[fd00::5]:9000", max_datagram = 8000 }
router.name = "berlin-1"
tags = { site = "home", area = "attic" }
measurements = { conntrack = false, connection_state = true }
lan = { interfaces = ["lan*"], prefixes = ["10.0.0.0/8"], router_name = "GL MT2500" }
devices.leases = ["/a", "/b"]
devices.odhcpd = ["/c"]
devices.registry = "/d"
devices.vendors = []
devices.names = ["lease", "registry"]
devices.remember = "7d"
devices.tags = ["ip", "mac", "device_type"]
traffic.services = "/e"
destinations = { mode = "prefix", exclude = ["tv"], networks = "/f", database = "" }
http = { allow = ["10.8.0.2"], names = ["Router.lan"] }
prometheus.node_names = true
limits = { max_devices = 1, max_series = 2, max_flows = 3 }
log.level = "debug"
"#,
    )
    .unwrap();
    assert_eq!(config.interval.duration(), Duration::from_mins(5));
    assert_eq!(config.timestamps, Timestamps::Never);
    assert_eq!(config.source, BackendChoice::Netlink);
    assert_eq!(config.user, User::Name("exporter".to_owned()));
    assert_eq!(String::from(config.telegraf.address.clone()), "[fd00::5]:9000");
    assert_eq!(config.telegraf.max_datagram.bytes(), 8000);
    assert_eq!(config.tags.global().iter().map(|(key, _)| &**key).collect::<Vec<_>>(), ["area", "site"]);
    assert_eq!(
        config.global_tags().iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>(),
        ["area=attic", "router=berlin-1", "site=home"]
    );
    let names = ["connection_state", "conntrack", "conntrack_exporter"];
    assert_eq!(names.map(|name| config.measurements.is_on(name)), [true, false, true]);
    assert_eq!(config.lan.interfaces[0].as_str(), "lan*");
    assert_eq!(config.lan.router_name.name().as_str(), "GL MT2500");
    let devices = &config.devices;
    assert_eq!(devices.tags, [DeviceTag::Ip, DeviceTag::Mac, DeviceTag::DeviceType]);
    assert_eq!(
        [&devices.leases[1], &devices.odhcpd[0], &devices.registry].map(AbsolutePath::as_path),
        ["/b", "/c", "/d"].map(Path::new)
    );
    assert_eq!(devices.names.sources(), [NameSource::Lease, NameSource::Registry]);
    assert_eq!((devices.remember.duration(), devices.vendors.len()), (Duration::from_hours(7 * 24), 0));
    assert_eq!(config.traffic.services.as_path(), Path::new("/e"));
    assert_eq!(config.destinations.networks.as_path(), Path::new("/f"));
    assert_eq!((config.destinations.mode, config.destinations.excludes("TV")), (Mode::Prefix, true));
    assert_eq!(
        (config.http.allow[0].to_string(), config.http.names[0].as_str()),
        ("10.8.0.2/32".into(), "router.lan")
    );
    assert!(config.prometheus.node_names && !config.http.is_on());
    assert_eq!(config.limits, Limits { max_devices: 1, max_series: 2, max_flows: 3 });
    assert_eq!(config.log.level, LogLevel::Debug);
}

#[cfg(feature = "http")]
#[test]
fn what_is_no_address_to_listen_on_is_told() {
    for text in
        ["http.listen = \"9479\"", "http.listen = \"router.lan:9479\"", "http.listen = \"192.168.8.1\""]
    {
        let error = Config::parse(text).expect_err(text);
        assert_eq!((error.line, error.column), (1, 15), "{text}: {error}");
        assert!(error.message.contains("such as \"192.168.8.1:9479\""), "{text}: {error}");
    }
    assert!(Config::parse("http.listen = \"192.168.8.1:9479\"").unwrap().http.is_on());
}

/// Each mistake with the line and column where it is, and words that its message must hold.
const MISTAKES: &[(&str, usize, usize, &[&str])] = &[
    ("intervall = \"30s\"", 1, 1, &["intervall", "interval"]),
    ("\n[telegraf]\nport = 1", 3, 1, &["port", "address", "max_datagram"]),
    ("interval = 30", 1, 12, &["30", "\"30s\""]),
    ("interval = \"soon\"", 1, 12, &["soon", "30s"]),
    ("interval = \"0s\"", 1, 12, &["0s", "1h"]),
    ("interval = \"61m\"", 1, 12, &["61m", "1h"]),
    ("interval = \"1500ms\"", 1, 12, &["1500ms", "whole seconds"]),
    ("interval = \"1h 1s\"", 1, 12, &["1h 1s"]),
    ("timestamps = \"sometimes\"", 1, 14, &["sometimes", "auto", "always", "never"]),
    ("source = \"proc\"", 1, 10, &["proc", "auto", "procfs", "netlink"]),
    ("user = \"a b\"", 1, 8, &["a b", "nobody", "65534"]),
    ("user = 65534", 1, 8, &["quotes", "nobody"]),
    ("telegraf.address = \"localhost\"", 1, 20, &["localhost", "127.0.0.1:8094"]),
    ("telegraf.address = \"fd00::5:8094\"", 1, 20, &["[::1]:8094"]),
    ("telegraf.address = \"a b:1\"", 1, 20, &["a b:1"]),
    ("telegraf.address = \"host:0\"", 1, 20, &["host:0"]),
    ("telegraf.address = \"[host]:1\"", 1, 20, &["[host]:1"]),
    ("telegraf.max_datagram = 100", 1, 25, &["100", "1024", "65507"]),
    ("telegraf.max_datagram = -1", 1, 25, &["-1", "1024"]),
    ("tags.ip = \"x\"", 1, 6, &["\"ip\"", "another name"]),
    ("tags.time = \"x\"", 1, 6, &["time"]),
    ("[tags]\n_x = \"x\"", 2, 1, &["_x"]),
    ("tags.a = \"\"", 1, 10, &["value", "64"]),
    ("tags.a = \"b\\n\"", 1, 10, &["value"]),
    ("tags.\"a\\\\\" = \"b\"", 1, 6, &["name"]),
    ("tags.a = 1", 1, 10, &["quotes"]),
    ("lan.interfaces = \"br-lan\"", 1, 18, &["brackets"]),
    ("devices.leases = \"/tmp/x\"", 1, 18, &["brackets"]),
    ("lan.interfaces = [\"br-[lan\"]", 1, 19, &["br-[lan"]),
    ("lan.router_name = \"Other\"", 1, 19, &["Other"]),
    ("lan.interfaces = [\"\"]", 1, 19, &["br-lan"]),
    ("lan.prefixes = [\"10.0.0.0\"]", 1, 17, &["10.0.0.0", "192.168.8.0/24"]),
    ("lan.prefixes = [\"10.0.0.1/8\"]", 1, 17, &["10.0.0.0/8"]),
    ("lan.router_name = \"other\"", 1, 19, &["other"]),
    ("lan.router_name = \"\"", 1, 19, &["64"]),
    ("devices.tags = [\"vendor\"]", 1, 17, &["vendor", "ip", "mac"]),
    ("devices.names = [\"dns\"]", 1, 18, &["dns", "registry"]),
    ("devices.names = [\"lease\", \"lease\"]", 1, 17, &["lease", "once"]),
    ("devices.remember = \"1s\"", 1, 20, &["1s", "24h"]),
    ("telegraf.max_datagram = \"big\"", 1, 25, &["65507"]),
    ("limits.max_devices = 1e3", 1, 22, &["1000000"]),
    ("log = \"info\"", 1, 7, &["[log]"]),
    ("telegraf.address = \"localhost:+80\"", 1, 20, &["8094"]),
    ("lan.interfaces = [\"!wan\"]", 1, 19, &["!wan"]),
    ("lan.interfaces = [\"br-{lan\"]", 1, 19, &["br-{lan"]),
    ("lan.router_name = \"02:00:00:00:00:11\"", 1, 19, &["MAC"]),
    ("destinations.mode = \"on\"", 1, 21, &["on", "service", "network"]),
    ("destinations.exclude = [\"\"]", 1, 25, &["a device's name"]),
    ("http.allow = [\"192.168.8.0/24\", \"lan\"]", 1, 33, &["lan", "a prefix or an address", "192.168.8.20"]),
    ("http.allow = [\"192.168.8.1/24\"]", 1, 15, &["192.168.8.0/24 would be right"]),
    ("[http]\nnames = [\"router.lan:9479\"]", 2, 10, &["without port", "router.lan"]),
    ("[http]\nport = 9479", 2, 1, &["listen", "allow", "names"]),
    ("http.listen = 9479", 1, 15, &["quotes"]),
    ("prometheus.node_names = \"yes\"", 1, 25, &["true or false"]),
    ("limits.max_devices = 0", 1, 22, &["1", "1000000"]),
    ("log.level = \"loud\"", 1, 13, &["loud", "info"]),
    ("interval = \"30s", 1, 16, &[]),
    ("# ü\nä = 1", 2, 1, &[]),
    ("[lan]\n[lan]", 2, 2, &["twice"]),
];

#[test]
fn messages_say_where_what_and_what_would_be_right() {
    for (text, line, column, words) in MISTAKES {
        let error = Config::parse(text).expect_err(text);
        assert_eq!((error.line, error.column), (*line, *column), "{text}: {}", error.message);
        for word in *words {
            assert!(error.message.contains(word), "{text}: {:?} in {}", word, error.message);
        }
        assert!(!error.message.contains('\n'));
    }
}

#[test]
fn an_absent_default_is_the_defaults_and_an_absent_named_file_an_error() {
    let root = Root::replay("/nonexistent");
    let unnamed = ConfigFile { named: None, root: root.clone() };
    assert_eq!(unnamed.read().unwrap(), Config::default());
    let named = ConfigFile { named: Some("/nonexistent/conntrack-exporter.toml".into()), root };
    let error = named.read().unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/conntrack-exporter.toml: "), "{error}");
}

#[test]
fn what_is_not_text_is_placed_as_well() {
    let error = Config::parse_file(Path::new("/config.toml"), b"# ok\nlog = \xff").unwrap_err().to_string();
    assert_eq!(error, "/config.toml:2:7: not UTF-8: save the file in that encoding");
}

#[test]
fn tags_that_would_not_fit_are_refused() {
    let tags = |count: usize| {
        let tag = |number: usize| format!("tag{number} = \"{}\"\n", "x".repeat(64));
        format!("# [tags]\n[tags]\n{}", (0..count).map(tag).collect::<String>())
    };
    Config::parse(&tags(3)).unwrap();
    let error = Config::parse(&tags(9)).unwrap_err();
    assert_eq!((error.line, error.column), (2, 1));
    assert!(error.message.contains("max_datagram"), "{}", error.message);
    let longest = "x".repeat(64);
    Config::parse(&format!("telegraf.max_datagram = 1024\nrouter.name = \"{longest}\"")).unwrap();
    let both =
        format!("telegraf.max_datagram = 1024\nrouter.name = \"{longest}\"\ntags.site = \"{longest}\"");
    let error = Config::parse(&both).unwrap_err();
    assert!(error.message.contains("your own tags take up to 280 bytes"), "{error}");
}

/// What mistakes are made of.
const PIECES: &[&str] = &[
    "interval",
    "telegraf",
    "tags",
    "lan.",
    "devices.names",
    "measurements",
    "=",
    ":",
    ".",
    ",",
    " ",
    "\n",
    "\r\n",
    "\t",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\"\"\"",
    "'",
    "“",
    "”",
    "\\",
    "#",
    ";",
    "//",
    "option ",
    "config ",
    "30s",
    "1",
    "-",
    "true",
    "off",
    "ü",
];

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        text in "\\PC{0,80}",
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24),
        place: prop::sample::Index,
        char: char,
    ) {
        let mut sample: Vec<char> = SAMPLE.chars().collect();
        let place = place.index(sample.len());
        sample[place] = char;
        for text in [text, pieces.concat(), sample.into_iter().collect()] {
            if let Err(error) = Config::parse(&text) {
                prop_assert!(error.line <= text.split('\n').count(), "{}", error);
                prop_assert!(!error.message.contains(char::is_control), "{:?}", error);
            }
        }
    }
}
