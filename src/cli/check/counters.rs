//! Whether the kernel's counters of bytes tell all that was carried, and what to do where they don't.

use std::io;

use super::report::Report;
use crate::byte_counters::flowtables::{self, Flowtable};
use crate::byte_counters::modules::{self, Offload};
use crate::byte_counters::zeroing::{self, ZeroingProcess};
use crate::config::Config;
use crate::conntrack::Table;
use crate::root::Root;

/// How many flowtables or processes are named.
const NAMED_AT_MOST: usize = 10;

/// The heading of every line.
const COUNTERS: &str = "counters";

/// Looks for all that is known to make them lie. Of a replayed router the files tell only whether it counts.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    accounting(report, Table::new(root, config.source).accounting());
    if root.is_live() {
        flowtables(report, flowtables::read());
        offload(report, modules::read());
        processes(report, zeroing::running());
    }
}

fn accounting(report: &mut Report, accounting: Option<bool>) {
    match accounting {
        Some(true) => report.ok(COUNTERS, "accounting is on: the kernel counts packets and bytes of each connection"),
        Some(false) => report.warning(
            COUNTERS,
            "accounting is off: connections are counted, their packets and bytes are not; \
             sysctl -w net.netfilter.nf_conntrack_acct=1 switches it on until the next boot, a line \
             net.netfilter.nf_conntrack_acct=1 in /etc/sysctl.conf for good (connections that are there already stay \
             uncounted)",
        ),
        None => report.warning(
            COUNTERS,
            "whether packets and bytes are counted isn't known: there is no nf_conntrack_acct; this kernel can't count \
             them, or its module nf_conntrack isn't loaded",
        ),
    }
}

/// Those that no rule uses forward nothing.
fn flowtables(report: &mut Report, found: io::Result<Vec<Flowtable>>) {
    let found = match found {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return report.warning(
                COUNTERS,
                "can't tell whether flowtables count what they forward: that takes CAP_NET_ADMIN; as root, \
                 nft list flowtables shows them, and each should have a line with counter",
            );
        }
        Err(error) => {
            return report.warning(
                COUNTERS,
                format!("can't tell whether flowtables count what they forward: the kernel's list can't be read: {error}"),
            );
        }
    };
    let mut used = found.iter().filter(|flowtable| flowtable.is_used).peekable();
    if used.peek().is_none() {
        return report.ok(COUNTERS, "no flowtable is in use");
    }
    for flowtable in used.take(NAMED_AT_MOST) {
        one_flowtable(report, flowtable);
    }
}

fn one_flowtable(report: &mut Report, flowtable: &Flowtable) {
    let Flowtable { name, counts, uses_hardware, .. } = flowtable;
    if *counts {
        let bursts =
            if *uses_hardware { "; of what hardware forwards, bytes may come in bursts" } else { "" };
        return report.ok(COUNTERS, format!("flowtable {name} counts what it forwards{bursts}"));
    }
    report.warning(
        COUNTERS,
        format!(
            "flowtable {name} does not count what it forwards: bytes of offloaded connections are missing; its \
             definition should say counter (OpenWrt's does from 23.05 on), or switch flow offloading off"
        ),
    );
}

fn offload(report: &mut Report, found: io::Result<Offload>) {
    let Offload { firewall3, hnat } = match found {
        Ok(found) => found,
        Err(error) => {
            let text = format!(
                "can't tell whether a module of the kernel's forwards uncounted: /proc/modules: {error}"
            );
            return report.warning(COUNTERS, text);
        }
    };
    if firewall3 {
        report.warning(
            COUNTERS,
            "rules with FLOWOFFLOAD are in use (module xt_FLOWOFFLOAD): bytes of offloaded connections are missing; \
             switch flow offloading off, if you want them",
        );
    }
    if hnat {
        report.warning(
            COUNTERS,
            "MediaTek's HNAT is there: connections that it forwards in hardware show no bytes unless it writes them back, \
             and whether it does can't be seen; echo 7 1 > /sys/kernel/debug/hnat/hnat_setting switches that on until \
             the next boot (this program never does)",
        );
    }
}

fn processes(report: &mut Report, found: io::Result<Vec<ZeroingProcess>>) {
    match found {
        Ok(found) if found.is_empty() => {
            report.ok(COUNTERS, "no program runs that is known to set counters back (nlbwmon, conntrack -z)");
        }
        Ok(found) => {
            for ZeroingProcess { pid, program } in found.into_iter().take(NAMED_AT_MOST) {
                let text = format!(
                    "{program} runs (process {pid}), which sets the counters back each time it reads them: bytes of \
                     such a pass are left out and counter_resets grows; stop it, or take its figures"
                );
                report.warning(COUNTERS, text);
            }
        }
        Err(error) => {
            let text = format!(
                "can't tell whether a program sets counters back (nlbwmon, conntrack -z): those of others can't be looked \
                 at: {error}"
            );
            report.warning(COUNTERS, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::report::Verdict;
    use nix::libc;

    /// The lines that a finding makes.
    fn told(tell: impl FnOnce(&mut Report)) -> String {
        let mut report = Report::default();
        tell(&mut report);
        assert_eq!(report.verdict(), Verdict::default(), "nothing of it keeps a snapshot from being taken");
        report.to_string()
    }

    fn flowtable(counts: bool, uses_hardware: bool, is_used: bool) -> Flowtable {
        Flowtable { name: "inet fw4 ft".to_owned(), is_used, counts, uses_hardware }
    }

    fn refused<T>(errno: i32) -> io::Result<T> {
        Err(io::Error::from_raw_os_error(errno))
    }

    #[test]
    fn accounting_off_comes_with_what_switches_it_on() {
        assert!(
            told(|report| accounting(report, Some(true)))
                .starts_with("ok       counters       accounting is on: ")
        );
        let off = told(|report| accounting(report, Some(false)));
        assert!(off.starts_with("warning  counters       accounting is off: "), "{off}");
        assert!(
            off.contains("sysctl -w net.netfilter.nf_conntrack_acct=1 ") && off.contains("/etc/sysctl.conf"),
            "{off}"
        );
        let absent = told(|report| accounting(report, None));
        assert!(
            absent.starts_with("warning  counters       whether ") && absent.contains("no nf_conntrack_acct"),
            "{absent}"
        );
    }

    #[test]
    fn flowtables_that_are_used_are_told_by_whether_they_count() {
        for (found, expected) in [
            (vec![], "ok       counters       no flowtable is in use\n"),
            (vec![flowtable(false, false, false)], "ok       counters       no flowtable is in use\n"),
            (
                vec![flowtable(true, false, true)],
                "ok       counters       flowtable inet fw4 ft counts what it forwards\n",
            ),
        ] {
            assert_eq!(told(|report| flowtables(report, Ok(found))), expected);
        }
        let hardware = told(|report| flowtables(report, Ok(vec![flowtable(true, true, true)])));
        assert!(hardware.starts_with("ok ") && hardware.contains("in bursts"), "{hardware}");
        let mixed =
            [flowtable(true, false, true), flowtable(false, true, true), flowtable(false, false, false)];
        let mixed = told(|report| flowtables(report, Ok(mixed.to_vec())));
        assert_eq!((mixed.lines().count(), mixed.matches("warning").count()), (2, 1), "{mixed}");
        assert!(mixed.contains("flowtable inet fw4 ft does not count what it forwards"), "{mixed}");
    }

    #[test]
    fn not_too_many_flowtables_and_processes_are_named() {
        let many = told(|report| flowtables(report, Ok(vec![flowtable(false, false, true); 20])));
        assert_eq!(many.lines().count(), NAMED_AT_MOST, "{many}");
        let many =
            told(|report| processes(report, Ok(vec![ZeroingProcess { pid: 7, program: "nlbwmon" }; 20])));
        assert_eq!(many.lines().count(), NAMED_AT_MOST, "{many}");
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_guessed() {
        for (text, how) in [
            (told(|report| flowtables(report, refused(libc::EPERM))), "nft list flowtables"),
            (told(|report| flowtables(report, refused(libc::ENOBUFS))), "the kernel's list can't be read"),
            (told(|report| offload(report, refused(libc::EACCES))), "/proc/modules"),
            (told(|report| processes(report, refused(libc::ENOENT))), "those of others can't be looked at"),
        ] {
            assert!(text.starts_with("warning  counters       can't tell ") && text.contains(how), "{text}");
        }
    }

    #[test]
    fn offloading_that_is_not_there_is_not_mentioned() {
        assert_eq!(told(|report| offload(report, Ok(Offload::default()))), "");
        let both = told(|report| offload(report, Ok(Offload { firewall3: true, hnat: true })));
        assert_eq!(both.matches("warning  counters       ").count(), 2, "{both}");
        assert!(
            both.contains("xt_FLOWOFFLOAD")
                && both.contains("echo 7 1 > /sys/kernel/debug/hnat/hnat_setting"),
            "{both}"
        );
    }

    #[test]
    fn a_program_that_sets_counters_back_is_named_with_its_number() {
        let none = told(|report| processes(report, Ok(Vec::new())));
        assert!(none.starts_with("ok       counters       no program runs "), "{none}");
        let found =
            told(|report| processes(report, Ok(vec![ZeroingProcess { pid: 812, program: "nlbwmon" }])));
        assert!(found.starts_with("warning  counters       nlbwmon runs (process 812), "), "{found}");
        assert!(found.contains("counter_resets"), "{found}");
    }
}
