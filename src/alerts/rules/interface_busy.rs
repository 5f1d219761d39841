//! `interface_busy`: an interface of the router carries nearly as much as it can.

use std::time::Duration;

use super::interface_errors::worst;
use super::words;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};

/// The rule.
#[derive(Debug)]
pub(super) struct InterfaceBusy {
    config: config::InterfaceBusy,
}

impl InterfaceBusy {
    pub(super) fn new(config: &config::InterfaceBusy) -> Self {
        Self { config: config.clone() }
    }

    /// The busiest of those whose speed is known.
    fn reading(&self, of: &Circumstances<'_>) -> Option<Reading> {
        let (interface, value) = worst(&of.findings.interfaces, |interface| interface.utilisation_percent)?;
        let device = words::router(of.tick);
        Some(Reading {
            what: format!("{device}'s interface {} uses {value:.0} % of its speed", interface.name),
            device,
            value,
            limits: Limits { warning: Some(self.config.percent.get()), critical: None },
        })
    }
}

impl Rule for InterfaceBusy {
    fn name(&self) -> &'static str {
        "interface_busy"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        self.reading(of).into_iter().collect()
    }

    fn advice(&self) -> &'static str {
        "device_traffic shows who moves that much; if it is wanted, a faster port is what helps."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::measurements::findings::InterfaceFindings;
    use crate::measurements::fixture::Fixture;

    #[test]
    fn one_without_a_speed_is_never_busy() {
        let (mut fixture, mut judged) =
            (Fixture::new(), Judged::new(InterfaceBusy::new(&config::InterfaceBusy::default())));
        for (utilisation_percent, expected) in [(Some(81.0), Some((81.0, Some(80.0), None))), (None, None)] {
            let name = "eth1".into();
            fixture.found.interfaces =
                vec![InterfaceFindings { name, error_percent: Some(9.0), utilisation_percent }];
            fixture.report(&mut judged);
            assert_eq!(judged.figures("router"), expected);
        }
    }
}
