//! How well the program tells what devices are doing: made-up evenings, of which it is known what was really done, go
//! through the daemon's pipeline, and what `device_activity` says is held against it.
//!
//! `make activity` plays all of them; in between there is one for each kind. Half of the seeds and two speeds of the line
//! are held out: no threshold was chosen by them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's failure is a panic")]

#[expect(dead_code, reason = "other tests look at more of it")]
#[path = "support/evening/mod.rs"]
mod evening;
#[path = "support/exporter.rs"]
mod exporter;
#[expect(dead_code, reason = "its router and its chance are used here, not what its own devices do")]
#[path = "support/household/mod.rs"]
mod household;
#[path = "support/place.rs"]
mod place;
#[path = "support/score/mod.rs"]
mod score;

use std::env;
use std::ops::Range;
use std::sync::Mutex;
use std::thread;

use evening::kind::Kind;
use evening::line::Line;
use score::matrix::Matrix;
use score::play::{Accounting, Heard, play};

/// An evening, by what it is made of.
#[derive(Clone, Copy)]
struct Plan {
    kind: Kind,
    seed: u64,
    line: Line,
}

impl Plan {
    /// Whether thresholds may be chosen by it.
    fn is_for_training(&self) -> bool {
        TRAINING_SEEDS.contains(&self.seed) && TRAINING_LINES.contains(&self.line)
    }
}

/// Evenings by which thresholds were chosen. Those of 5 to 9 were held out once; a rule was mended when they had been seen, so
/// others are held out now.
const TRAINING_SEEDS: Range<u64> = 0..5;
const HELD_OUT_SEEDS: Range<u64> = 10..15;
const LINES: [Line; 4] = [Line::Adsl, Line::Vdsl, Line::Cable, Line::Fibre];
const TRAINING_LINES: [Line; 2] = [Line::Adsl, Line::Vdsl];

/// Of which evenings the score is wanted: `quick` (one of each kind), `training`, or `all`.
fn plans() -> Vec<Plan> {
    let wanted = env::var("ACTIVITY").unwrap_or_else(|_| "quick".to_owned());
    let all = Kind::ALL.into_iter().flat_map(|kind| {
        LINES.into_iter().flat_map(move |line| {
            TRAINING_SEEDS.chain(HELD_OUT_SEEDS).map(move |seed| Plan { kind, seed, line })
        })
    });
    all.filter(|plan| match &*wanted {
        "quick" => plan.seed == 0 && plan.line == Line::Vdsl,
        "training" => plan.is_for_training(),
        _ => true,
    })
    .collect()
}

/// Plays evenings on as many processors as there are.
fn play_all(plans: &[Plan], accounting: Accounting) -> Vec<(Plan, Heard)> {
    let (next, heard) = (Mutex::new(plans.iter()), Mutex::new(Vec::new()));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for number in 0..threads {
            let (next, heard) = (&next, &heard);
            scope.spawn(move || {
                loop {
                    let Some(plan) = next.lock().unwrap().next() else { break };
                    let name = format!("score-{accounting:?}-{number}");
                    let one = play(&name, plan.kind, plan.seed, plan.line, accounting);
                    heard.lock().unwrap().push((*plan, one));
                }
            });
        }
    });
    heard.into_inner().unwrap()
}

fn matrix<'a>(heard: impl Iterator<Item = &'a (Plan, Heard)>) -> Matrix {
    let mut matrix = Matrix::default();
    heard.for_each(|(_, heard)| matrix.add(heard));
    matrix
}

#[test]
fn what_devices_are_doing_is_told() {
    let plans = plans();
    let heard = play_all(&plans, Accounting::On);
    for (title, is_for_training) in [("Held out", false), ("For training", true)] {
        let matrix = matrix(heard.iter().filter(|(plan, _)| plan.is_for_training() == is_for_training));
        if matrix.windows() > 0 {
            println!("\n### {title}\n\n{matrix}");
        }
    }
    if env::var_os("ACTIVITY_DETAILS").is_some() {
        score::details::print(
            heard.iter().map(|(plan, heard)| (format!("{:?}, {:?}", plan.kind, plan.line), heard)),
        );
    }
    let all = matrix(heard.iter());
    assert!(all.percent_right() >= 85.0, "only {:.1} % of the windows are right", all.percent_right());
    assert!(
        all.changes_in_ten_minutes() <= 1.0,
        "{:.2} changes in ten minutes",
        all.changes_in_ten_minutes()
    );
}

#[test]
fn without_accounting_streaming_is_told_from_downloading_by_connections() {
    let is_one = |plan: &Plan| {
        matches!(plan.kind, Kind::Film | Kind::LiveStream | Kind::Download | Kind::ParallelDownload)
    };
    let plans: Vec<Plan> = plans().into_iter().filter(is_one).collect();
    let heard = play_all(&plans, Accounting::Off);
    let matrix = matrix(heard.iter());
    println!("\n### Without accounting\n\n{matrix}");
    let told = matrix.percent_of_streaming_told();
    println!("Streaming told from downloading: {told:.1} %");
    assert!(matrix.windows() > 0);
}
