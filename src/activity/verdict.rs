//! What a device is said to be doing: judgements, with some inertia.

use std::time::Duration;

use super::class::Class;
use super::judgement::{Judgement, WHY_AT_MOST};

/// How many judgements are looked back at, and how many of them must agree.
const LOOKED_AT: usize = 3;
const MUST_AGREE: usize = 2;
/// By what the confidence shrinks while the last judgement says something else.
const DOUBTED: f64 = 0.5;

/// What a device is said to be doing.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The last judgements and when they were made, in time since boot; the newest comes last.
    last: [Option<(Class, Duration)>; LOOKED_AT],
    present: Option<Present>,
}

#[derive(Clone, Debug)]
struct Present {
    class: Class,
    /// In time since boot.
    since: Duration,
    /// The last judgement that said the same, and when, in time since boot.
    judgement: Judgement,
    judged: Duration,
    is_doubted: bool,
}

/// What is told of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What it is doing.
    pub class: Class,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// For how long.
    pub lasting: Duration,
    /// One sentence with figures, of at most [`WHY_AT_MOST`] bytes.
    pub why: String,
}

impl Verdict {
    /// Hears one more judgement, made at `boot` (time since boot), and says what is told. The first of all stands at
    /// once, and so does the first after nothing was known. A player of music that has fetched a whole piece is silent until
    /// the next, for `pause` at most: it isn't idle.
    pub fn hear(&mut self, judgement: Judgement, boot: Duration, pause: Duration) -> Told {
        self.last.rotate_left(1);
        let class = judgement.class;
        if let Some(newest) = self.last.last_mut() {
            *newest = Some((class, boot));
        }
        let agreeing = || self.last.iter().flatten().filter(|(other, _)| *other == class);
        let since = agreeing().map(|(_, at)| *at).next().unwrap_or(boot);
        let present = match self.present.take() {
            Some(present) if present.class == class => {
                Present { judgement, judged: boot, is_doubted: false, ..present }
            }
            Some(present) if present.is_pausing(class, boot, pause) => {
                Present { is_doubted: true, ..present }
            }
            Some(present) if present.class != Class::Unknown && agreeing().count() < MUST_AGREE => {
                Present { is_doubted: true, ..present }
            }
            _ => Present { class, since, judgement, judged: boot, is_doubted: false },
        };
        let told = present.told(boot);
        self.present = Some(present);
        told
    }

    /// Forgets what was: the device has left.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Present {
    fn is_pausing(&self, judged: Class, boot: Duration, pause: Duration) -> bool {
        self.class == Class::Audio && judged == Class::Idle && boot.saturating_sub(self.judged) <= pause
    }

    fn told(&self, boot: Duration) -> Told {
        let lasting = boot.saturating_sub(self.since);
        let doubt = if self.is_doubted { DOUBTED } else { 1.0 };
        let lasts = if lasting.is_zero() { String::new() } else { format!(", for {}", in_words(lasting)) };
        let why = self.judgement.why.clone() + &lasts;
        // Our own words and figures are ASCII: every byte is a character's end.
        let why = why.get(..WHY_AT_MOST).map_or_else(|| why.clone(), str::to_owned);
        Told { class: self.class, confidence: self.judgement.confidence * doubt, lasting, why }
    }
}

/// `30 s`, `4 min`, `2 h 5 min`.
fn in_words(lasting: Duration) -> String {
    let (seconds, minutes) = (lasting.as_secs(), lasting.as_secs() / 60);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(90);

    /// What is told of judgements made every 30 s: the class, since when, and how sure.
    fn told(classes: &[Class]) -> Vec<(Class, u64, f64)> {
        let mut verdict = Verdict::default();
        let judged = classes.iter().zip(0_u64..).map(|(class, number)| {
            let boot = Duration::from_secs(30 * number);
            let told = verdict.hear(Judgement::new(*class, 0.8, "7 connections"), boot, PAUSE);
            (told.class, boot.saturating_sub(told.lasting).as_secs(), told.confidence)
        });
        judged.collect()
    }

    #[test]
    fn a_class_is_taken_over_when_two_of_three_agree() {
        use Class::{Browsing, Idle, Mixed, Unknown, Video};
        let sure = 0.8;
        assert_eq!(told(&[Idle, Idle]), [(Idle, 0, sure), (Idle, 0, sure)], "the first stands at once");
        assert_eq!(
            told(&[Idle, Idle, Video, Idle, Idle]),
            [(Idle, 0, sure), (Idle, 0, sure), (Idle, 0, 0.4), (Idle, 0, sure), (Idle, 0, sure)],
            "one is too few"
        );
        assert_eq!(told(&[Idle, Idle, Video, Video])[3], (Video, 60, sure), "since the first that said so");
        assert_eq!(told(&[Idle, Idle, Video, Mixed, Video])[4], (Video, 60, sure), "with another between");
        let last = *told(&[Idle, Idle, Video, Mixed, Browsing]).last().unwrap();
        assert_eq!(last, (Idle, 0, 0.4), "no two agree");
        assert_eq!(
            told(&[Unknown, Video]),
            [(Unknown, 0, sure), (Video, 30, sure)],
            "not knowing is no class"
        );
        assert_eq!(told(&[Video, Unknown])[1], (Video, 0, 0.4), "but it is judged like one");
    }

    #[test]
    fn music_may_pause_between_two_pieces() {
        use Class::{Audio, Idle, Video};
        let classes = |judged: &[Class]| told(judged).iter().map(|(class, ..)| *class).collect::<Vec<_>>();
        assert_eq!(classes(&[Audio, Idle, Idle, Idle, Audio]), [Audio; 5]);
        assert_eq!(
            classes(&[Audio, Idle, Idle, Idle, Idle]),
            [Audio, Audio, Audio, Audio, Idle],
            "for so long"
        );
        assert_eq!(classes(&[Video, Idle, Idle]), [Video, Video, Idle], "no other may");
    }

    #[test]
    fn a_device_that_has_left_begins_anew() {
        let mut verdict = Verdict::default();
        let judgement = |class| Judgement::new(class, 1.0, "");
        verdict.hear(judgement(Class::Video), Duration::ZERO, PAUSE);
        verdict.clear();
        assert_eq!(verdict.hear(judgement(Class::Idle), Duration::from_secs(30), PAUSE).class, Class::Idle);
    }

    #[test]
    fn why_says_for_how_long_and_is_bounded() {
        let mut verdict = Verdict::default();
        let mut hear = |why: &str, second| {
            verdict.hear(Judgement::new(Class::Video, 1.0, why), Duration::from_secs(second), PAUSE).why
        };
        assert_eq!(hear("7 connections", 0), "7 connections");
        assert_eq!(hear("6 connections", 241), "6 connections, for 4 min");
        assert_eq!(hear("6 connections", 7500), "6 connections, for 2 h 5 min");
        assert_eq!(hear("6 connections", 7200), "6 connections, for 2 h");
        assert_eq!(hear(&"x".repeat(500), 1).len(), WHY_AT_MOST);
    }
}
