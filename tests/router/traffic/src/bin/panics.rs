//! Panics at once, so that the box shows what a panic leaves in a router's log: the program itself has none to show.

use std::process::ExitCode;

/// As many as a line of three words has, which is one too few for what is asked for below.
const WORDS: [&str; 3] = ["laptop", "tcp", "ESTABLISHED"];

#[expect(clippy::indexing_slicing, reason = "it is here to panic")]
fn main() -> ExitCode {
    // Whoever starts it may name a place that is there; the compiler then can't know that this fails.
    let place = std::env::args().nth(1).and_then(|place| place.parse().ok()).unwrap_or(WORDS.len());
    println!("{}", WORDS[place]);
    ExitCode::SUCCESS
}
