//! What one look at the facts has come to, and how sure that is.

use super::class::Class;
use super::facts::Facts;

/// How long the reason is at most, in bytes.
pub const WHY_AT_MOST: usize = 200;

/// How sure a class is of which nothing but the count of connections is known.
pub(super) const BY_CONNECTIONS: f64 = 0.3;
/// How sure any is at most while looks are rare.
pub(super) const COARSE: f64 = 0.5;

/// What the facts say at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Which class.
    pub class: Class,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// Which figures decided, in a few words.
    pub why: String,
}

impl Judgement {
    /// Such a class, for such a reason.
    pub fn new(class: Class, confidence: f64, why: impl Into<String>) -> Self {
        Self { class, confidence: confidence.clamp(0.0, 1.0), why: why.into() }
    }

    /// How sure it is from how far beyond their thresholds the conditions are: half when one of them only just holds, all
    /// when each is twice (or half of) what is asked for.
    pub(super) fn by_margins(class: Class, margins: &[f64], why: String) -> Self {
        let least = margins.iter().copied().fold(1.0, f64::min).max(0.0);
        Self::new(class, 0.5 + least / 2.0, why)
    }

    /// The same, but not as sure as that.
    pub(super) fn at_most(self, confidence: f64) -> Self {
        Self { confidence: self.confidence.min(confidence), ..self }
    }
}

/// How far a value is above what is asked for: 0 at the threshold, 1 at twice that.
pub(super) fn above(value: f64, threshold: f64) -> f64 {
    if threshold > 0.0 { (value / threshold - 1.0).clamp(0.0, 1.0) } else { 1.0 }
}

/// How far a value is below it: 0 at the threshold, 1 at half of that.
pub(super) fn below(value: f64, threshold: f64) -> f64 {
    if threshold > 0.0 { (2.0 - 2.0 * value / threshold).clamp(0.0, 1.0) } else { 0.0 }
}

/// How far a share is above what is asked for: 0 at the threshold, 1 at all.
pub(super) fn share_above(share: f64, threshold: f64) -> f64 {
    if threshold < 1.0 { ((share - threshold) / (1.0 - threshold)).clamp(0.0, 1.0) } else { 1.0 }
}

/// A rate in words: `6.1 Mbit/s`, `40 kbit/s`.
pub(super) fn rate(mbits: f64) -> String {
    if mbits >= 0.0995 { format!("{mbits:.1} Mbit/s") } else { format!("{:.0} kbit/s", mbits * 1000.0) }
}

/// A share in words: `92 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// `6.1 Mbit/s down, 92 % from one host, 7 connections`.
pub(super) fn from_one_host(facts: &Facts) -> String {
    let connections = crate::wording::counted(facts.flows, "connection", "connections");
    format!("{} down, {} from one host, {connections}", rate(facts.down), percent(facts.top_share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_sure_as_its_weakest_condition() {
        for (margins, expected) in [
            (&[][..], 1.0),
            (&[above(40.0, 40.0), above(100.0, 40.0)], 0.5),
            (&[above(60.0, 40.0), 1.0], 0.75),
            (&[below(0.03, 0.06), above(9.0, 1.0)], 1.0),
            (&[below(0.06, 0.06)], 0.5),
            (&[share_above(0.85, 0.7)], 0.75),
            (&[share_above(1.0, 1.0), above(1.0, 0.0)], 1.0),
        ] {
            let judged = Judgement::by_margins(Class::Mixed, margins, String::new());
            assert!((judged.confidence - expected).abs() < 1e-9, "{margins:?}: {}", judged.confidence);
        }
        let judged = Judgement::new(Class::Mixed, 7.0, "").at_most(0.3);
        assert_eq!(judged, Judgement::new(Class::Mixed, 0.3, ""));
    }

    #[test]
    fn figures_are_said_as_people_say_them() {
        assert_eq!([6.14, 0.1, 0.04].map(rate), ["6.1 Mbit/s", "0.1 Mbit/s", "40 kbit/s"]);
        let facts = Facts { down: 6.14, top_share: 0.923, flows: 1, ..Facts::default() };
        assert_eq!(from_one_host(&facts), "6.1 Mbit/s down, 92 % from one host, 1 connection");
    }
}
