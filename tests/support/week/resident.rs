//! One device as time goes on: what it does, and by which figures that shows.

use super::devices::Device;
use super::inventory::Presence;
use super::looks::{Class, GROUPS, Look, PARTS, STALL};
use super::stories::{self, Moment, Story};
use super::trend::Trend;
use super::verdict::Verdict;
use super::wiggle::between;
use super::{DAY, STEP};

/// Bytes that a kbit/s makes in 30 s.
const BYTES_OF_KBIT: i64 = 125 * STEP;

/// What is measured of a device at an instant.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    /// By the order of [`STATES`].
    pub(super) entries: [i64; 8],
    /// Of the last 30 s, by the order of [`GROUPS`].
    pub(super) opened: [i64; 4],
    pub(super) closed: [i64; 4],
    pub(super) unreplied: [i64; 4],
    /// Bytes of the last 30 s, by the order of [`PARTS`].
    pub(super) rx: [i64; 9],
    pub(super) tx: [i64; 9],
    /// Of all parts: received, and sent.
    pub(super) bytes: [i64; 2],
    pub(super) hosts: i64,
    /// Of the busiest host, in thousandths.
    pub(super) share: i64,
    /// Established TCP connections that have been silent for ten minutes.
    pub(super) idle: i64,
}

impl Figures {
    /// All entries.
    pub(super) fn all(&self) -> i64 {
        let [tcp, udp, icmp, other] = self.of_groups();
        tcp + udp + icmp + other
    }

    /// Those that are `ESTABLISHED` or `ACTIVE`.
    pub(super) fn connections(&self) -> i64 {
        let [established, _, _, _, udp, _, icmp, _] = self.entries;
        established + udp + icmp
    }

    /// Those of each group of protocols.
    pub(super) fn of_groups(&self) -> [i64; GROUPS.len()] {
        let [open, ended, half_closed, asked, udp, unreplied, pings, groups] = self.entries;
        [open + ended + half_closed + asked, udp + unreplied, pings, groups]
    }

    /// TCP connections that have been asked for, and questions of UDP, that wait for an answer.
    pub(super) fn waiting(&self) -> [i64; 2] {
        let [_, _, _, syn_sent, _, unreplied, _, _] = self.entries;
        [syn_sent, unreplied]
    }
}

/// A device, and what is remembered of it.
#[derive(Debug)]
pub(super) struct Resident {
    pub(super) device: &'static Device,
    /// For numbers of its own.
    pub(super) number: i64,
    /// When it was first there.
    pub(super) arrival: i64,
    plan: Vec<Story>,
    pub(super) now: Figures,
    pub(super) trend: Trend,
    pub(super) verdict: Verdict,
    pub(super) presence: Presence,
    /// Since when a film stands still.
    pub(super) stalled: Option<i64>,
}

impl Resident {
    /// One that lives in the household whose first day begins at `midnight`.
    pub(super) fn new(device: &'static Device, number: i64, midnight: i64) -> Self {
        let (newcomer, after) = stories::ARRIVAL;
        let arrival =
            if device.name == newcomer { midnight + after } else { midnight - (number + 20) * DAY + 3_723 };
        Self {
            device,
            number,
            arrival,
            plan: Vec::new(),
            now: Figures::default(),
            trend: Trend::default(),
            verdict: Verdict::default(),
            presence: Presence::default(),
            stalled: None,
        }
    }

    /// Takes up what it does on another day.
    pub(super) fn plan(&mut self, day: i64) {
        self.plan = stories::plan(self.device, day);
        // Of the newcomer nothing is known.
        let (newcomer, _) = stories::ARRIVAL;
        self.trend.normal = if self.device.name == newcomer { [0; 24] } else { self.normal() };
    }

    /// Whether it is `router` or `other`.
    pub(super) fn is_device(&self) -> bool {
        self.device.kind.is_some()
    }

    /// What it does at a moment; `None` if it isn't there.
    fn look(&self, at: i64, second: i64) -> Option<Look> {
        if at < self.arrival {
            return None;
        }
        let is_now = |story: &&Story| (story.from..story.to).contains(&second);
        self.plan.iter().rev().find(is_now).map_or_else(|| Some(stories::rest(second)), |story| story.look)
    }

    /// Goes on to `at`.
    pub(super) fn step(&mut self, at: i64, moment: Moment) {
        let look = self.look(at, moment.second);
        let before = self.now;
        self.now = look.map_or_else(Figures::default, |look| self.figures(&look, at, moment));
        self.turn_over(&before, look.map_or([0, 0], |look| look.turnover), at);
        let is_stalled = look.is_some_and(|look| look.down == STALL.down);
        self.stalled = is_stalled.then(|| self.stalled.unwrap_or(at));
        self.trend.step(&self.now, at);
        self.verdict.step(look.map(|look| look.class), at);
        self.presence.step(self.now.all() > 0, at);
    }

    fn figures(&self, look: &Look, at: i64, moment: Moment) -> Figures {
        let mut now = Figures::default();
        for ((into, usual), salt) in now.entries.iter_mut().zip(look.entries).zip(0..) {
            // A device at rest changes every half hour, a busy one every minute.
            let (slot, most) =
                if look.class == Class::Idle { (at / 1_800, usual / 2) } else { (at / 60, usual / 6) };
            *into = (usual + between(-most, most, [self.number, slot, salt])).max(0);
        }
        let [rested, ..] = look.entries;
        let leaked = stories::leaked(self.device, moment);
        let unanswered = stories::unanswered(self.device, moment, at);
        let [established, .., udp_unreplied, _, _] = &mut now.entries;
        *established += leaked;
        *udp_unreplied += unanswered;
        now.idle = leaked + if look.class == Class::Idle { rested / 2 } else { 0 };
        let of_bytes = |kbits: i64, salt| {
            let percent = between(100 - look.unsteady, 100 + look.unsteady, [self.number, at, salt]);
            kbits * BYTES_OF_KBIT * percent / 100 + between(0, 99, [self.number, at, salt + 1])
        };
        let [rx, tx] = [of_bytes(look.down, 20), of_bytes(look.up, 22)];
        (now.rx, now.tx, now.bytes) = (parts(rx, &look.mix), parts(tx, &look.mix), [rx, tx]);
        now.hosts = look.hosts + between(0, look.hosts / 8, [self.number, at, 24]);
        now.share = (look.share * 10 - between(0, 29, [self.number, at, 25])).max(1);
        now
    }

    /// What was opened and closed so that these entries came of those.
    fn turn_over(&mut self, before: &Figures, [tcp, udp]: [i64; 2], at: i64) {
        // Questions without an answer are forgotten after a minute.
        let [asked, unanswered] = self.now.waiting();
        let turnover = [tcp, udp + unanswered / 2, 0, 0].into_iter();
        let waiting = [asked, unanswered, 0, 0].into_iter();
        let counts = before.of_groups().into_iter().zip(self.now.of_groups());
        let now = &mut self.now;
        let into = now.opened.iter_mut().zip(&mut now.closed).zip(&mut now.unreplied);
        for (((opened, closed), unreplied), ((turnover, waiting), (was, is))) in
            into.zip(turnover.zip(waiting).zip(counts))
        {
            // Not more can go than were there.
            let turnover = between(turnover / 2, turnover, [self.number, at, 30]).min(was);
            *opened = turnover + (is - was).max(0);
            *closed = turnover + (was - is).max(0);
            *unreplied = waiting.min(*opened);
        }
    }

    /// The most connections that it usually has, hour by hour of this day, by its habits.
    fn normal(&self) -> [i64; 24] {
        let mut hours = [0; 24];
        for (hour, into) in (0..).zip(&mut hours) {
            let instants = (-2..4).map(|half| (hour * 3_600 + half * 1_800_i64).rem_euclid(DAY));
            let usual = |second: i64| {
                let is_now = |story: &&Story| story.is_usual && (story.from..story.to).contains(&second);
                let story = self.plan.iter().rev().find(is_now);
                story.map_or_else(|| Some(stories::rest(second)), |story| story.look)
            };
            let open = |look: Look| Figures { entries: look.entries, ..Figures::default() }.connections();
            *into = instants.filter_map(usual).map(open).max().map_or(0, |most| most + most / 2);
        }
        hours
    }
}

/// `all` shared out by percentages, so that the sum is exact.
pub(super) fn parts(all: i64, percent: &[i64; 9]) -> [i64; 9] {
    let (mut shares, mut sum, mut given) = ([0; PARTS.len()], 0, 0);
    for (share, percent) in shares.iter_mut().zip(percent) {
        sum += percent;
        *share = all * sum / 100 - given;
        given += *share;
    }
    shares
}
