//! UCI, and what its sections say of devices: bounds hold, a fault has its line, and what was understood is
//! understood again when written.

#![no_main]

use conntrack_exporter::devices::formats::uci::{
    self, ERRORS_AT_MOST, LONGEST, SECTIONS_AT_MOST, Section, VALUES_AT_MOST, Value,
};
use conntrack_exporter::devices::formats::{gl_client, static_hosts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let lines = text.split(|byte| *byte == b'\n').count();
    let config = uci::parse(text);
    assert!(config.sections.len() <= SECTIONS_AT_MOST && config.errors.len() <= ERRORS_AT_MOST);
    assert!(config.errors.iter().all(|error| (1..=lines).contains(&error.line)), "{:?}", config.errors);
    assert!(config.errors.is_sorted_by_key(|error| error.line));
    config.sections.iter().for_each(check);
    let written: Vec<u8> = config.sections.iter().flat_map(written).collect();
    let again = uci::parse(&written);
    assert_eq!(again.errors, []);
    assert_eq!(again.sections.len(), config.sections.len());
    for (again, first) in again.sections.iter().zip(&config.sections) {
        assert_eq!((&again.kind, &again.name, &again.options), (&first.kind, &first.name, &first.options));
    }

    let (aliases, errors) = gl_client::parse(text);
    assert!(aliases.len() + errors.len() <= config.sections.len() + config.errors.len());
    assert!(errors.is_sorted_by_key(|error| error.line) && errors.len() <= ERRORS_AT_MOST);
    assert_eq!(gl_client::parse(&written).0, aliases);
    let (hosts, errors) = static_hosts::parse(text);
    assert!(hosts.len() <= config.sections.len());
    assert!(errors.is_sorted_by_key(|error| error.line) && errors.len() <= ERRORS_AT_MOST);
    assert_eq!(static_hosts::parse(&written).0, hosts);
});

fn check(section: &Section) {
    assert!(!section.kind.is_empty() && section.kind.iter().all(u8::is_ascii_graphic));
    let is_name = |name: &Vec<u8>| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    assert!(section.name.as_ref().is_none_or(|name| !name.is_empty() && is_name(name)), "{section:?}");
    assert!(section.options.iter().all(|(key, _)| !key.is_empty() && is_name(key)), "{section:?}");
    let mut keys: Vec<_> = section.options.iter().map(|(key, _)| key).collect();
    keys.sort();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a key twice: {section:?}");
    let values = || {
        section.options.iter().flat_map(|(_, value)| match value {
            Value::Option(one) => std::slice::from_ref(one),
            Value::List(items) => items,
        })
    };
    assert!(values().count() <= VALUES_AT_MOST && values().all(|value| value.len() <= LONGEST));
}

/// Every value in single quotes, which end nowhere but at the next one.
fn written(section: &Section) -> Vec<u8> {
    let mut text = [b"config ", quoted(&section.kind).as_slice()].concat();
    if let Some(name) = &section.name {
        text.extend([b" ", quoted(name).as_slice()].concat());
    }
    for (key, value) in &section.options {
        let (verb, values) = match value {
            Value::Option(one) => (b"\n\toption ".as_slice(), std::slice::from_ref(one)),
            Value::List(items) => (b"\n\tlist ".as_slice(), items.as_slice()),
        };
        for value in values {
            text.extend([verb, key, b" ", &quoted(value)].concat());
        }
    }
    text.push(b'\n');
    text
}

fn quoted(value: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b'\'').collect();
    [b"'", parts.join(br"'\''".as_slice()).as_slice(), b"'"].concat()
}
