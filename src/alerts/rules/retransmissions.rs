//! `retransmissions`: the router's own connections have to send much of what they sent again.

use std::time::Duration;

use super::words;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};

/// The rule.
#[derive(Debug)]
pub(super) struct Retransmissions {
    config: config::Retransmissions,
}

impl Retransmissions {
    pub(super) fn new(config: &config::Retransmissions) -> Self {
        Self { config: config.clone() }
    }

    fn reading(&self, of: &Circumstances<'_>) -> Option<Reading> {
        let tcp = of.findings.tcp?;
        let segments = tcp.segments_out?;
        // A share of few says nothing, and a share of nothing isn't there.
        let is_enough = segments >= self.config.segments.get();
        let percent = tcp.retransmitted_percent.unwrap_or_default();
        let steps = self.config.percent;
        let limit = |step: config::Threshold| is_enough.then(|| step.get());
        let device = words::router(of.tick);
        let share = words::number(percent);
        Some(Reading {
            what: format!("{device} itself has to send {share} % of {segments:.0} TCP segments again"),
            device,
            value: percent,
            limits: Limits { warning: limit(steps.warning), critical: limit(steps.critical) },
        })
    }
}

impl Rule for Retransmissions {
    fn name(&self) -> &'static str {
        "retransmissions"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        self.reading(of).into_iter().collect()
    }

    fn advice(&self) -> &'static str {
        "Something on the way loses packets: look at the line, at cables and at the Wi-Fi."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::measurements::findings::TcpFindings;
    use crate::measurements::fixture::Fixture;

    #[test]
    fn a_share_of_enough_segments_is_judged() {
        let (mut fixture, mut judged) =
            (Fixture::new(), Judged::new(Retransmissions::new(&config::Retransmissions::default())));
        let cases = [
            (Some(2.5), Some(1000.0), Some((2.5, Some(1.0), Some(5.0)))),
            (Some(50.0), Some(999.0), Some((50.0, None, None))),
            (None, Some(0.0), Some((0.0, None, None))),
            (None, None, None),
        ];
        for (retransmitted_percent, segments_out, expected) in cases {
            let tcp = TcpFindings { retransmitted_percent, segments_out, listen_drops_per_second: None };
            fixture.found.tcp = Some(tcp);
            fixture.report(&mut judged);
            assert_eq!(judged.figures("router"), expected, "{tcp:?}");
        }
        fixture.found.tcp = None;
        fixture.report(&mut judged);
        assert!(judged.readings.is_empty());
    }
}
