//! Labels of services: what the owner's file says.

use super::owners_file;
use super::report::Report;
use crate::config::TrafficConfig;
use crate::root::Root;
use crate::services::ServiceTable;
use crate::services::watched::{self, FILE_AT_MOST};
use crate::wording::counted;

const SUBJECT: &str = "services";

/// Tells of the owner's labels, and of lines that can't be understood.
pub(super) fn check(report: &mut Report, config: &TrafficConfig, root: &Root) {
    let mut file = watched::file(root, config);
    let without = "the built-in labels hold";
    let Some(text) = owners_file::text(report, SUBJECT, &mut file, FILE_AT_MOST, without) else { return };
    let (path, lines) = (file.path(), ServiceTable::with_owners(&text).1);
    let heard = counted(lines.heard, "line of yours goes", "lines of yours go");
    report.ok(SUBJECT, format!("{}: {heard} before the built-in labels", path.display()));
    owners_file::problems(report, SUBJECT, &path, &lines.problems, lines.bad);
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
