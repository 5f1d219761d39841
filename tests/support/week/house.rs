//! The household: all devices, the router and its daemon, from instant to instant.

use super::alerts::Board;
use super::daemon::Daemon;
use super::ledger::Sent;
use super::resident::Resident;
use super::router::Whole;
use super::stories::{Fate, Moment, fate};
use super::{DAY, DEVICES, Point, STEP};
use super::{bandwidth, connections, destinations, inventory, sockets, trend, verdict};

/// When the router was booted, before the week begins.
const BOOTED: i64 = 40 * DAY;

/// All of it.
#[derive(Debug)]
pub(super) struct House {
    /// The first day, counted since 1970, and the day of which everybody knows what to do.
    first_day: i64,
    today: Option<i64>,
    boot: i64,
    /// From when on bytes are told of look by look.
    bandwidth_from: i64,
    residents: Vec<Resident>,
    sent: Vec<Sent>,
    whole: Whole,
    board: Board,
    alerts: Vec<Point>,
    daemon: Daemon,
    /// Whether the last look was the first after a start.
    is_first: bool,
}

impl House {
    /// As it is when the first snapshot is made; before that it has lived through a day.
    pub(super) fn new(first: i64, stop: i64) -> Self {
        let first_day = first.div_euclid(DAY);
        let resident = |(number, device)| Resident::new(device, number, first_day * DAY);
        let residents: Vec<_> = (0..).zip(&DEVICES).map(resident).collect();
        let mut house = Self {
            first_day,
            today: None,
            boot: first - BOOTED,
            bandwidth_from: stop - DAY,
            sent: vec![Sent::default(); residents.len()],
            board: Board::new(residents.len()),
            residents,
            whole: Whole::default(),
            alerts: Vec::new(),
            daemon: Daemon::running(first),
            is_first: false,
        };
        for at in (0..DAY / STEP).map(|step| first - DAY + step * STEP) {
            house.step(at);
        }
        // What was there is known to the daemon: it is as if all of it had been sent.
        house.report(first - STEP);
        house
    }

    /// The points of the snapshot at `at`; none if there was no daemon, or it was not heard.
    pub(super) fn snapshot(&mut self, at: i64) -> Vec<Point> {
        let fate = fate(Moment::new(at, self.first_day));
        if fate == Fate::Starts {
            self.daemon = Daemon::started(at);
            self.residents.iter_mut().for_each(|one| one.trend.forget());
            self.residents.iter_mut().for_each(|one| one.presence.forget());
            self.sent.iter_mut().for_each(Sent::forget);
            self.whole = Whole::default();
        }
        self.is_first = fate == Fate::Starts;
        if fate != Fate::IsStopped {
            self.daemon.step(at);
        }
        self.step(at);
        if self.is_first {
            self.residents.iter_mut().for_each(|one| one.verdict.forget(at));
        }
        match fate {
            Fate::Sends | Fate::Starts => self.report(at),
            Fate::IsLost => {
                self.daemon.lose();
                Vec::new()
            }
            Fate::IsStopped => Vec::new(),
        }
    }

    /// Lives on to `at`.
    fn step(&mut self, at: i64) {
        let moment = Moment::new(at, self.first_day);
        if self.today.replace(moment.day) != Some(moment.day) {
            self.residents.iter_mut().for_each(|one| one.plan(moment.day));
        }
        self.residents.iter_mut().for_each(|one| one.step(at, moment));
        let entries = self.residents.iter().map(|one| one.now.all()).sum();
        let add = |[rx, tx]: [i64; 2], one: &Resident| {
            let [more_rx, more_tx] = one.now.bytes;
            [rx + more_rx, tx + more_tx]
        };
        self.whole.step(entries, self.residents.iter().fold([0, 0], add));
        self.alerts.clear();
        // While the daemon doesn't run, nobody judges.
        if fate(moment) != Fate::IsStopped {
            self.board.judge(&self.residents, &self.whole, at, &mut self.alerts);
        }
    }

    /// All points of `at`.
    fn report(&mut self, at: i64) -> Vec<Point> {
        let mut points = Vec::with_capacity(512);
        let is_first = self.is_first;
        for (of, sent) in self.residents.iter_mut().zip(&mut self.sent) {
            connections::states(of, sent, at, &mut points);
            if !is_first {
                connections::rates(of, sent, at, &mut points);
            }
            if at > self.bandwidth_from && !is_first {
                bandwidth::report(of, sent, at, &mut points);
            }
            connections::traffic(of, sent, is_first, at, &mut points);
            destinations::report(of, sent, is_first, at, &mut points);
            verdict::report(of, sent, at, &mut points);
            trend::report(of, sent, at, &mut points);
            inventory::report(of, at, &mut points);
        }
        points.push(self.whole.table(at - self.boot, at));
        if !is_first {
            points.push(sockets::health(at));
        }
        sockets::services(is_first, at, &mut points);
        sockets::ports(at, &mut points);
        self.whole.interfaces(is_first, at, &mut points);
        points.append(&mut self.alerts);
        self.daemon.report(&mut points, &self.residents, &self.whole, at);
        points
    }
}
