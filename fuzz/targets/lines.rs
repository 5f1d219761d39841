//! Points → lines → datagrams → points: whatever names and tags hold, what is read is what was meant.
//!
//! The input is a configuration's `[tags]`, one `key=value` a line, and behind the first empty line names of devices.

#![no_main]

use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use conntrack_exporter::config::Config;
use conntrack_exporter::devices::name::Name;
use conntrack_exporter::series::point::{Point, Tags, Value};
use conntrack_exporter_fuzz::protocol::round_trip;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n');
    let mut toml = "[tags]\n".to_owned();
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let (Some(key), value) = split(line) else { continue };
        let _ = writeln!(toml, "{:?} = {:?}", key.as_str(), value.as_ref().map_or("x", Name::as_str));
    }
    let Ok(config) = Config::parse(&toml) else { return };
    let global = config.tags.global();
    let points: Vec<Point> = lines
        .filter_map(Name::clean)
        .enumerate()
        .map(|(place, name)| {
            let own =
                vec![("device_name", name.shared()), ("protocol", "tcp".into()), ("state", "NONE".into())];
            let count = i64::try_from(place).expect("few") << (place % 60);
            let tags = Rc::new(Tags::new(own, global));
            Point {
                measurement: "connection_state",
                tags,
                fields: vec![("count".into(), Value::Integer(count))],
                age: Duration::ZERO,
            }
        })
        .collect();
    let timestamp = input.first_chunk().map(|bytes| i64::from_le_bytes(*bytes));
    round_trip(&points, timestamp, config.telegraf.max_datagram.bytes());
});

fn split(line: &[u8]) -> (Option<Name>, Option<Name>) {
    let equals = line.iter().position(|byte| *byte == b'=').unwrap_or(line.len());
    (Name::clean(&line[..equals]), Name::clean(line.get(equals + 1..).unwrap_or_default()))
}
