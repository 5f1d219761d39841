//! Which rules there are, what each is judged by, and which of them are switched on.

mod above_normal;
mod buffering;
mod churn;
mod connections_high;
mod half_open;
mod interface_busy;
mod interface_errors;
mod leak;
mod listen_drops;
mod new_device;
mod retransmissions;
mod scan;
mod spike;
mod table_filling;
mod too_many_for_type;
mod upload_high;
mod words;

use super::Rule;
use super::config::AlertsConfig;

/// The names of all rules, in the order in which they are judged.
pub const NAMES: &[&str] = &[
    "connections_high",
    "above_normal",
    "spike",
    "leak",
    "too_many_for_type",
    "half_open",
    "scan",
    "table_filling",
    "new_device",
    "upload_high",
    "buffering",
    "churn",
    "retransmissions",
    "listen_drops",
    "interface_errors",
    "interface_busy",
];

/// What a rule can't be judged without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A measurement.
    Measurement(&'static str),
    /// That the kernel counts bytes.
    Accounting,
    /// Looks at the table at least every ten seconds.
    FrequentPasses,
    /// That it is known which connections are idle.
    IdleConnections,
    /// A directory for what is learned.
    State,
}

/// One rule of the list.
#[derive(Debug)]
pub struct Entry {
    /// What it is called.
    pub name: &'static str,
    /// What it is judged by.
    pub sources: &'static [Source],
    is_enabled: fn(&AlertsConfig) -> bool,
    new: fn(&AlertsConfig) -> Box<dyn Rule>,
}

/// An entry by the name of the rule, which is that of its section, and its type.
macro_rules! entry {
    ($name:ident, $rule:ty, $sources:expr) => {
        Entry {
            name: stringify!($name),
            sources: $sources,
            is_enabled: |config| config.$name.enabled,
            new: |config| Box::new(<$rule>::new(&config.$name)),
        }
    };
}

const TREND: Source = Source::Measurement("connection_trend");

/// All rules, in the order of [`NAMES`].
pub const ENTRIES: &[Entry] = &[
    entry!(connections_high, connections_high::ConnectionsHigh, &[]),
    entry!(above_normal, above_normal::AboveNormal, &[TREND]),
    entry!(spike, spike::Spike, &[]),
    entry!(leak, leak::Leak, &[TREND, Source::IdleConnections]),
    entry!(too_many_for_type, too_many_for_type::TooManyForType, &[]),
    entry!(half_open, half_open::HalfOpen, &[]),
    entry!(scan, scan::Scan, &[]),
    entry!(table_filling, table_filling::TableFilling, &[Source::Measurement("conntrack")]),
    entry!(new_device, new_device::NewDevice, &[Source::Measurement("device"), Source::State]),
    entry!(upload_high, upload_high::UploadHigh, &[Source::Accounting]),
    entry!(
        buffering,
        buffering::Buffering,
        &[Source::Measurement("device_activity"), Source::Accounting, Source::FrequentPasses]
    ),
    entry!(churn, churn::Churn, &[]),
    entry!(retransmissions, retransmissions::Retransmissions, &[Source::Measurement("tcp_health")]),
    entry!(listen_drops, listen_drops::ListenDrops, &[Source::Measurement("tcp_health")]),
    entry!(interface_errors, interface_errors::InterfaceErrors, &[Source::Measurement("network_interface")]),
    entry!(interface_busy, interface_busy::InterfaceBusy, &[Source::Measurement("network_interface")]),
];

impl Entry {
    /// Whether `config` has it judged.
    pub fn is_enabled(&self, config: &AlertsConfig) -> bool {
        (self.is_enabled)(config)
    }
}

/// The rules that `config` has judged, in the order of [`NAMES`]. Unless what is learned `is_kept` from one run of the program
/// to the next, those that take that are off.
pub fn enabled(config: &AlertsConfig, is_kept: bool) -> Vec<Box<dyn Rule>> {
    let is_judged =
        |entry: &&Entry| entry.is_enabled(config) && (is_kept || !entry.sources.contains(&Source::State));
    ENTRIES.iter().filter(is_judged).map(|entry| (entry.new)(config)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_makes_the_rule_of_its_name_in_the_order_of_names() {
        let config = AlertsConfig::default();
        let names: Vec<_> = enabled(&config, true).iter().map(|rule| rule.name()).collect();
        assert!(ENTRIES.iter().map(|entry| entry.name).eq(names.iter().copied()));
        let mut known = NAMES.iter();
        assert!(names.iter().all(|name| known.any(|known| known == name)), "{names:?}");
    }

    #[test]
    fn the_sections_are_those_of_the_rules_and_each_switches_its_own_off() {
        let table = toml::Table::try_from(AlertsConfig::default()).unwrap();
        let sections: Vec<_> =
            table.iter().filter(|(_, value)| value.is_table()).map(|(key, _)| key).collect();
        assert!(sections.iter().eq(NAMES), "{sections:?}");
        for entry in ENTRIES {
            let text = format!("{}.enabled = false", entry.name);
            let config: AlertsConfig = toml::from_str(&text).unwrap();
            assert!(enabled(&config, true).iter().all(|rule| rule.name() != entry.name), "{}", entry.name);
            assert_eq!(enabled(&config, true).len() + 1, ENTRIES.len());
        }
    }

    #[test]
    fn who_is_new_is_told_only_if_it_is_kept_who_was_there() {
        let names = enabled(&AlertsConfig::default(), false);
        assert!(names.iter().all(|rule| rule.name() != "new_device"));
        assert_eq!(names.len() + 1, ENTRIES.len());
    }
}
