//! Alerts: which rules can't be judged and why, and whether the owner's program can be run.

use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, access};

use super::report::Report;
use crate::alerts::rules::{ENTRIES, Source};
use crate::config::Config;
use crate::conntrack::Table;
use crate::measurements::schemas_on;
use crate::measurements::{connection_alert, connection_trend};
use crate::root::Root;
use crate::state::keeper::Place;

/// The heading of every line.
const ALERTS: &str = "alerts";

/// The rarest looks at the table by which everything can be judged.
const FREQUENT: Duration = Duration::from_secs(10);

/// What this router is like.
#[derive(Clone, Copy, Debug, Default)]
struct Here {
    /// Whether the kernel counts bytes, if it tells.
    accounting: Option<bool>,
    /// Whether it is known which connections are idle.
    tells_idle: bool,
    /// Whether there is a place for what is learned.
    is_kept: bool,
}

/// Tells which rules are judged.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    if !config.measurements.is_on(connection_alert::SCHEMA.name) {
        return report.ok(ALERTS, "measurements.connection_alert is off: no rule is judged");
    }
    let table = Table::new(root, config.source);
    let here = Here {
        accounting: table.accounting(),
        tells_idle: table.established_timeout().is_some_and(|seconds| seconds > connection_trend::IDLE_AFTER),
        is_kept: Place::find(&config.state.directory, root).is_some(),
    };
    rules(report, config, here);
    // The program of a router that is replayed is not this machine's.
    if let Some(program) = config.alerts.command.as_path().filter(|_| root.is_live()) {
        command(report, program);
    }
}

fn rules(report: &mut Report, config: &Config, here: Here) {
    let enabled: Vec<_> = ENTRIES.iter().filter(|entry| entry.is_enabled(&config.alerts)).collect();
    let mut missing: Vec<(String, Vec<&str>)> = Vec::new();
    for entry in &enabled {
        let why = entry.sources.iter().find_map(|source| lacks(*source, config, here));
        let Some(why) = why else { continue };
        match missing.iter_mut().find(|(other, _)| *other == why) {
            Some((_, names)) => names.push(entry.name),
            None => missing.push((why, vec![entry.name])),
        }
    }
    let off: usize = missing.iter().map(|(_, names)| names.len()).sum();
    let judged = enabled.len() - off;
    report.ok(ALERTS, format!("{judged} of {} rules are judged", ENTRIES.len()));
    for (why, names) in missing {
        let verb = if names.len() == 1 { "is" } else { "are" };
        report.warning(ALERTS, format!("{} {verb} not judged: {why}", names.join(", ")));
    }
}

/// Why there is nothing to judge by, if so.
fn lacks(source: Source, config: &Config, here: Here) -> Option<String> {
    match source {
        Source::Measurement(name) => {
            let is_on = schemas_on(config).any(|schema| schema.name == name);
            (!is_on).then(|| format!("{name} is switched off"))
        }
        Source::Accounting => {
            let counts = here.accounting == Some(true);
            (!counts).then(|| "the kernel doesn't count bytes, or doesn't tell".to_owned())
        }
        Source::FrequentPasses => {
            let interval = config.traffic.interval;
            let is_rare = interval.duration() > FREQUENT;
            is_rare.then(|| format!("traffic.interval is {interval}: that takes 10s or less"))
        }
        Source::IdleConnections => {
            let unknown = "nf_conntrack_tcp_timeout_established can't be read, or is ten minutes or less";
            (!here.tells_idle).then(|| unknown.to_owned())
        }
        Source::State => {
            (!here.is_kept).then(|| "there is no directory in which what is learned is kept".to_owned())
        }
    }
}

/// Whether whoever the daemon is can run it.
fn command(report: &mut Report, program: &Path) {
    let path = program.display();
    let problem = match program.metadata() {
        Err(error) => error.to_string(),
        Ok(metadata) if !metadata.is_file() => "it is no file".to_owned(),
        Ok(_) => match access(program, Access::EXEC_OK) {
            Err(error) => format!("it can't be run: {error}; chmod +x makes it executable"),
            Ok(()) => {
                return report.ok(ALERTS, format!("{path} is run when an alert begins, changes or ends"));
            }
        },
    };
    report.warning(ALERTS, format!("alerts.command: {path}: {problem}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::report::Verdict;

    fn told(tell: impl FnOnce(&mut Report)) -> String {
        let mut report = Report::default();
        tell(&mut report);
        assert_eq!(report.verdict(), Verdict::default(), "nothing of it keeps a snapshot from being taken");
        report.to_string()
    }

    #[test]
    fn rules_that_cannot_be_judged_are_named_with_what_is_missing() {
        let with = |text: &str, accounting| {
            let config = Config::parse(text).unwrap();
            told(|report| rules(report, &config, Here { accounting, ..Here::default() }))
        };
        let text = with("system.tcp_health = false", Some(false));
        assert!(
            text.contains("retransmissions, listen_drops are not judged: tcp_health is switched off\n"),
            "{text}"
        );
        assert!(
            text.contains("upload_high, buffering are not judged: the kernel doesn't count bytes"),
            "{text}"
        );
        assert!(text.contains("new_device is not judged: there is no directory"), "{text}");
        let text = with("alerts.upload_high.enabled = false", None);
        assert!(!text.contains("upload_high"), "what nobody wants isn't missed: {text}");
        assert!(!text.contains("retransmissions"), "{text}");
    }

    #[test]
    fn what_has_to_be_looked_at_often_is_told_by_the_interval() {
        let config = |text: &str| Config::parse(text).unwrap();
        let rare = config("traffic.interval = \"30s\"");
        let counts = Here { accounting: Some(true), tells_idle: true, is_kept: true };
        assert_eq!(
            lacks(Source::FrequentPasses, &rare, Here::default()).as_deref(),
            Some("traffic.interval is 30s: that takes 10s or less")
        );
        assert_eq!(lacks(Source::FrequentPasses, &config(""), Here::default()), None);
        assert_eq!(lacks(Source::Accounting, &config(""), counts), None);
        assert_eq!(lacks(Source::State, &config(""), counts), None);
        assert_eq!(lacks(Source::IdleConnections, &config(""), counts), None);
        let unknown = lacks(Source::IdleConnections, &config(""), Here::default()).unwrap();
        assert!(unknown.starts_with("nf_conntrack_tcp_timeout_established can't be read"), "{unknown}");
        assert_eq!(lacks(Source::Measurement("conntrack"), &config(""), counts), None);
    }

    #[test]
    fn a_program_that_cannot_be_run_is_told() {
        assert!(told(|report| command(report, Path::new("/bin/sh"))).starts_with("ok "));
        for (path, words) in [
            ("/nonexistent", "No such file"),
            ("/etc", "it is no file"),
            ("/etc/passwd", "chmod +x makes it executable"),
        ] {
            let text = told(|report| command(report, Path::new(path)));
            assert!(text.starts_with("warning ") && text.contains(words), "{text}");
        }
    }

    #[test]
    fn switched_off_it_is_one_line() {
        let config = Config::parse("measurements.connection_alert = false").unwrap();
        let text = told(|report| check(report, &config, &Root::replay("/nonexistent")));
        assert_eq!(text, "ok       alerts         measurements.connection_alert is off: no rule is judged\n");
    }
}
