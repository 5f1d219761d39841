//! Labels of services: what the owner's file says.

use std::io;
use std::path::Path;

use super::report::Report;
use crate::config::TrafficConfig;
use crate::devices::watched_file::Look;
use crate::root::Root;
use crate::services::ServiceTable;
use crate::services::watched::{self, FILE_AT_MOST};
use crate::wording::counted;

/// How many lines that can't be understood are named.
const NAMED_AT_MOST: usize = 10;

/// Tells of the owner's labels, and of lines that can't be understood.
pub(super) fn check(report: &mut Report, config: &TrafficConfig, root: &Root) {
    let mut file = watched::file(root, config);
    let look = file.look();
    let path = file.path();
    let Some(text) = text(report, &path, look) else { return };
    let path = path.display();
    let lines = ServiceTable::with_owners(&text).1;
    let heard = counted(lines.heard, "line of yours goes", "lines of yours go");
    report.ok("services", format!("{path}: {heard} before the built-in labels"));
    for problem in lines.problems.iter().take(NAMED_AT_MOST) {
        report.warning("services", format!("{path}: {problem}"));
    }
    if lines.bad > NAMED_AT_MOST {
        let bad = lines.bad;
        let all = format!("{path}: {bad} lines in all are passed over, of which these are the first");
        report.warning("services", all);
    }
}

/// What is read of the owner's file; where that isn't all of it, tells why.
fn text(report: &mut Report, path: &Path, look: io::Result<Look<Vec<u8>>>) -> Option<Vec<u8>> {
    let path = path.display();
    let why = match look {
        Ok(Look::Taken(text)) => return Some(text),
        Ok(Look::Cut(text)) => {
            let kib = FILE_AT_MOST >> 10;
            report.warning("services", format!("{path} is too large: only its first {kib} KiB are read"));
            return Some(text);
        }
        Ok(Look::Unchanged | Look::Gone) => {
            report.ok("services", format!("{path} does not exist: the built-in labels hold"));
            return None;
        }
        Ok(Look::Unsettled) => "it changes while it is read".to_owned(),
        Err(error) => error.to_string(),
    };
    report.warning("services", format!("{path} can't be read: {why}; the built-in labels hold"));
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_directory::TestDirectory;
    use std::fs;

    fn said(text: &str) -> String {
        let place = TestDirectory::new("check-services");
        fs::write(place.join("services"), text).unwrap();
        said_of(&Root::replay(&*place)).replace(place.to_str().unwrap(), "")
    }

    fn said_of(root: &Root) -> String {
        let mut report = Report::default();
        check(
            &mut report,
            &TrafficConfig {
                services: "/services".to_owned().try_into().unwrap(),
                ..TrafficConfig::default()
            },
            root,
        );
        report.to_string()
    }

    #[test]
    fn the_owners_lines_are_counted_and_the_bad_ones_named() {
        assert_eq!(
            said("443 Web\n# nothing\nwww 80\n"),
            "ok       services       /services: 1 line of yours goes before the built-in labels\n\
             warning  services       /services: line 3: not a port, expected a line such as `443/tcp HTTPS`, `53 DNS` \
             or `6881-6889/tcp BitTorrent`\n"
        );
        let many = said(&format!("443 Web\n80 Web\n{}", "80\n".repeat(20)));
        assert!(many.contains("2 lines of yours go before") && many.lines().count() == 12, "{many}");
        assert!(many.contains("line 12: a label is missing") && !many.contains("line 13"), "{many}");
        assert!(many.ends_with("20 lines in all are passed over, of which these are the first\n"), "{many}");
        let large = said(&"# nothing of interest\n".repeat(5000));
        assert!(
            large.contains("only its first 64 KiB are read") && large.contains(" 0 lines of yours go"),
            "{large}"
        );
    }

    #[test]
    fn without_a_file_the_built_in_labels_hold() {
        let place = TestDirectory::new("check-no-services");
        let root = Root::replay(&*place);
        assert!(said_of(&root).ends_with("/services does not exist: the built-in labels hold\n"));
        fs::create_dir(place.join("services")).unwrap();
        let unreadable = said_of(&root);
        assert!(
            unreadable.starts_with("warning") && unreadable.contains("not a regular file"),
            "{unreadable}"
        );
    }
}
