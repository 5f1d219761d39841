//! Programs that set the table's counters back to zero when they read it (`IPCTNL_MSG_CT_GET_CTRZERO`).
//!
//! The kernel doesn't say who did, so they are known by their names in `/proc`. One that runs in another network
//! namespace is taken for one of here: where a process belongs isn't told to other users (`proc_ns_readlink()`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{self, FIGURE_AT_MOST};

const PROC: &str = "/proc";
/// Every process has it in sight, unless those of others are hidden: proc(5), `hidepid`.
const FIRST: u32 = 1;
/// How many entries of `/proc` are looked at: the 32768 processes that a kernel allows unless told otherwise (`pid_max`),
/// and what else there is.
const ENTRIES_AT_MOST: usize = 40_000;

/// A running process that sets counters back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroingProcess {
    /// Its number.
    pub pid: u32,
    /// The program, and the option by which it does.
    pub program: &'static str,
}

/// Looks for them among the processes. An error means that those of others can't be looked at.
pub fn running() -> io::Result<Vec<ZeroingProcess>> {
    files::read(&file_of(FIRST, "comm"), FIGURE_AT_MOST)?;
    let entries = fs::read_dir(PROC)?.take(ENTRIES_AT_MOST).flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter_map(look_at).collect())
}

/// One that has ended meanwhile is none.
fn look_at(pid: u32) -> Option<ZeroingProcess> {
    let name = files::read(&file_of(pid, "comm"), FIGURE_AT_MOST).ok()?;
    let arguments = || files::read(&file_of(pid, "cmdline"), FIGURE_AT_MOST).unwrap_or_default();
    program(&name, arguments).map(|program| ZeroingProcess { pid, program })
}

fn file_of(pid: u32, name: &str) -> PathBuf {
    Path::new(PROC).join(pid.to_string()).join(name)
}

/// Which program it is that sets counters back, if it is one: by its name as `comm` has it, and its arguments as
/// `cmdline` has them, each with a NUL behind it. Anybody may call a process by any name.
pub fn program(name: &[u8], arguments: impl FnOnce() -> Vec<u8>) -> Option<&'static str> {
    match name.strip_suffix(b"\n").unwrap_or(name) {
        b"nlbwmon" => Some("nlbwmon"),
        b"conntrack" => {
            let zeroes = |argument: &[u8]| argument == b"--zero" || argument.starts_with(b"-z");
            arguments().split(|byte| *byte == 0).skip(1).any(zeroes).then_some("conntrack -z")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn who_sets_counters_back() {
        for (name, arguments, expected) in [
            (&b"nlbwmon\n"[..], &b""[..], Some("nlbwmon")),
            (b"nlbwmon", b"", Some("nlbwmon")),
            (b"nlbw\n", b"nlbw\0-c\0show\0", None),
            (b"nlbwmon2\n", b"", None),
            (b"conntrack\n", b"conntrack\0-L\0-z\0", Some("conntrack -z")),
            (b"conntrack\n", b"conntrack\0-zL\0", Some("conntrack -z")),
            (b"conntrack\n", b"conntrack\0-L\0--zero\0", Some("conntrack -z")),
            (b"conntrack\n", b"conntrack\0-E\0", None),
            (b"conntrack\n", b"-z\0", None),
            (b"conntrack\n", b"", None),
            (b"conntrackd\n", b"conntrackd\0-z\0", None),
            (b"sh\n", b"sh\0-z\0", None),
            (b"\n", b"", None),
            (b"", b"", None),
        ] {
            let told = String::from_utf8_lossy(name);
            assert_eq!(program(name, || arguments.to_vec()), expected, "{told}");
        }
    }

    #[test]
    fn nobodys_arguments_are_read_but_those_that_matter() {
        for name in [&b"nlbwmon\n"[..], b"sh\n"] {
            let _ = program(name, || panic!("read"));
        }
    }

    #[test]
    fn a_process_that_is_none_or_gone() {
        assert_eq!(look_at(std::process::id()), None);
        assert_eq!(look_at(u32::MAX), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_needs_the_name(name: Vec<u8>, arguments: Vec<u8>) {
            let named = name.starts_with(b"nlbwmon") || name.starts_with(b"conntrack");
            prop_assert!(named || program(&name, || arguments).is_none());
        }

        #[test]
        fn any_argument_may_be_the_one(before in "[a-y]{0,6}", after in "[a-z]{0,6}") {
            let arguments = format!("conntrack\0{before}\0-z\0{after}\0");
            let found = program(b"conntrack\n", || arguments.into_bytes());
            prop_assert_eq!(found, Some("conntrack -z"));
        }
    }
}
