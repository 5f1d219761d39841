//! `listen_drops`: the router refuses connections to itself for want of room.

use std::time::Duration;

use super::words;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};

/// The rule.
#[derive(Debug)]
pub(super) struct ListenDrops {
    config: config::ListenDrops,
}

impl ListenDrops {
    pub(super) fn new(config: &config::ListenDrops) -> Self {
        Self { config: config.clone() }
    }

    fn reading(&self, of: &Circumstances<'_>) -> Option<Reading> {
        let value = of.findings.tcp?.listen_drops_per_second?;
        let device = words::router(of.tick);
        Some(Reading {
            what: format!(
                "{device} itself refuses {value:.1} connections a second for want of room in a queue"
            ),
            device,
            value,
            limits: Limits { warning: Some(self.config.per_second.get()), critical: None },
        })
    }
}

impl Rule for ListenDrops {
    fn name(&self) -> &'static str {
        "listen_drops"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        self.reading(of).into_iter().collect()
    }

    fn advice(&self) -> &'static str {
        "A program on it is too slow, or somebody knocks too often: the full queue is in listening_port."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::measurements::findings::TcpFindings;
    use crate::measurements::fixture::Fixture;

    #[test]
    fn what_is_refused_in_a_second_is_judged_where_it_is_known() {
        let (mut fixture, mut judged) =
            (Fixture::new(), Judged::new(ListenDrops::new(&config::ListenDrops::default())));
        for (drops, expected) in [(Some(0.2), Some((0.2, Some(0.1), None))), (None, None)] {
            fixture.found.tcp =
                Some(TcpFindings { listen_drops_per_second: drops, ..TcpFindings::default() });
            fixture.report(&mut judged);
            assert_eq!(judged.figures("router"), expected);
        }
        fixture.found.tcp = None;
        fixture.report(&mut judged);
        assert!(judged.readings.is_empty());
    }
}
