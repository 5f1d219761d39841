//! The configuration written anew: its keys without its comments, in disguise.

use std::path::PathBuf;

use ipnet::IpNet;

use super::anonymise::Anonymiser;
use crate::config::{Config, DeviceTag, LogLevel, Timestamps};

/// Tags that mean something: the others are the user's own words.
const KNOWN_TAG: &str = "host";

/// Writes the whole configuration.
pub(super) fn rewrite(config: &Config, disguise: &mut Anonymiser) -> String {
    // Whom the program becomes changes nothing that is counted, and may be somebody's name.
    let Config { interval, timestamps, source, user: _, telegraf, tags, lan, devices, limits, log } = config;
    let tags: Vec<String> = tags
        .global()
        .iter()
        .zip(1..)
        .map(|((key, value), number)| {
            let key = if **key == *KNOWN_TAG { KNOWN_TAG.to_owned() } else { format!("tag-{number:03}") };
            format!("{key} = {}\n", quoted(&disguise.text(value)))
        })
        .collect();
    let tags = tags.concat();
    let address = address(telegraf.address.host(), telegraf.address.port(), disguise);
    let prefixes = lan.prefixes.iter().map(|prefix| disguise.net(prefix.0).trunc());
    let prefixes = list(prefixes.map(|prefix: IpNet| prefix.to_string()));
    let sections = [
        format!(
            "interval = {}\ntimestamps = {}\nsource = {}\n",
            quoted(&interval.to_string()),
            quoted(timestamps_name(*timestamps)),
            quoted(source.name()),
        ),
        format!(
            "[telegraf]\naddress = {}\nmax_datagram = {}\n",
            quoted(&address),
            telegraf.max_datagram.bytes()
        ),
        format!("[tags]\n{tags}"),
        format!(
            "[lan]\ninterfaces = {}\nprefixes = {prefixes}\nrouter_name = {}\n",
            list(lan.interfaces.iter().map(|pattern| pattern.as_str().to_owned())),
            quoted(&disguise.text(lan.router_name.name().as_str())),
        ),
        format!(
            "[devices]\nleases = {}\nodhcpd = {}\nregistry = {}\nvendors = {}\nnames = {}\nremember = {}\ntags = {}\n",
            paths(&devices.leases),
            paths(&devices.odhcpd),
            quoted(&devices.registry.to_string_lossy()),
            paths(&devices.vendors),
            list(devices.names.sources().iter().map(|source| source.name().to_owned())),
            quoted(&humantime::format_duration(devices.remember.duration()).to_string()),
            list(devices.tags.iter().map(|tag| tag_name(*tag).to_owned())),
        ),
        format!("[limits]\nmax_devices = {}\nmax_series = {}\n", limits.max_devices, limits.max_series),
        format!("[log]\nlevel = {}\n", quoted(level_name(log.level))),
    ];
    sections.join("\n")
}

fn address(host: &str, port: u16, disguise: &mut Anonymiser) -> String {
    let host = match host.parse() {
        Ok(address) => disguise.address(address).to_string(),
        // What isn't allowed in an address can't be in the original.
        Err(_) => disguise.text(host).replace(|char: char| !char.is_ascii_alphanumeric(), "-"),
    };
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

const fn timestamps_name(timestamps: Timestamps) -> &'static str {
    match timestamps {
        Timestamps::Auto => "auto",
        Timestamps::Always => "always",
        Timestamps::Never => "never",
    }
}

const fn tag_name(tag: DeviceTag) -> &'static str {
    match tag {
        DeviceTag::DeviceType => "device_type",
        DeviceTag::Ip => "ip",
        DeviceTag::Mac => "mac",
    }
}

const fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

fn paths(paths: &[PathBuf]) -> String {
    list(paths.iter().map(|path| path.to_string_lossy().into_owned()))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.map(|item| quoted(&item)).collect();
    format!("[{}]", items.join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let escape = |char: char| match char {
        '"' | '\\' => format!("\\{char}"),
        char if char.is_control() => format!("\\u{:04X}", u32::from(char)),
        char => char.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_read_again() {
        let config = Config::default();
        assert_eq!(Config::parse(&rewrite(&config, &mut Anonymiser::new(&[]))), Ok(config));
    }

    #[test]
    fn everything_is_read_again_but_what_is_personal() {
        let text = r#"
            # Anna's
            interval = "5m"
            timestamps = "never"
            telegraf = { address = "annas-nas.lan:8095", max_datagram = 2000 }
            tags = { site = "Anna's \"home\"", host = "annas-router" }
            lan = { interfaces = ["vlan*"], prefixes = ["80.1.2.0/24", "10.0.0.0/8"], router_name = "Annas Box" }
            limits = { max_devices = 3, max_series = 30 }
            log = { level = "trace" }
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
        let mut disguise = Anonymiser::new(&["80.1.2.0/24".parse().unwrap()]);
        let text = rewrite(&config, &mut disguise);
        assert!(!text.to_ascii_lowercase().contains("anna") && !text.contains("80.1.2"), "{text}");
        let mut new = Config::parse(&text).unwrap();
        assert_eq!((new.telegraf.address.host(), new.telegraf.address.port()), ("device-3", 8095));
        let tags: Vec<_> = new.tags.global().iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(tags, [("host", "device-1"), ("tag-002", "device' \"\"-2")], "{text}");
        assert_eq!(new.lan.router_name.name().as_str(), "device -4");
        assert_eq!(new.lan.prefixes[1], config.lan.prefixes[1]);
        assert_eq!(new.lan.prefixes[0].0, disguise.net("80.1.2.0/24".parse().unwrap()));
        (new.telegraf.address, new.tags, new.lan) =
            (config.telegraf.address.clone(), config.tags.clone(), config.lan.clone());
        assert_eq!(new, config);
    }

    #[test]
    fn telegrafs_address() {
        let mut disguise = Anonymiser::new(&[]);
        for (host, expected) in [
            ("127.0.0.1", "127.0.0.1:1"),
            ("9.9.9.9", "240.0.0.1:1"),
            ("fd00::5", "[fd00::5]:1"),
            ("localhost", "localhost:1"),
            ("telegraf_1.example", "device--1:1"),
        ] {
            assert_eq!(address(host, 1, &mut disguise), expected);
        }
    }
}
