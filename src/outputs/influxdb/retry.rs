//! When a server that did not take something is tried again.

use std::time::Duration;

use tokio::time::Instant;

/// At first, and at most; twice as long each time.
const FIRST: Duration = Duration::from_secs(1);
const AT_MOST: Duration = Duration::from_secs(30);

/// When the next attempt may be made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retry {
    /// How long the last pause was; zero while all is well.
    pause: Duration,
    not_before: Option<Instant>,
}

impl Retry {
    /// When; `None` is at once.
    pub(super) const fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// The server answers.
    pub(super) const fn succeeded(&mut self) {
        (self.pause, self.not_before) = (Duration::ZERO, None);
    }

    /// It doesn't, or asks to be left in peace for `asked`.
    pub(super) fn failed(&mut self, asked: Option<Duration>) {
        self.pause = (self.pause * 2).clamp(FIRST, AT_MOST);
        self.not_before = Some(Instant::now() + asked.unwrap_or_default().max(self.pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_up_to_a_bound_until_it_answers() {
        let mut retry = Retry::default();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            retry.failed(None);
            pauses.push((retry.not_before().unwrap() - Instant::now()).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        retry.failed(Some(Duration::from_secs(120)));
        assert_eq!((retry.not_before().unwrap() - Instant::now()).as_secs(), 120);
        retry.succeeded();
        assert!(retry.not_before().is_none());
        retry.failed(Some(Duration::ZERO));
        assert_eq!((retry.not_before().unwrap() - Instant::now()).as_secs(), 1);
    }
}
