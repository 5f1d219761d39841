//! What people do today: conntrack-tools' listing, thrown away or counted by awk, and a shell loop.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// Entries by source and state, as a line of awk does it.
const BY_SOURCE_AND_STATE: &str = r#"{
    state = $1 == "tcp" ? $4 : "-"
    for (i = 4; i <= NF; i++) if ($i ~ /^src=/) { count[$i " " $1 " " state]++; break }
}
END { for (row in count) print row, count[row] }"#;

/// `conntrack -L >/dev/null`
pub(crate) fn list() {
    run(Command::new("conntrack").arg("-L"));
}

/// `conntrack -L | mawk ... >/dev/null`
pub(crate) fn list_and_count() {
    run(Command::new("sh").args(["-c", "conntrack -L | mawk \"$1\"", "sh", BY_SOURCE_AND_STATE]));
}

/// The loop in `grep-per-row`.
pub(crate) fn grep_per_row(leases: &Path) {
    run(Command::new("sh")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/scrape/grep-per-row"))
        .arg(leases));
}

/// Ends when all processes of the command have: a shell waits for those that it starts.
fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(ExitStatus::success), "{command:?}: {status:?}");
}
