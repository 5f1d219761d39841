//! Processor time, as the kernel accounts for it.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What `work` takes of this process's processor time, in µs.
pub(crate) fn own(work: impl FnOnce()) -> f64 {
    cost(UsageWho::RUSAGE_SELF, work)
}

/// What `work` takes of the time of `who`, in µs.
pub(crate) fn cost(who: UsageWho, work: impl FnOnce()) -> f64 {
    let before = used(who);
    work();
    used(who) - before
}

/// Processor time used so far, user and system, in µs.
pub(crate) fn used(who: UsageWho) -> f64 {
    let usage = getrusage(who).unwrap();
    let micros = |time: TimeVal| 1e6 * whole(time.tv_sec()) + whole(time.tv_usec());
    micros(usage.user_time()) + micros(usage.system_time())
}

/// Exact for every time that a benchmark takes.
fn whole(figure: i64) -> f64 {
    f64::from(i32::try_from(figure).unwrap_or(i32::MAX))
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
