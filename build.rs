//! Tells the program when it was built: the date of the last commit, so that builds can be reproduced.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    println!("cargo::rerun-if-changed=build.rs");
    let date = env::var("SOURCE_DATE_EPOCH").ok().or_else(last_commit);
    if let Some(seconds) = date.and_then(|date| date.trim().parse::<u64>().ok()) {
        println!("cargo::rustc-env=CONNTRACK_EXPORTER_BUILD_DATE={seconds}");
    }
}

/// Seconds since 1970; `None` where there is no git or no repository.
fn last_commit() -> Option<String> {
    let output = Command::new("git").args(["log", "-1", "--format=%ct"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
