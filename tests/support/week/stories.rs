//! What happens when: habits of every day, and what is out of the ordinary.

use super::DAY;
use super::devices::Device;
use super::looks::{
    AFTERMATH, BACKUP, BROWSE, CALL, DOWNLOAD, FILM, GAME, KNOCK, Look, MUSIC, NIGHT, REST, SCAN, SERVE,
    SLOW_BACKUP, STALL, TORRENT, UPDATE, WATCH,
};
use super::wiggle::between;

/// When something is: which day, counted from the first and from 0 again after seven, and which minute and second of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) day: i64,
    pub(super) second: i64,
}

impl Moment {
    /// That of `at` in a week whose first day is `day`, counted since 1970.
    pub(super) fn new(at: i64, day: i64) -> Self {
        Self { day: (at.div_euclid(DAY) - day).rem_euclid(7), second: at.rem_euclid(DAY) }
    }
}

/// What a device does, from one second of a day to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Story {
    device: &'static str,
    /// Bit 0 is the first day.
    days: u8,
    pub(super) from: i64,
    pub(super) to: i64,
    /// `None`: it is not there.
    pub(super) look: Option<Look>,
    /// Whether it is what the device usually does.
    pub(super) is_usual: bool,
}

const fn usual(device: &'static str, days: u8, from: [i64; 2], to: [i64; 2], look: Look) -> Story {
    Story { device, days, from: second(from), to: second(to), look: Some(look), is_usual: true }
}

const fn once(device: &'static str, days: u8, from: [i64; 2], to: [i64; 2], look: Look) -> Story {
    Story { is_usual: false, ..usual(device, days, from, to, look) }
}

const fn away(device: &'static str, days: u8, from: [i64; 2], to: [i64; 2]) -> Story {
    Story { device, days, from: second(from), to: second(to), look: None, is_usual: true }
}

const fn second([hour, minute]: [i64; 2]) -> i64 {
    hour * 3_600 + minute * 60
}

const EVERY: u8 = 0b111_1111;
const WORK: u8 = 0b001_1111;
const MIDNIGHT: [i64; 2] = [24, 0];
const GUEST: &str = "laptop, guest=1";

/// All of them; of two at a time the later one holds.
const STORIES: [Story; 56] = [
    // Who leaves, and who is switched off.
    away("kids tablet", EVERY, [0, 0], [7, 0]),
    away("kids tablet", EVERY, [20, 0], MIDNIGHT),
    away("phone, the \"old\" one", WORK, [8, 0], [17, 30]),
    away("phone-anna", WORK, [8, 30], [17, 0]),
    away("phone-ben", WORK, [7, 30], [18, 15]),
    away("watch-ben", WORK, [7, 31], [18, 14]),
    away("laptop-anna", EVERY, [0, 0], [7, 30]),
    away("laptop-anna", EVERY, [23, 30], MIDNIGHT),
    away("desktop-ben", EVERY, [0, 0], [13, 0]),
    away("desktop-ben", EVERY, [22, 45], MIDNIGHT),
    away("e-reader", EVERY, [0, 0], [21, 0]),
    away("e-reader", EVERY, [22, 30], MIDNIGHT),
    away("solar inverter", EVERY, [0, 0], [6, 0]),
    away("solar inverter", EVERY, [21, 0], MIDNIGHT),
    away("vacuum", EVERY, [9, 50], [10, 5]),
    away(GUEST, 0b111_0011, [0, 0], MIDNIGHT),
    away(GUEST, 0b000_0100, [0, 0], [17, 0]),
    away(GUEST, 0b000_1000, [10, 0], MIDNIGHT),
    // What goes on all the time.
    usual("camera", EVERY, [0, 0], MIDNIGHT, WATCH),
    usual("router", EVERY, [0, 0], MIDNIGHT, SERVE),
    usual("other", EVERY, [0, 0], MIDNIGHT, KNOCK),
    // Habits.
    usual("Küchenradio", EVERY, [6, 30], [9, 0], MUSIC),
    usual("Küchenradio", EVERY, [12, 0], [13, 0], MUSIC),
    usual("phone-anna", EVERY, [7, 0], [7, 30], BROWSE),
    usual("phone-anna", EVERY, [21, 0], [22, 0], BROWSE),
    usual("phone-ben", EVERY, [18, 30], [19, 30], MUSIC),
    usual("phone-ben", EVERY, [22, 0], [22, 40], BROWSE),
    usual("phone, the \"old\" one", EVERY, [19, 0], [19, 45], BROWSE),
    usual("kids tablet", EVERY, [16, 0], [17, 30], Look { down: 4_000, ..FILM }),
    usual("laptop-anna", WORK, [9, 30], [10, 30], CALL),
    usual("laptop-anna", WORK, [10, 30], [12, 0], BROWSE),
    usual("laptop-anna", WORK, [13, 0], [14, 0], BROWSE),
    usual("laptop-anna", WORK, [14, 0], [15, 0], CALL),
    usual("laptop-anna", WORK, [15, 0], [17, 0], BROWSE),
    usual("laptop-anna", 0b110_0000, [10, 0], [11, 0], BROWSE),
    usual("laptop-anna", 0b110_0000, [11, 0], [11, 45], CALL),
    usual("desktop-ben", EVERY, [17, 0], [19, 0], BROWSE),
    usual("desktop-ben", 0b011_0011, [20, 0], [22, 0], GAME),
    usual("console", 0b101_0010, [17, 0], [19, 0], GAME),
    usual("e-reader", EVERY, [21, 0], [21, 5], BROWSE),
    // Evenings of films; on one of them the film stands still.
    usual("tv", 0b101_1011, [20, 15], [22, 15], FILM),
    usual("tv", 0b010_0000, [19, 30], [22, 30], FILM),
    once("tv", 0b000_1000, [21, 0], [21, 4], STALL),
    // Nights: backups of the NAS, updates of the console, which the day after has another by day.
    usual("nas", 0b001_0010, [1, 0], [1, 30], SLOW_BACKUP),
    usual("nas", 0b001_0010, [1, 30], [2, 30], BACKUP),
    usual("console", 0b010_0100, [3, 0], [3, 35], UPDATE),
    once("console", 0b100_0000, [15, 0], [15, 10], UPDATE),
    once("desktop-ben", 0b010_0000, [14, 0], [14, 40], DOWNLOAD),
    // The evening of the torrent, which fills the table, and what is left of it.
    once(GUEST, 0b000_0100, [18, 0], [19, 0], BROWSE),
    once(GUEST, 0b000_0100, [19, 0], [23, 0], TORRENT),
    once(GUEST, 0b000_0100, [23, 0], [23, 20], AFTERMATH),
    once(GUEST, 0b000_1000, [8, 30], [9, 30], BROWSE),
    // The camera looks for others.
    once("camera", 0b001_0000, [2, 40], [2, 52], SCAN),
    // Who is new looks around, and again the day after.
    once("android-7f3a", 0b010_0000, [11, 20], [12, 30], BROWSE),
    once("android-7f3a", 0b010_0000, [20, 0], [20, 30], Look { down: 3_000, ..FILM }),
    once("android-7f3a", 0b100_0000, [9, 0], [10, 0], BROWSE),
];

/// What a device does on a day: the later one of two that are at a time holds.
pub(super) fn plan(device: &Device, day: i64) -> Vec<Story> {
    let is_theirs = |story: &&Story| story.device == device.name && story.days >> day & 1 == 1;
    STORIES.iter().filter(is_theirs).copied().collect()
}

/// What a device that has no story does.
pub(super) fn rest(second: i64) -> Look {
    if (second / 3_600 + 1) % 24 < 8 { NIGHT } else { REST }
}

/// When the new device arrives, in seconds since the beginning of the first day.
pub(super) const ARRIVAL: (&str, i64) = ("android-7f3a", 5 * DAY + second([11, 20]));

/// How many connections a device has that a program on it has forgotten to close: the plug has 3.6 more each hour, for three
/// days, until somebody pulls it.
pub(super) fn leaked(device: &Device, Moment { day, second }: Moment) -> i64 {
    let since = (day - 1) * DAY + second - LEAK_FROM;
    if device.name == "plug-washer" && (0..3 * DAY).contains(&since) { since / 1_000 } else { 0 }
}

const LEAK_FROM: i64 = 6 * 3_600;
/// The most questions of the torrent's that wait for an answer at a time, and for how long they become more.
const UNANSWERED: i64 = 2_560;
const RISING: i64 = 9_000;

/// How many questions for others of its swarm wait for an answer, besides those of the look: more and more, and when the client
/// has been closed for three minutes, none.
pub(super) fn unanswered(device: &Device, moment: Moment, at: i64) -> i64 {
    let since = moment.second - second([19, 0]);
    if device.name != GUEST || moment.day != 2 || since < 0 {
        return 0;
    }
    let left = (RISING - since).max(0);
    let most = UNANSWERED - UNANSWERED * left * left / (RISING * RISING);
    let over = (since - 4 * 3_600).max(0);
    most * (180 - over).max(0) / 180 * between(99, 101, [at, 7, 7]) / 100
}

/// What becomes of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It runs, and what it sends arrives.
    Sends,
    /// It runs, and what it sends doesn't arrive.
    IsLost,
    /// It doesn't run.
    IsStopped,
    /// It was started since the last snapshot.
    Starts,
}

/// What becomes of it at a moment.
pub(super) fn fate(Moment { day, second: now }: Moment) -> Fate {
    let stopped = second([15, 10])..second([15, 50]);
    match day {
        4 if stopped.contains(&now) => Fate::IsStopped,
        4 if now == stopped.end => Fate::Starts,
        5 if now == second([4, 30]) => Fate::Starts,
        1 if now == second([10, 20]) => Fate::IsLost,
        3 if now == second([18, 47]) + 30 => Fate::IsLost,
        6 if now == second([9, 5]) + 30 => Fate::IsLost,
        _ => Fate::Sends,
    }
}
