//! The configuration: an error points into the text, and what is accepted keeps its promises and can be written.

#![no_main]

use conntrack_exporter::config::{Config, ParseError};
use conntrack_exporter::devices::name::Name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::parse(text) {
        Ok(config) => check(&config),
        Err(error) => is_in(text, &error),
    }
});

fn is_in(text: &str, ParseError { line, column, message }: &ParseError) {
    let lines: Vec<&str> = text.split('\n').collect();
    let found = line.checked_sub(1).and_then(|line| lines.get(line));
    let found = found.unwrap_or_else(|| panic!("line {line} of {}: {message}", lines.len()));
    assert!((1..=found.chars().count() + 1).contains(column), "{line}:{column} of {found:?}: {message}");
    assert!(!message.is_empty() && !message.contains('\n'), "{message:?}");
}

fn check(config: &Config) {
    assert!((1..=3600).contains(&config.interval.duration().as_secs()));
    assert_eq!(config.interval.duration().subsec_nanos(), 0);
    assert!((1024..=65507).contains(&config.telegraf.max_datagram.bytes()));
    let address = config.telegraf.address.0.as_ref();
    assert!(address.is_none_or(|address| !address.host().is_empty() && address.port() > 0));
    assert!((1..=1_000_000).contains(&config.limits.max_devices));
    assert!((1..=1_000_000).contains(&config.limits.max_series));
    let tags = config.tags.global();
    assert!(tags.is_sorted_by(|(a, _), (b, _)| a < b));
    for text in tags.iter().flat_map(|(key, value)| [key, value]) {
        assert_eq!(Name::clean(text.as_bytes()).map(|name| name.to_string()).as_deref(), Some(&**text));
    }
    assert!(
        config.lan.prefixes.iter().all(|prefix| prefix.0 == prefix.0.trunc() && prefix.0.prefix_len() >= 7)
    );
    let sources = config.devices.names.sources();
    assert!(!sources.is_empty());
    assert!(sources.iter().enumerate().all(|(place, source)| !sources[..place].contains(source)));
    let paths = config.devices.settings(config.lan.router_name.name()).paths();
    assert!(paths.iter().all(|path| path.is_absolute()));
    let written = config.to_toml().expect("TOML");
    assert_eq!(Config::parse(&written).as_ref(), Ok(config), "{written}");
}
