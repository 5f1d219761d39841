//! Families of metrics → the text that Prometheus reads, in either of its two formats.
//!
//! The crate prometheus-client would write `OpenMetrics` alone, and keeps counters of its own that a program raises; what is
//! written here are the figures of a snapshot, and Prometheus before 2.5, `promtool check metrics` and many a collector
//! besides read the older format, 0.0.4.

use std::fmt::{self, Write as _};

/// One metric, in all its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its name; of a counter it ends in `_total`.
    pub name: String,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Its values.
    pub samples: Vec<Sample>,
}

impl Family {
    /// One with these series.
    pub fn new(
        name: impl Into<String>,
        help: &'static str,
        kind: Kind,
        samples: impl IntoIterator<Item = Sample>,
    ) -> Self {
        Self { name: name.into(), help, kind, samples: samples.into_iter().collect() }
    }
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, but for a new start.
    Counter,
    /// It rises and falls.
    Gauge,
    /// Nobody says.
    Unknown,
}

/// One series and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its labels: names of ours, and values that outsiders may have chosen.
    pub labels: Vec<(&'static str, String)>,
    /// What it is; never infinite, never "not a number".
    pub value: f64,
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The older one, version 0.0.4.
    Text,
    /// `OpenMetrics`, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The one that whoever asks prefers, by the header `Accept`: `OpenMetrics` if it is named and not refused.
    pub fn accepted(accept: &str) -> Self {
        let is_open_metrics = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            parts.next() == Some("application/openmetrics-text") && !parts.any(is_refusal)
        };
        if accept.split(',').any(is_open_metrics) { Self::OpenMetrics } else { Self::Text }
    }

    /// What it is called in the header `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    const fn kind(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::Counter, _) => "counter",
            (Kind::Gauge, _) => "gauge",
            (Kind::Unknown, Self::Text) => "untyped",
            (Kind::Unknown, Self::OpenMetrics) => "unknown",
        }
    }

    /// What a family is called: in the newer format that of a counter lacks the end that its samples have.
    fn family_name(self, family: &Family) -> &str {
        match (self, family.kind) {
            (Self::OpenMetrics, Kind::Counter) => family.name.strip_suffix("_total").unwrap_or(&family.name),
            (Self::OpenMetrics | Self::Text, _) => &family.name,
        }
    }
}

/// Whether a parameter says that its range is the last thing wanted: `q=0`.
fn is_refusal(parameter: &str) -> bool {
    parameter
        .strip_prefix("q=")
        .and_then(|quality| quality.parse().ok())
        .is_some_and(|quality: f64| quality <= 0.0)
}

/// The text. Families without samples are left out: what is switched off is absent.
pub fn text(families: &[Family], format: Format) -> String {
    let mut text = String::new();
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        // A `String` takes everything.
        let _ = write_family(&mut text, family, format);
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

fn write_family(text: &mut String, family: &Family, format: Format) -> fmt::Result {
    let name = format.family_name(family);
    writeln!(text, "# HELP {name} {}", family.help)?;
    writeln!(text, "# TYPE {name} {}", format.kind(family.kind))?;
    for Sample { labels, value } in &family.samples {
        text.push_str(&family.name);
        for (place, (key, value)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            write!(text, "{before}{key}=\"{}\"", Escaped(value))?;
        }
        let end = if labels.is_empty() { "" } else { "}" };
        writeln!(text, "{end} {value}")?;
    }
    Ok(())
}

/// A label's value, as it stands between quotes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
