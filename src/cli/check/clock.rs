//! Whether the clock is set, and what that means for timestamps.

use super::report::Report;
use crate::config::{Config, Timestamps};
use crate::daemon::clock::{Clock as _, SystemClock, Verdict};
use crate::root::Root;

/// Looks for what shows that the clock was set.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    if !root.is_live() {
        return report.ok("clock", "taken for set: these files are another router's");
    }
    let clock = SystemClock::new(root);
    let Ok(now) = clock.now() else {
        return report.warning("clock", "can't be read");
    };
    match (Verdict::at(now, &clock), config.timestamps) {
        (true, _) => report.ok("clock", "set"),
        (false, Timestamps::Auto) => report.warning(
            "clock",
            "nothing shows that it was set since boot: points go out without a time, and Telegraf stamps them",
        ),
        (false, Timestamps::Never) => report.ok("clock", "not known to be set; points go out without a time anyway"),
        (false, Timestamps::Always) => report.warning(
            "clock",
            "nothing shows that it was set since boot, and timestamps = \"always\": points may carry a wrong time",
        ),
    }
}
