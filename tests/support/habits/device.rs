//! A device's life: connections that are always there, and sessions of use that come as the week has them. Figures: README.md.

use super::STEP;
use super::table::{Connections, End};
use super::week::fullness;
use crate::household::random::Random;

/// What sort of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Phone,
    Computer,
    Television,
    Console,
    Sensor,
}

/// How it is used.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// Connections that are always there, at least and at most.
    standing: (u64, u64),
    /// Sessions in a thousand ordinary evening hours.
    sessions: u64,
    /// Minutes of a session.
    length: (u64, u64),
    /// Seconds from one burst of connections to the next, how many each has, and for how many seconds they are used.
    every: (u64, u64),
    burst: (u64, u64),
    lasting: (u64, u64),
}

#[derive(Clone, Copy, Debug)]
struct Session {
    ends: u64,
    next: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct DeviceLife {
    usage: Use,
    pub(crate) connections: Connections,
    sessions: Vec<Session>,
    /// When each of those that are always there is replaced.
    standing: Vec<u64>,
    /// How much today is used, in a hundredth of what is usual.
    today: u64,
    random: Random,
}

impl Profile {
    pub(crate) const ALL: [Self; 5] =
        [Self::Phone, Self::Computer, Self::Television, Self::Console, Self::Sensor];

    const fn usage(self) -> Use {
        match self {
            Self::Phone => Use {
                standing: (4, 9),
                sessions: 4_000,
                length: (1, 15),
                every: (20, 90),
                burst: (2, 10),
                lasting: (20, 180),
            },
            Self::Computer => Use {
                standing: (6, 14),
                sessions: 700,
                length: (15, 120),
                every: (20, 120),
                burst: (4, 16),
                lasting: (30, 300),
            },
            Self::Television => Use {
                standing: (3, 5),
                sessions: 450,
                length: (25, 130),
                every: (120, 600),
                burst: (2, 6),
                lasting: (120, 900),
            },
            Self::Console => Use {
                standing: (2, 5),
                sessions: 300,
                length: (30, 150),
                every: (120, 400),
                burst: (2, 8),
                lasting: (60, 900),
            },
            Self::Sensor => Use {
                standing: (1, 2),
                sessions: 0,
                length: (1, 1),
                every: (1, 1),
                burst: (1, 1),
                lasting: (1, 1),
            },
        }
    }
}

impl DeviceLife {
    /// Of the device of this number.
    pub(crate) fn new(device: usize, profile: Profile, seed: u64) -> Self {
        let mut random = Random::new(seed << 16 | (device as u64) << 8 | profile as u64);
        let usage = profile.usage();
        let standing = vec![0; usize::try_from(random.among(usage.standing.0..=usage.standing.1)).unwrap()];
        Self {
            usage,
            connections: Connections::new(device),
            sessions: Vec::new(),
            standing,
            today: 100,
            random,
        }
    }

    /// The same device, as it would be used by other chance.
    pub(crate) fn in_another_week(&self, week: u64) -> Self {
        Self { random: Random::new(self.random.clone().next() ^ week), ..self.clone() }
    }

    /// A step passes, at whose end it is `now`.
    pub(crate) fn pass(&mut self, now: u64) {
        if now.is_multiple_of(super::DAY) {
            self.today = self.random.among(70..=130);
        }
        self.connections.pass(now);
        self.keep_standing(now);
        // Sessions in a step, in millionths.
        let expected = self.usage.sessions * fullness(now) * self.today / 100 * STEP / 360;
        if self.random.among(0..=999_999) < expected {
            self.begin_session(now);
        }
        self.use_sessions(now);
    }

    /// What is always there is made anew after some hours, which closes the old one.
    fn keep_standing(&mut self, now: u64) {
        for until in self.standing.iter_mut().filter(|until| **until <= now) {
            *until = now + self.random.among(3_600..=6 * 3_600);
            self.connections.wait(now, *until, &mut self.random);
        }
        // It tells how it is, now and then.
        if self.random.one_in(10) {
            self.connections.open(now, now + STEP, End::Closed, &mut self.random);
        }
    }

    fn begin_session(&mut self, now: u64) {
        let (least, most) = self.usage.length;
        self.sessions.push(Session { ends: now + 60 * self.random.among(least..=most), next: now });
    }

    fn use_sessions(&mut self, now: u64) {
        let before = self.sessions.len();
        self.sessions.retain(|session| now < session.ends);
        if self.sessions.len() < before && self.random.one_in(5) {
            self.connections.fall_silent(now, &mut self.random);
        }
        for place in 0..self.sessions.len() {
            if self.sessions[place].next <= now {
                let (burst, every) = (self.usage.burst, self.usage.every);
                (0..self.random.among(burst.0..=burst.1)).for_each(|_| self.open_one(now));
                self.sessions[place].next = now + self.random.among(every.0..=every.1);
            }
        }
    }

    /// One connection of a session.
    pub(crate) fn open_one(&mut self, now: u64) {
        let (least, most) = self.usage.lasting;
        let lasting = self.random.among(least..=most);
        let end = match self.random.among(0..=499) {
            0..125 => End::Datagrams,
            125 => End::Silent,
            _ => End::Closed,
        };
        self.connections.open(now, now + lasting, end, &mut self.random);
    }

    /// It is switched off and on again.
    pub(crate) fn restart(&mut self, now: u64) {
        self.connections.break_off(now, &mut self.random);
        self.sessions.clear();
        self.standing.iter_mut().for_each(|until| *until = now);
    }
}
