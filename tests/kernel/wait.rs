//! Waiting for what must come, instead of sleeping for as long as it usually takes.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything may take. Only a failing test waits for as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Tries until something comes of it.
pub(crate) fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(outcome) = attempt() {
            return outcome;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: waited for in vain");
        sleep(Duration::from_millis(5));
    }
}
