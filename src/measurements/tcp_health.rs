//! `tcp_health`: how the router's own TCP connections fare.
//!
//! Every figure is of the time since the last report, by a clock that never steps; so nobody has to subtract counters. One
//! is absent where it isn't known: at the first report, if the kernel doesn't have its counter, if a counter has fallen,
//! as those of a 32-bit router do beyond 4,294,967,295, and a share of nothing.
//!
//! With Δ for how much a counter has risen, and `Segs` for `RetransSegs`:
//!
//! | Field | Formula |
//! |---|---|
//! | `retransmitted_percent` | 100 · ΔSegs / ΔOutSegs. `OutSegs` leaves out what was sent again (`__tcp_retransmit_skb()`), so it can pass 100 |
//! | `fast_percent`, `slow_start_percent` | 100 · ΔTCPFastRetrans, ΔTCPSlowStartRetrans / ΔSegs: the shares that were sent again in fast recovery, and after a timeout (`tcp_xmit_retransmit_queue()`) |
//! | `loss_probe_percent` | 100 · ΔTCPLossProbes / ΔSegs. No share: a probe may carry what was not sent before (`tcp_send_loss_probe()`), and not count among `Segs` |
//! | `lost_percent` | 100 · ΔTCPLostRetransmit / ΔSegs: how many of those that were sent again got lost again |
//! | `…_per_second` | Δ / seconds |

mod averages;

use super::findings::TcpFindings;
use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::proc_net::counters::{Counters, ProtocolCounters, WantedCounters};
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{FieldSchema, Schema, TagSchema, UserTags, float};
use averages::Averages;

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "tcp_health",
    every: Clock::Interval,
    tags: &[TagSchema::name("host")],
    fields: &FIELDS,
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

const FIELDS: [FieldSchema; 20] = [
    float("retransmitted_percent"),
    float("fast_percent"),
    float("slow_start_percent"),
    float("loss_probe_percent"),
    float("lost_percent"),
    float("retransmitted_per_second"),
    float("timeouts_per_second"),
    float("listen_drops_per_second"),
    float("listen_overflows_per_second"),
    float("pruned_per_second"),
    float("opened_active_per_second"),
    float("opened_passive_per_second"),
    float("failed_per_second"),
    float("resets_in_per_second"),
    float("resets_out_per_second"),
    float("syn_retransmitted_per_second"),
    float("syncookies_per_second"),
    float("retransmitted_per_second_1m"),
    float("retransmitted_per_second_5m"),
    float("retransmitted_per_second_15m"),
];

/// Segments that were sent again, those of opening a connection among them.
const RETRANSMITTED: &str = "RetransSegs";

/// Each percentage with the counters of which it is: so many of a hundred.
const PERCENTAGES: [(&str, &str, &str); 5] = [
    ("retransmitted_percent", RETRANSMITTED, "OutSegs"),
    ("fast_percent", "TCPFastRetrans", RETRANSMITTED),
    ("slow_start_percent", "TCPSlowStartRetrans", RETRANSMITTED),
    ("loss_probe_percent", "TCPLossProbes", RETRANSMITTED),
    ("lost_percent", "TCPLostRetransmit", RETRANSMITTED),
];

/// Each rate with the counters whose sum it is of.
///
/// `pruned` is what was thrown away for want of memory, and not `PruneCalled`: most such calls find room. One segment can
/// count twice, when its socket is found full (`RcvPruned`) and when it is dropped for that (`TCPRcvQDrop`); one that the
/// whole machine has no memory for counts as the latter alone.
const RATES: [(&str, &[&str]); 12] = [
    ("retransmitted_per_second", &[RETRANSMITTED]),
    ("timeouts_per_second", &["TCPTimeouts"]),
    ("listen_drops_per_second", &["ListenDrops"]),
    ("listen_overflows_per_second", &["ListenOverflows"]),
    ("pruned_per_second", &["RcvPruned", "OfoPruned", "TCPRcvQDrop"]),
    ("opened_active_per_second", &["ActiveOpens"]),
    ("opened_passive_per_second", &["PassiveOpens"]),
    ("failed_per_second", &["AttemptFails"]),
    ("resets_in_per_second", &["EstabResets"]),
    ("resets_out_per_second", &["OutRsts"]),
    ("syn_retransmitted_per_second", &["TCPSynRetrans"]),
    ("syncookies_per_second", &["SyncookiesSent"]),
];

/// The measurement.
#[derive(Clone, Debug, Default)]
pub struct TcpHealth {
    retransmitted: Averages,
}

impl Measurement for TcpHealth {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { counters: WantedCounters::Usual, ..Needs::default() }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Some(counters) = tick.sample.counters.as_deref() else { return };
        if let Some(total) = counter(counters, RETRANSMITTED) {
            self.retransmitted.push(tick.sample.boot, total);
        }
        let before = tick.last.and_then(|last| last.counters.as_deref());
        let rise = |name: &str| rise(counter(before?, name)?, counter(counters, name)?);
        let seconds = tick.since_last().map(|since| since.as_secs_f64()).filter(|seconds| *seconds > 0.0);
        out.findings().tcp = Some(TcpFindings {
            retransmitted_percent: percent(rise(RETRANSMITTED), rise("OutSegs")),
            segments_out: rise("OutSegs"),
            listen_drops_per_second: rise("ListenDrops").zip(seconds).map(|(drops, seconds)| drops / seconds),
        });
        let percentages = PERCENTAGES.map(|(field, part, whole)| (field, percent(rise(part), rise(whole))));
        let rates = RATES.map(|(field, names)| {
            let sum = names.iter().map(|name| rise(name)).sum::<Option<f64>>();
            (field, sum.zip(seconds).map(|(sum, seconds)| sum / seconds))
        });
        let averages = self.retransmitted.per_second(tick.sample.boot);
        let figures = percentages.into_iter().chain(rates).chain(averages);
        let fields: Vec<_> =
            figures.filter_map(|(field, figure)| Some((field, Value::Float(figure?)))).collect();
        out.push(out.tags(&[tick.sample.host_tag()], &[]), fields);
    }
}

/// What TCP has counted under this name since boot, in whichever file it is.
fn counter(counters: &ProtocolCounters, name: &str) -> Option<i64> {
    let of = |file: &Option<Counters>, protocol: &str| file.as_ref()?.get(&format!("{protocol}{name}"));
    of(&counters.snmp, "Tcp").or_else(|| of(&counters.netstat, "TcpExt"))
}

/// How much a counter has risen; `None` if it has fallen.
#[expect(clippy::cast_precision_loss, reason = "within a report no counter rises by 2^53")]
fn rise(before: i64, now: i64) -> Option<f64> {
    now.checked_sub(before).filter(|rise| *rise >= 0).map(|rise| rise as f64)
}

/// How many of a hundred; `None` of nothing.
fn percent(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let (part, whole) = part.zip(whole.filter(|whole| *whole > 0.0))?;
    Some(100.0 * part / whole)
}

#[cfg(test)]
mod tests;
