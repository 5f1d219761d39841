//! What was found, one line for each finding.

use std::fmt;

use crate::cli::error::Exit;

/// What it all comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Snapshots can be taken.
    #[default]
    Usable,
    /// The table can't be read.
    TableUnreadable,
    /// The configuration can't be used.
    ConfigUnusable,
}

impl Verdict {
    /// The exit code that tells of it.
    pub(super) const fn exit(self) -> Exit {
        match self {
            Self::Usable => Exit::Success,
            Self::TableUnreadable => Exit::Failure,
            Self::ConfigUnusable => Exit::Config,
        }
    }
}

/// Everything that was found, in order.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
    verdict: Verdict,
}

#[derive(Debug)]
struct Finding {
    grade: &'static str,
    subject: &'static str,
    text: String,
}

impl Report {
    /// What it all comes to.
    pub(super) const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// All is well.
    pub(super) fn ok(&mut self, subject: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { grade: "ok", subject, text: text.into() });
    }

    /// Something is missing, and the text says what that costs.
    pub(super) fn warning(&mut self, subject: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { grade: "warning", subject, text: text.into() });
    }

    /// It comes to `verdict`.
    pub(super) fn error(&mut self, verdict: Verdict, subject: &'static str, text: impl Into<String>) {
        self.verdict = verdict;
        self.findings.push(Finding { grade: "error", subject, text: text.into() });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { grade, subject, text } in &self.findings {
            writeln!(f, "{grade:<8} {subject:<14} {text}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_aligned_and_the_verdict_gives_the_exit_code() {
        let mut report = Report::default();
        assert_eq!(report.verdict().exit(), Exit::Success);
        report.ok("table", "readable");
        report.warning("configuration", "old");
        assert_eq!(report.verdict().exit(), Exit::Success);
        report.error(Verdict::TableUnreadable, "table", "gone");
        assert_eq!(report.verdict().exit(), Exit::Failure);
        report.error(Verdict::ConfigUnusable, "privileges", "no such user");
        assert_eq!(report.verdict().exit(), Exit::Config);
        let lines = "ok       table          readable\nwarning  configuration  old\nerror    table          gone\n\
                     error    privileges     no such user\n";
        assert_eq!(report.to_string(), lines);
    }
}
