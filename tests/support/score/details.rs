//! What went wrong where, to look at.

use std::collections::BTreeMap;

use super::play::Heard;

/// Prints for every sort of evening how often what was said wrongly, with one reason each.
pub(crate) fn print<'a>(heard: impl Iterator<Item = (String, &'a Heard)>) {
    let mut wrong: BTreeMap<(String, &str, String), (u64, String)> = BTreeMap::new();
    let mut right: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (of, heard) in heard {
        for window in heard.windows.iter().filter(|window| window.is_scored) {
            let counts = right.entry(of.clone()).or_default();
            counts[1] += 1;
            counts[0] += u64::from(window.truth == window.said);
            if window.truth != window.said {
                let key = (of.clone(), window.truth, window.said.clone());
                let (count, why) = wrong.entry(key).or_default();
                *count += 1;
                why.clone_from(&window.why);
            }
        }
    }
    for (of, [right, all]) in &right {
        println!("{of}: {right} of {all}");
    }
    for ((of, truth, said), (count, why)) in wrong {
        println!("{of}: {truth} is called {said} {count} times: {why}");
    }
}
