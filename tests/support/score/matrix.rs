//! How often what was said.

use std::collections::BTreeMap;
use std::fmt;

use super::play::{Heard, Window};

/// How many per cent of the windows should be right, by what is really done.
const AIMS: [(&str, f64); 11] = [
    ("idle", 95.0),
    ("video", 95.0),
    ("p2p", 95.0),
    ("call", 95.0),
    ("download", 95.0),
    ("upload", 95.0),
    ("audio", 85.0),
    ("browsing", 85.0),
    ("realtime", 85.0),
    ("cloud_gaming", 85.0),
    ("update", 85.0),
];

/// Windows, by what was really done and what was said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matrix {
    counts: BTreeMap<(&'static str, String), u64>,
    /// Windows that are not scored.
    near_a_change: u64,
    /// How often another class was said while the same was done, between scored windows.
    changes: u64,
}

impl Matrix {
    pub(crate) fn add(&mut self, heard: &Heard) {
        for window in &heard.windows {
            if window.is_scored {
                *self.counts.entry((window.truth, window.said.clone())).or_default() += 1;
            } else {
                self.near_a_change += 1;
            }
        }
        let changes = heard.windows.windows(2).filter(|pair| match pair {
            [one, other] => is_steady(one, other) && one.said != other.said,
            _ => false,
        });
        self.changes += u64::try_from(changes.count()).unwrap();
    }

    /// How many windows are scored.
    pub(crate) fn windows(&self) -> u64 {
        self.counts.values().sum()
    }

    fn count(&self, is_one: impl Fn(&str, &str) -> bool) -> u64 {
        self.counts.iter().filter(|((truth, said), _)| is_one(truth, said)).map(|(_, count)| count).sum()
    }

    pub(crate) fn percent_right(&self) -> f64 {
        percent(self.count(|truth, said| truth == said), self.windows())
    }

    /// Windows are half a minute apart.
    pub(crate) fn changes_in_ten_minutes(&self) -> f64 {
        20.0 * ratio(self.changes, self.windows())
    }

    /// The mean of how much of streaming is called that, and how much of downloading is not.
    pub(crate) fn percent_of_streaming_told(&self) -> f64 {
        let streaming = self.count(|truth, _| truth == "video");
        let downloading = self.count(|truth, _| truth == "download");
        let told = self.count(|truth, said| truth == "video" && said == "video");
        let not_mistaken = self.count(|truth, said| truth == "download" && said != "video");
        f64::midpoint(percent(told, streaming), percent(not_mistaken, downloading))
    }
}

fn is_steady(one: &Window, other: &Window) -> bool {
    one.is_scored && other.is_scored && one.truth == other.truth && other.second - one.second <= 60
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * ratio(part, whole)
}

fn ratio(part: u64, whole: u64) -> f64 {
    let [part, whole] = [part, whole].map(|count| f64::from(u32::try_from(count).unwrap()));
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| really | windows | right | aim | said instead |\n|---|--:|--:|--:|---|")?;
        for (truth, aim) in AIMS {
            let windows = self.count(|of, _| of == truth);
            if windows == 0 {
                continue;
            }
            let right = percent(self.count(|of, said| of == truth && said == truth), windows);
            let mut others: Vec<(u64, &str)> = self
                .counts
                .iter()
                .filter(|((of, said), _)| *of == truth && said != truth)
                .map(|((_, said), count)| (*count, &**said))
                .collect();
            others.sort_unstable_by(|one, other| other.cmp(one));
            let others: Vec<String> = others
                .iter()
                .map(|(count, said)| format!("{said} {:.1} %", percent(*count, windows)))
                .collect();
            let missed = if right < aim { " missed" } else { "" };
            writeln!(
                f,
                "| {truth} | {windows} | {right:.1} % | {aim:.0} %{missed} | {} |",
                others.join(", ")
            )?;
        }
        let all = self.windows() + self.near_a_change;
        writeln!(
            f,
            "\n{:.1} % of {} windows are right. {:.1} % of all were within 150 s of a true change and are not scored. The class \
             changed {:.2} times in ten minutes of steady activity.",
            self.percent_right(),
            self.windows(),
            percent(self.near_a_change, all),
            self.changes_in_ten_minutes()
        )
    }
}
