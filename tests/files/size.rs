//! Files larger than any that makes sense.

use crate::replay::Replay;

const MIB: usize = 1024 * 1024;

/// Comments, which are all right in any number but for their size.
fn comments(size: usize) -> String {
    "# nothing of interest\n".repeat(size / 22 + 1)
}

#[test]
fn a_configuration_of_two_mebibytes_is_refused_in_one_line() {
    let replay = Replay::new("large-configuration");
    replay.write("etc/conntrack-exporter.toml", &comments(2 * MIB));
    let (code, said) = replay.start(&["once"]).end("once");
    assert_eq!((code, said.lines().count()), (Some(78), 1), "{said}");
    assert!(said.contains("conntrack-exporter.toml: larger than 1 MiB"), "{said}");
}

#[test]
fn of_a_registry_the_first_mebibyte_is_read() {
    let replay = Replay::new("large-registry");
    let text = format!("02:00:00:00:00:11=first\n{}02:00:00:00:00:12=last\n", comments(MIB));
    replay.write("etc/conntrack-exporter.devices", &text);
    let (code, said) = replay.start(&["devices"]).end("devices");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("conntrack-exporter.devices is too large: only its beginning is read"), "{said}");
    assert!(said.contains("first") && !said.contains("last"), "{said}");
}
