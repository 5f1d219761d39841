//! How figures stand against the limits of `docs/alerts.md`. `spike` is switched off in this household, and `churn` doesn't ask
//! whether connections stay level.

use super::looks::Class;
use super::resident::Resident;
use super::router::Whole;
use super::{DAY, ENTRIES_AT_MOST, STEP, float};

/// A figure, from where on it warns, and from where on it is critical.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) value: f64,
    pub(super) warning: f64,
    pub(super) critical: Option<f64>,
}

/// A rule: its name, for how many seconds it has to hold, and what to do.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) hold: i64,
    pub(super) advice: &'static str,
    pub(super) read: fn(&Resident, &Whole, i64) -> Reading,
}

const fn rule(
    name: &'static str,
    hold: i64,
    read: fn(&Resident, &Whole, i64) -> Reading,
    advice: &'static str,
) -> Rule {
    Rule { name, hold, advice, read }
}

/// All of them.
pub(super) const RULES: [Rule; 11] = [
    rule("connections_high", 120, connections_high, "Restart it; if they come back, look at its apps."),
    rule(
        "above_normal",
        300,
        above_normal,
        "If nobody is using it differently today, look at what is running on it.",
    ),
    rule(
        "leak",
        0,
        leak,
        "A program on it opens connections and never closes them: update it, or restart it now and then.",
    ),
    rule("too_many_for_type", 600, too_many_for_type, "Look whether it does what it should."),
    rule(
        "half_open",
        60,
        half_open,
        "What it calls may be out of reach: see whether its service works. If it calls many who don't answer, disconnect it.",
    ),
    rule(
        "scan",
        0,
        scan,
        "If nobody searches the network with it just now, disconnect it: infected devices do that.",
    ),
    rule(
        "table_filling",
        60,
        table_filling,
        "When it is full, nobody can connect any more. Restart that device, or raise net.netfilter.nf_conntrack_max.",
    ),
    rule(
        "new_device",
        0,
        new_device,
        "If it is yours, give it a name in your registry of devices. If nobody knows it, change the Wi-Fi password.",
    ),
    rule(
        "upload_high",
        300,
        upload_high,
        "A backup or a video call may be the cause. If nobody knows of any, disconnect it.",
    ),
    rule(
        "buffering",
        0,
        buffering,
        "See whether others use up the line. If not, the Wi-Fi may be weak there, or the service is overloaded.",
    ),
    rule(
        "churn",
        300,
        churn,
        "An app on it may try again and again what fails: see which of its services doesn't work. Torrents do that, too.",
    ),
];

/// Where a rule doesn't judge, or lacks what it would be judged by.
const NOT_JUDGED: Reading = Reading { value: 0.0, warning: f64::INFINITY, critical: None };

fn above(value: f64, warning: f64) -> Reading {
    Reading { value, warning, critical: None }
}

fn connections_high(of: &Resident, _: &Whole, _: i64) -> Reading {
    let is_small = matches!(of.device.kind, Some("streaming" | "iot" | "unknown"));
    above(float(of.now.connections()), if is_small { 100.0 } else { 500.0 })
}

fn above_normal(of: &Resident, _: &Whole, at: i64) -> Reading {
    let Some(normal) = of.trend.normal_peak(at).map(float) else { return NOT_JUDGED };
    let limit = |times: f64| (normal * times).max(normal + 20.0);
    let value = float(of.now.connections());
    Reading { value, warning: limit(1.5), critical: Some(limit(2.0)) }
}

fn leak(of: &Resident, _: &Whole, _: i64) -> Reading {
    let Some(rise) = of.trend.rise() else { return NOT_JUDGED };
    above(if of.now.idle >= 18 { rise } else { 0.0 }, 20.0)
}

fn too_many_for_type(of: &Resident, _: &Whole, _: i64) -> Reading {
    let limit = match of.device.kind {
        Some("iot") => 5.0,
        Some("streaming") => 20.0,
        _ => return NOT_JUDGED,
    };
    above(float(of.now.connections()), limit)
}

fn half_open(of: &Resident, _: &Whole, _: i64) -> Reading {
    let ([tcp, ..], [asked, _]) = (of.now.of_groups(), of.now.waiting());
    above(float(asked), (float(tcp) / 2.0).next_down().max(20.0))
}

/// Hosts of a minute, for those that are asked in half of one are others than those before.
fn scan(of: &Resident, _: &Whole, _: i64) -> Reading {
    let [opened, ..] = of.now.unreplied;
    let [asked, _] = of.now.waiting();
    above(
        float(if of.device.kind == Some("iot") && opened > 8 { asked + 6 } else { 0 }),
        64.0_f64.next_down(),
    )
}

/// Of the device that has the most entries by far, which here is that of the torrent.
fn table_filling(of: &Resident, whole: &Whole, _: i64) -> Reading {
    let percent = float(whole.count()) / float(ENTRIES_AT_MOST) * 100.0;
    let is_due = of.device.kind == Some("unknown") && of.now.all() * 2 > whole.count();
    let value = if is_due { percent } else { 0.0 };
    Reading { value, warning: 75.0, critical: Some(90.0) }
}

fn new_device(of: &Resident, _: &Whole, at: i64) -> Reading {
    let is_new = of.is_device() && (0..DAY).contains(&(at - of.arrival));
    above(f64::from(u8::from(is_new)), 0.0)
}

fn upload_high(of: &Resident, _: &Whole, _: i64) -> Reading {
    let (warning, critical) = match of.device.kind {
        Some("iot") => (1.0, 5.0),
        Some("mobile") => (10.0, 25.0),
        Some("workstation") => (25.0, 50.0),
        Some("streaming") => (5.0, 15.0),
        Some("unknown") => (5.0, 10.0),
        _ => return NOT_JUDGED,
    };
    let [_, tx] = of.now.bytes;
    Reading { value: float(tx) * 8.0 / float(STEP) / 1e6, warning, critical: Some(critical) }
}

fn buffering(of: &Resident, _: &Whole, at: i64) -> Reading {
    let seconds = of.stalled.filter(|_| of.verdict.class == Class::Video).map_or(0, |since| at - since + 10);
    above(float(seconds), 20.0)
}

fn churn(of: &Resident, _: &Whole, _: i64) -> Reading {
    if !of.is_device() {
        return NOT_JUDGED;
    }
    let sum = |of: [i64; 4]| float(of.iter().sum()) / float(STEP);
    above(sum(of.now.opened).min(sum(of.now.closed)), 2.0)
}
