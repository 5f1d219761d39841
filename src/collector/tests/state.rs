//! What is remembered over a restart, whoever is switched on.

use super::*;
use crate::history::trend::HOURS;
use crate::measurements::switches::Switches;
use crate::state::{KnownAlert, KnownHabit};

fn with(measurements: &[&str]) -> Config {
    Config { measurements: Switches::only(measurements), ..Config::default() }
}

fn state() -> State {
    let habit =
        KnownHabit { key: "tv".into(), seen: 1_796_040_000, hour: 500_000, now: 3, peaks: vec![7; HOURS] };
    let alert = KnownAlert { device: "tv".into(), rule: "leak".into(), severity: "warning".into(), since: 1 };
    State { habits: vec![habit], alerts: vec![alert], ..State::default() }
}

#[test]
fn what_nobody_takes_up_is_kept_for_whoever_is_switched_off() {
    let root = Root::replay("/nowhere");
    for on in [&["connection_trend"][..], &["conntrack"], &[]] {
        let mut collector = Collector::new(with(on), &root, 0);
        collector.restore(state());
        assert_eq!(collector.state(), state(), "{on:?}");
    }
}

#[test]
fn a_reload_hands_it_over() {
    let mut collector = Collector::new(with(&["conntrack"]), &Root::replay("/nowhere"), 0);
    collector.restore(state());
    for on in [&["connection_trend"][..], &["conntrack"], &["connection_trend", "conntrack"], &[]] {
        collector.reconfigure(with(on));
        let taken = on.contains(&"connection_trend");
        assert_eq!(collector.remembered.habits.is_empty(), taken, "{on:?}");
        assert_eq!(collector.state(), state(), "{on:?}");
    }
}
