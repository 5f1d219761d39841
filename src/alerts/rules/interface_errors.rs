//! `interface_errors`: an interface of the router garbles packets.

use std::time::Duration;

use super::words;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::measurements::findings::InterfaceFindings;

/// The rule.
#[derive(Debug)]
pub(super) struct InterfaceErrors {
    config: config::InterfaceErrors,
}

impl InterfaceErrors {
    pub(super) fn new(config: &config::InterfaceErrors) -> Self {
        Self { config: config.clone() }
    }

    /// The worst of all interfaces.
    fn reading(&self, of: &Circumstances<'_>) -> Option<Reading> {
        let (interface, value) = worst(&of.findings.interfaces, |interface| interface.error_percent)?;
        let (device, share) = (words::router(of.tick), words::number(value));
        Some(Reading {
            what: format!(
                "of the packets of {device}'s interface {}, {share} % are in error",
                interface.name
            ),
            device,
            value,
            limits: Limits { warning: Some(self.config.percent.get()), critical: None },
        })
    }
}

/// The interface that has most of a figure, and how much that is.
pub(super) fn worst(
    interfaces: &[InterfaceFindings],
    figure: impl Fn(&InterfaceFindings) -> Option<f64>,
) -> Option<(&InterfaceFindings, f64)> {
    let known = interfaces.iter().filter_map(|interface| Some((interface, figure(interface)?)));
    known.max_by(|(_, one), (_, other)| one.total_cmp(other))
}

impl Rule for InterfaceErrors {
    fn name(&self) -> &'static str {
        "interface_errors"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        self.reading(of).into_iter().collect()
    }

    fn advice(&self) -> &'static str {
        "Change the cable, or try another port: both ends must agree on speed and duplex."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::measurements::fixture::Fixture;

    #[test]
    fn the_worst_interface_is_told() {
        let (mut fixture, mut judged) =
            (Fixture::new(), Judged::new(InterfaceErrors::new(&config::InterfaceErrors::default())));
        let interface = |name: &str, error_percent| InterfaceFindings {
            name: name.into(),
            error_percent,
            utilisation_percent: Some(99.0),
        };
        fixture.found.interfaces =
            vec![interface("eth0", Some(0.2)), interface("eth1", Some(3.25)), interface("wg0", None)];
        fixture.report(&mut judged);
        assert_eq!(judged.figures("router"), Some((3.25, Some(1.0), None)));
        let what = &judged.reading("router").unwrap().what;
        assert_eq!(what, "of the packets of router's interface eth1, 3.2 % are in error");
        fixture.found.interfaces = vec![interface("wg0", None)];
        fixture.report(&mut judged);
        assert!(judged.readings.is_empty());
    }
}
