use std::time::Duration;

use super::*;
use crate::config::Config;

fn parse(text: &str) -> AlertsConfig {
    Config::parse(text).unwrap().alerts
}

#[test]
fn what_is_not_set_keeps_its_default() {
    let config = parse("[alerts.spike]\nfactor = 2.5\nfor = \"30s\"\n[alerts.upload_high]\niot = [0.5, 2]");
    let default = AlertsConfig::default();
    assert_eq!((config.spike.factor.get(), config.spike.hold.duration()), (2.5, Duration::from_secs(30)));
    assert_eq!(config.spike.per_second, default.spike.per_second);
    let UploadHigh { iot, unknown, enabled, .. } = config.upload_high;
    assert_eq!((iot.warning.get(), iot.critical.get(), enabled), (0.5, 2.0, true));
    assert_eq!(unknown, default.upload_high.unknown);
    assert_eq!(config.leak, default.leak);
}

#[test]
fn what_is_muted_is_told_by_device_by_rule_or_by_both() {
    let config = parse(
        "[[alerts.mute]]\ndevice = \"Küche TV\"\n[[alerts.mute]]\nrule = \"leak\"\n\
         [[alerts.mute]]\ndevice = \"*\"\nrule = \"scan\"\n[[alerts.mute]]\ndevice = \"nas\"\nrule = \"churn\"",
    );
    let holds = |rule, device| config.mute.iter().any(|mute| mute.holds(rule, device));
    assert!(holds("spike", "Küche TV") && holds("spike", "küche tv") && holds("leak", "nas"));
    assert!(holds("scan", "pc") && holds("churn", "NAS"));
    assert!(!holds("spike", "nas") && !holds("churn", "pc") && !holds("*", "pc"));
}

#[test]
fn a_command_is_a_path_and_nothing_is_none() {
    assert_eq!(parse("").command.as_path(), None);
    let command = parse("alerts.command = \"/etc/alert\"").command;
    assert_eq!(command.as_path(), Some("/etc/alert".as_ref()));
}

#[test]
fn mistakes_are_told_with_their_place_and_what_would_be_right() {
    let cases: &[(&str, usize, usize, &str)] = &[
        ("alerts.command = \"notify.sh\"", 1, 18, "without arguments, such as \"/etc/"),
        ("[alerts.conections_high]\n", 1, 9, "did you mean [alerts.connections_high]?"),
        ("[alerts.spike]\nfaktor = 2", 2, 1, "did you mean factor?"),
        ("[alerts.spike]\ninterval = \"2s\"", 2, 1, "interval belongs above the first [section]"),
        ("[alerts.spike]\nfactor = 0", 2, 10, "0 is not a number above 0"),
        ("[alerts.spike]\nfactor = \"5\"", 2, 10, "is not a number above 0"),
        ("[alerts.spike]\nfactor = nan", 2, 10, "is not a number above 0"),
        ("[alerts.spike]\nfor = \"25h\"", 2, 7, "from \"0s\" to \"24h\""),
        ("[alerts.spike]\nfor = \"soon\"", 2, 7, "\"90s\""),
        ("[alerts.spike]\nenabled = off", 2, 11, "enabled = false would be right"),
        ("[alerts.leak]\ncertainty = 2,3", 2, 13, "certainty = 2.3 would be right"),
        ("[alerts.scan]\nhosts = 65", 2, 9, "from 1 to 64"),
        ("[alerts.upload_high]\niot = [5, 1]", 2, 7, "such as [5, 10]"),
        ("[alerts.upload_high]\niot = 5", 2, 7, "a list in brackets, such as [1, 5]"),
        ("[spike]\nfactor = 1", 1, 2, "[alerts.spike] would be right"),
        ("alerts.spike = [true]", 1, 16, "a table: [alerts.spike] on a line of its own"),
        ("alerts.spike = true", 1, 16, "a table: [alerts.spike] on a line of its own"),
        ("[[alerts.mute]]\nrule = \"chrun\"", 2, 8, "did you mean \"churn\"?"),
        ("[[alerts.mute]]\nrul = \"churn\"", 2, 1, "did you mean rule?"),
        ("[[alerts.mute]]\n", 1, 1, "device = "),
        ("alerts.mute = \"tv\"", 1, 15, "a list in brackets"),
    ];
    for (text, line, column, words) in cases {
        let error = Config::parse(text).expect_err(text);
        assert!(error.message.contains(words), "{text}: {}", error.message);
        assert_eq!((error.line, error.column), (*line, *column), "{text}: {}", error.message);
    }
}
