use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const HEADINGS: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
";

/// Prints an interface as the kernel's `dev_seq_printf_stats()` does.
fn print(text: &mut String, InterfaceCounters { name, received, sent }: &InterfaceCounters) {
    let DirectionCounters { bytes, packets, errors, dropped } = received;
    write!(text, "{name:>6}: {bytes:7} {packets:7} {errors:4} {dropped:4}    1     2          3         4 ")
        .unwrap();
    let DirectionCounters { bytes, packets, errors, dropped } = sent;
    writeln!(text, "{bytes:8} {packets:7} {errors:4} {dropped:4}    5     6       7          8").unwrap();
}

fn counters(name: &str, received: [u64; 4], sent: [u64; 4]) -> InterfaceCounters {
    let direction =
        |[bytes, packets, errors, dropped]: [u64; 4]| DirectionCounters { bytes, packets, errors, dropped };
    InterfaceCounters { name: name.into(), received: direction(received), sent: direction(sent) }
}

fn line(name: &str) -> InterfaceCounters {
    counters(name, [1000, 20, 3, 4], [5000, 60, 7, 8])
}

#[test]
fn every_interface_with_its_figures() {
    let text = HEADINGS.to_owned()
        + "    lo:  312161     549    0    0    0     0          0         0   312161     549    0    0    0     0       0          0
br-lan: 18446744073709551615 7 1 2 3 4 5 6 900 8 9 10 11 12 13 14
pppoe-wan:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
";
    let found = parse(text.as_bytes());
    let expected = [
        counters("lo", [312_161, 549, 0, 0], [312_161, 549, 0, 0]),
        counters("br-lan", [u64::MAX, 7, 1, 2], [900, 8, 9, 10]),
        counters("pppoe-wan", [0; 4], [0; 4]),
    ];
    assert_eq!((found.interfaces.as_slice(), found.skipped), (&expected[..], 0));
    assert_eq!(found.get("br-lan"), Some(&expected[1]));
    assert_eq!(found.get("eth0"), None);
}

#[test]
fn a_name_ends_at_the_last_colon() {
    let figures = "1000 20 3 4 0 0 0 0 5000 60 7 8 0 0 0 0";
    for (name, between) in [
        ("eth0", ": "),
        ("eth0", ":"),
        ("eth0:1", ": "),
        ("a:b:", ":"),
        ("br|lan", ": "),
        ("2001", ":"),
        ("eth0.2", ":    "),
        ("fifteen-letters", ":"),
    ] {
        let text = format!("{HEADINGS} {name}{between}{figures}\n");
        assert_eq!(parse(text.as_bytes()).interfaces, [line(name)], "{text}");
    }
}

#[test]
fn a_line_that_can_not_be_understood_costs_no_other() {
    for bad in [
        "eth0",
        "eth0:",
        "eth0: No statistics available.",
        "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
        "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 x",
        "eth0: -1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "eth0: 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "eth0: 1,000 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "sixteen-letters-: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
    ] {
        let mut text = HEADINGS.to_owned();
        print(&mut text, &line("lo"));
        writeln!(text, "{bad}").unwrap();
        print(&mut text, &line("br-lan"));
        let expected = NetDev { interfaces: vec![line("lo"), line("br-lan")], skipped: 1 };
        assert_eq!(parse(text.as_bytes()), expected, "{bad}");
    }
    let no_text =
        b"eth0: 1 2 3 4 \xff 6 7 8 9 10 11 12 13 14 15 16\nlo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
    assert_eq!(
        parse(no_text),
        NetDev { interfaces: vec![counters("lo", [1, 2, 3, 4], [9, 10, 11, 12])], skipped: 1 }
    );
}

#[test]
fn columns_that_a_vendor_adds_and_headings_that_are_missing_change_nothing() {
    let figures = "1000 20 3 4 0 0 0 0 5000 60 7 8 0 0 0 0";
    let vendors = format!("{HEADINGS}eth0: {figures} 77 fast\r\n");
    assert_eq!(parse(vendors.as_bytes()).interfaces, [line("eth0")]);
    assert_eq!(parse(format!("eth0: {figures}").as_bytes()).interfaces, [line("eth0")]);
    assert_eq!(parse(b""), NetDev::default());
    assert_eq!(parse(HEADINGS.as_bytes()), NetDev::default());
}

#[test]
fn interfaces_and_their_lines_are_bounded() {
    let mut text = HEADINGS.to_owned();
    for number in 0..=INTERFACES_AT_MOST {
        print(&mut text, &line(&format!("v{number}")));
    }
    let found = parse(text.as_bytes());
    assert_eq!((found.interfaces.len(), found.skipped), (INTERFACES_AT_MOST, 1));
    let long = format!("eth0: {}1000 20 3 4 0 0 0 0 5000 60 7 8 0 0 0 0", " ".repeat(LINE_AT_MOST));
    assert_eq!(parse(long.as_bytes()), NetDev { interfaces: vec![], skipped: 1 });
}

#[test]
fn this_machine_has_a_loopback_interface_and_a_missing_file_is_named() {
    let found = read(&Root::live()).unwrap();
    assert!(found.get("lo").is_some(), "{found:?}");
    assert_eq!(found.skipped, 0);
    let error = read(&Root::replay("/nowhere")).unwrap_err();
    assert_eq!(error.to_string(), "reading /nowhere/proc/net/dev: No such file or directory (os error 2)");
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(
        interfaces in prop::collection::vec(("[!-~&&[^:]]{1,15}", any::<[[u64; 4]; 2]>()), 0..20),
    ) {
        let interfaces: Vec<_> =
            interfaces.iter().map(|(name, [received, sent])| counters(name, *received, *sent)).collect();
        let mut text = HEADINGS.to_owned();
        for interface in &interfaces {
            print(&mut text, interface);
        }
        prop_assert_eq!(parse(text.as_bytes()), NetDev { interfaces, skipped: 0 });
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        parse(&bytes);
    }

    #[test]
    fn no_mutilation_makes_it_panic_or_costs_another_line(place: prop::sample::Index, byte: u8) {
        let mut text = HEADINGS.to_owned();
        print(&mut text, &line("lo"));
        print(&mut text, &line("eth0"));
        print(&mut text, &line("br-lan"));
        let mut bytes = text.into_bytes();
        let place = place.index(bytes.len());
        let joins_two_lines = std::mem::replace(&mut bytes[place], byte) == b'\n';
        let expected = ["lo", "eth0", "br-lan"].map(line);
        let untouched = parse(&bytes).interfaces.iter().filter(|found| expected.contains(found)).count();
        prop_assert!(untouched >= 2 || joins_two_lines, "{}", bytes.escape_ascii());
    }
}
