//! What devices do by themselves, all day: they keep a connection over which news come, tell how they are, look for what is
//! new. Figures: README.md.

use super::host::{Host, QUIC};
use super::kind::Gear;
use super::line::Both;
use super::stream::Transport;
use super::streams::StreamId;
use crate::household::device::Datagrams;

/// How often the time is asked for, once it is known, in seconds (RFC 5905: the longest interval by default).
const NTP: u64 = 1024;

/// Something that happens every so often: on average, in seconds, and bytes that are sent and received, at most.
#[derive(Clone, Copy, Debug)]
struct Habit {
    every: u64,
    sent: u64,
    received: u64,
}

/// What a sort of device does.
#[derive(Clone, Copy, Debug)]
struct Habits {
    port: u16,
    /// How often it says over its connection for news that it is there, in seconds, and the bytes of that.
    kept_alive: (u64, u64),
    /// How many more such connections programs have, at least and at most.
    others: (u64, u64),
    news: Habit,
    /// How it is, over a new connection.
    telemetry: Habit,
    /// Mail, pictures, new versions of small things.
    larger: Option<Habit>,
    asks_for_the_time: bool,
}

pub(crate) struct Standby {
    habits: Habits,
    push: StreamId,
    /// Those of programs, and how often each says that it is there, in seconds.
    others: Vec<(StreamId, u64)>,
    begun: u64,
    telemetry_at: u64,
    /// Connections that the other side closes, and when.
    kept: Vec<(StreamId, u64)>,
}

const fn habits(gear: Gear) -> Habits {
    match gear {
        Gear::Phone => Habits {
            port: 5_223,
            kept_alive: (900, 60),
            others: (1, 5),
            news: Habit { every: 240, sent: 100, received: 4_000 },
            telemetry: Habit { every: 270, sent: 4_000, received: 6_000 },
            larger: Some(Habit { every: 900, sent: 10_000, received: 300_000 }),
            asks_for_the_time: false,
        },
        Gear::Computer => Habits {
            port: 443,
            kept_alive: (55, 120),
            others: (2, 7),
            news: Habit { every: 300, sent: 300, received: 3_000 },
            telemetry: Habit { every: 200, sent: 8_000, received: 8_000 },
            larger: Some(Habit { every: 1_200, sent: 20_000, received: 1_000_000 }),
            asks_for_the_time: true,
        },
        Gear::Television => Habits {
            port: 443,
            kept_alive: (60, 80),
            others: (0, 2),
            news: Habit { every: 1_800, sent: 200, received: 2_000 },
            telemetry: Habit { every: 150, sent: 5_000, received: 2_000 },
            larger: None,
            asks_for_the_time: true,
        },
        Gear::Console => Habits {
            port: 443,
            kept_alive: (30, 90),
            others: (0, 2),
            news: Habit { every: 400, sent: 300, received: 1_500 },
            telemetry: Habit { every: 120, sent: 4_000, received: 3_000 },
            larger: Some(Habit { every: 1_800, sent: 10_000, received: 150_000 }),
            asks_for_the_time: true,
        },
        // PINGREQ and PINGRESP of MQTT inside TLS, and what is measured.
        Gear::Sensor => Habits {
            port: 8_883,
            kept_alive: (60, 31),
            others: (0, 0),
            news: Habit { every: 30, sent: 180, received: 33 },
            telemetry: Habit { every: 600, sent: 600, received: 900 },
            larger: None,
            asks_for_the_time: true,
        },
    }
}

impl Standby {
    pub(crate) fn begin(gear: Gear, host: &mut Host<'_>) -> Self {
        let habits = habits(gear);
        let (server, far) = (host.server(Transport::Tcp, habits.port), host.far());
        let push = host.call(server, Transport::Tcp, far);
        let others = (0..host.among(habits.others.0..=habits.others.1))
            .map(|_| (host.service(Transport::Tcp), host.among(50..=600)))
            .collect();
        let begun = host.now() - host.among(0..=299);
        Self {
            habits,
            push,
            others,
            begun,
            telemetry_at: host.now() + host.among(1..=habits.telemetry.every),
            kept: Vec::new(),
        }
    }

    pub(crate) fn second(&mut self, host: &mut Host<'_>) {
        let elapsed = host.now() - self.begun;
        let Habits { kept_alive: (every, bytes), news, telemetry, larger, .. } = self.habits;
        if elapsed.is_multiple_of(every) {
            host.queue(self.push, Both::each(bytes));
        }
        for (id, every) in &self.others {
            if elapsed.is_multiple_of(*every) {
                host.queue(*id, Both::each(bytes));
            }
        }
        if host.one_in(news.every) {
            let bytes = Both { down: host.among(news.received / 4..=news.received), up: news.sent };
            host.queue(self.push, bytes);
        }
        if host.now() >= self.telemetry_at {
            let (sent, received) = (host.among(300..=telemetry.sent), host.among(200..=telemetry.received));
            host.exchange(sent, received);
            self.telemetry_at = host.now() + host.among(telemetry.every / 2..=telemetry.every * 3 / 2);
        }
        if let Some(habit) = larger.filter(|habit| host.one_in(habit.every)) {
            self.fetch(host, habit);
        }
        let now = host.now();
        for (id, _) in self.kept.extract_if(.., |(_, closes)| *closes <= now) {
            host.finish(id);
        }
        if self.habits.asks_for_the_time && elapsed.is_multiple_of(NTP) {
            let server = host.server(QUIC, 123);
            let question = host.device.connect(server);
            host.device.udp(question, Datagrams(1, 48), Datagrams(1, 48));
        }
    }

    /// Over a connection of its own, which then stays for whoever closes it.
    fn fetch(&mut self, host: &mut Host<'_>, habit: Habit) {
        let transport = host.pick(&[Transport::Tcp, QUIC]);
        let id = host.service(transport);
        let bytes = Both { down: host.among(5_000..=habit.received), up: host.among(700..=habit.sent) };
        host.queue(id, bytes);
        let closes = host.now() + host.among(60..=240);
        self.kept.push((id, closes));
    }
}
