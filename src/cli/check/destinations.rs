//! Where connections go to: how much of it is told, and how networks are called.

use super::owners_file;
use super::report::Report;
use crate::config::DestinationsConfig;
use crate::destinations::config::Mode;
use crate::destinations::networks::Networks;
use crate::destinations::watched::{self, FILE_AT_MOST};
use crate::devices::absolute_path::AbsolutePath;
use crate::devices::watched_file::Look;
use crate::root::Root;
use crate::wording::counted;

const SUBJECT: &str = "destinations";

/// Tells what the mode says of people, and what is wrong with the list or the database.
pub(super) fn check(report: &mut Report, config: &DestinationsConfig, root: &Root) {
    report.ok(SUBJECT, told(config));
    let has_list = list(report, config, root);
    let has_database = config.wanted_database().map(|path| database(report, path, root));
    if config.mode == Mode::Network && !has_list && has_database != Some(true) {
        report.warning(SUBJECT, "no network has a name, so every destination is sent as \"*\"");
    }
}

/// What can be read from what is sent, in plain words.
fn told(config: &DestinationsConfig) -> String {
    let tells = match config.mode {
        Mode::Off => return "nothing is told of where connections go to".to_owned(),
        Mode::Service => "what sort of service each device uses, and not with whom",
        Mode::Network => {
            "with whose networks each device talks, and when: that tells which services people use"
        }
        Mode::Prefix => {
            "with which neighbourhoods of addresses each device talks, and when: that tells much of what people do"
        }
        Mode::Address => {
            "with which hosts each device talks, and when: whoever may read the database sees what people do"
        }
    };
    match config.exclude.len() {
        0 => format!("{tells}; no device is excluded"),
        names => format!("{tells}; {}", counted(names, "device is excluded", "devices are excluded")),
    }
}

/// Tells of the owner's list; whether it gives a name to any network.
fn list(report: &mut Report, config: &DestinationsConfig, root: &Root) -> bool {
    let mut file = watched::file(root, config);
    let without = "no network has a name of yours";
    let Some(text) = owners_file::text(report, SUBJECT, &mut file, FILE_AT_MOST, without) else {
        return false;
    };
    let (path, lines) = (file.path(), Networks::with_owners(&text).1);
    let heard = counted(lines.heard, "network has a name of yours", "networks have names of yours");
    report.ok(SUBJECT, format!("{}: {heard}", path.display()));
    owners_file::problems(report, SUBJECT, &path, &lines.problems, lines.bad);
    lines.heard > 0
}

/// Tells of the database; whether it can be used.
fn database(report: &mut Report, path: &AbsolutePath, root: &Root) -> bool {
    let mut file = watched::database_file(root, path);
    let found = watched::read_database(&mut file);
    let shown = file.path();
    let shown = shown.display();
    match found {
        Ok(Look::Taken(database)) => {
            let kib = root.metadata(path.as_path()).map_or(0, |metadata| metadata.len().div_ceil(1024));
            report.ok(SUBJECT, format!("{shown}: {database}, {kib} KiB in memory"));
            return true;
        }
        Ok(Look::Unsettled) => report.warning(SUBJECT, format!("{shown} changes while it is read")),
        Ok(Look::Unchanged | Look::Gone | Look::Cut(_)) => {
            report.warning(SUBJECT, format!("{shown} does not exist: it gives no names"));
        }
        Err(why) => report.warning(SUBJECT, format!("{shown} can't be used: {why}")),
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::test_directory::TestDirectory;
    use std::fs;

    fn said(place: &TestDirectory, section: &str) -> String {
        let config = Config::parse(&format!("[destinations]\nnetworks = \"/n\"\n{section}")).unwrap();
        let mut report = Report::default();
        check(&mut report, &config.destinations, &Root::replay(&**place));
        report.to_string().replace(place.to_str().unwrap(), "")
    }

    #[test]
    fn every_mode_says_what_it_tells_of_people() {
        let place = TestDirectory::new("check-destinations");
        for (mode, words) in [
            ("off", "nothing is told"),
            ("service", "not with whom; no device is excluded"),
            ("network", "which services people use"),
            ("prefix", "neighbourhoods of addresses"),
            ("address", "sees what people do"),
        ] {
            let said = said(&place, &format!("mode = \"{mode}\""));
            assert!(said.starts_with("ok       destinations   ") && said.contains(words), "{said}");
        }
        let said = said(&place, "mode = \"service\"\nexclude = [\"a\", \"b\"]");
        assert!(said.contains("; 2 devices are excluded\n"), "{said}");
    }

    #[test]
    fn the_owners_lines_are_counted_and_the_bad_ones_named() {
        let place = TestDirectory::new("check-networks");
        let empty = said(&place, "mode = \"network\"");
        assert!(empty.contains("/n does not exist: no network has a name of yours\n"), "{empty}");
        assert!(
            empty.contains("warning  destinations   no network has a name, so every destination"),
            "{empty}"
        );
        fs::write(place.join("n"), "198.51.100.0/24 Example\nnonsense\n").unwrap();
        let said = said(&place, "mode = \"network\"");
        assert!(said.contains("/n: 1 network has a name of yours\n"), "{said}");
        assert!(said.contains("/n: line 2: not a prefix, expected a line such as"), "{said}");
        assert!(!said.contains("every destination"), "{said}");
    }

    #[cfg(feature = "database")]
    #[test]
    fn a_database_is_told_with_its_date_and_size_or_what_is_wrong_with_it() {
        use crate::destinations::encoder::{database, system};

        let place = TestDirectory::new("check-database");
        let section = "mode = \"network\"\ndatabase = \"/d.mmdb\"";
        assert!(said(&place, section).contains("warning  destinations   /d.mmdb does not exist"));
        let bytes = database("Test-ASN", 1_796_040_000, &[("198.51.100.0/24", system("Example"))]);
        fs::write(place.join("d.mmdb"), &bytes).unwrap();
        let whole = said(&place, section);
        assert!(
            whole.contains("ok       destinations   /d.mmdb: Test-ASN of 2026-11-30, 1 KiB in memory\n"),
            "{whole}"
        );
        assert!(!whole.contains("every destination"), "{whole}");
        fs::write(place.join("d.mmdb"), &bytes[..100]).unwrap();
        let cut = said(&place, section);
        assert!(cut.contains("/d.mmdb can't be used: not a whole .mmdb file"), "{cut}");
    }
}
