use super::*;
use proptest::prelude::*;

type Given<'a> = (&'a str, Vec<&'a [u8]>);

/// The options of the only section of `text`, which has no faults.
fn options(text: &str) -> Vec<(String, Value)> {
    let config = parse(format!("config host\n{text}").as_bytes());
    assert_eq!(config.errors, [], "{text}");
    assert_eq!(config.sections.len(), 1, "{text}");
    let options = config.sections[0].options.iter();
    options.map(|(key, value)| (String::from_utf8(key.clone()).unwrap(), value.clone())).collect()
}

fn one(key: &str, value: impl AsRef<[u8]>) -> (String, Value) {
    (key.into(), Value::Option(value.as_ref().to_vec()))
}

fn list(key: &str, items: &[&str]) -> (String, Value) {
    (key.into(), Value::List(items.iter().map(|item| item.as_bytes().to_vec()).collect()))
}

fn errors(text: &[u8]) -> Vec<(usize, LineErrorKind)> {
    parse(text).errors.iter().map(|bad| (bad.line, bad.kind)).collect()
}

#[test]
fn what_openwrt_writes() {
    let text = b"package dhcp\n\n\
        config dnsmasq\n\toption domainneeded '1'\n\toption local '/lan/'\n\n\
        config dhcp 'lan'\n\toption interface 'lan'\n\tlist ra_flags 'managed-config'\n\tlist ra_flags 'other-config'\n\n\
        config host\n\toption name 'Anna'\\''s'\n";
    let config = parse(text);
    assert_eq!(config.errors, []);
    let show = |section: &Section| {
        let name = section.name.as_ref().map(|name| String::from_utf8_lossy(name).into_owned());
        (section.line, String::from_utf8_lossy(&section.kind).into_owned(), name)
    };
    let shown: Vec<_> = config.sections.iter().map(show).collect();
    let expected =
        [(3, "dnsmasq".into(), None), (7, "dhcp".into(), Some("lan".to_owned())), (12, "host".into(), None)];
    assert_eq!(shown, expected);
    let all = |index: usize, key| config.sections[index].values(key).collect::<Vec<_>>();
    assert_eq!(all(0, "local"), [b"/lan/"]);
    assert_eq!(all(1, "ra_flags"), [&b"managed-config"[..], b"other-config"]);
    assert_eq!(all(2, "name"), [b"Anna's"]);
    assert_eq!(all(2, "mac"), [b""; 0]);
}

#[test]
fn words_are_read_as_libuci_reads_them() {
    for (given, expected) in [
        ("option a b", "b"),
        ("o a b", "b"),
        (" \t option\ta\t\"b\"  # c", "b"),
        ("option a 'b c'\r", "b c"),
        ("option a 'b'\"c\"d", "bcd"),
        ("option a b'c d'\"e f\"", "bc de f"),
        (r"option a 'b\n'", r"b\n"),
        (r#"option a "b\"c\\d\n""#, r#"b"c\dn"#),
        (r"option a b\ c\'d\#e", "b c'd#e"),
        ("option a 'b#c;d'", "b#c;d"),
        ("option a b#c", "b"),
        ("option a 'b'#c", "b"),
        ("option a 'two\nlines'", "two\nlines"),
        ("option a \"two\\\nlines\"", "twolines"),
        ("option a two\\\r\nlines", "twolines"),
        ("option a 'two\r\nlines'", "two\r\nlines"),
        ("option a b too many 'words here'", "b"),
        ("option a b;", "b"),
        ("option 'a' b", "b"),
    ] {
        assert_eq!(options(given), [one("a", expected)], "{given}");
    }
}

#[test]
fn lists_and_repetitions() {
    let a = |value| vec![one("a", value)];
    let cases: [(&str, Vec<(String, Value)>); 12] = [
        ("list a b", vec![list("a", &["b"])]),
        ("l a b\nlist a c\nlist d e", vec![list("a", &["b", "c"]), list("d", &["e"])]),
        ("list a ''\nlist a", vec![list("a", &["", ""])]),
        ("option a b\nlist a c", vec![list("a", &["b", "c"])]),
        ("list a b\nlist a c\noption a d", a("d")),
        ("option a b\noption a c", a("c")),
        ("option a b\noption c d\noption a ''", vec![one("c", "d")]),
        ("list a b\noption a", vec![]),
        ("option a ''", vec![]),
        ("option a b; option c 'd';list e f ; # g", vec![one("a", "b"), one("c", "d"), list("e", &["f"])]),
        (";;option a b", a("b")),
        ("#option a c\noption a b\\", a("b")),
    ];
    for (given, expected) in cases {
        assert_eq!(options(given), expected, "{given}");
    }
}

#[test]
fn values_and_words() {
    let config = parse(b"config host\noption mac ' a  b\tc\n'\nlist duid 'd e'\nlist duid f");
    let section = &config.sections[0];
    let expected: [Given<'_>; 3] =
        [("mac", vec![b" a  b\tc\n"]), ("duid", vec![b"d e", b"f"]), ("none", vec![])];
    for (key, values) in expected {
        assert_eq!(section.values(key).collect::<Vec<_>>(), values);
    }
    assert_eq!(section.words("mac").collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    assert_eq!(section.words("duid").collect::<Vec<_>>(), [b"d", b"e", b"f"]);
}

#[test]
fn a_section_named_twice_is_one() {
    let config = parse(b"config a 'x'\noption k 1\nconfig b y\noption k 2\nconfig c 'x'\nlist k 3\n");
    assert_eq!(config.sections.len(), 2);
    assert_eq!(config.sections[0].kind, b"c");
    assert_eq!(config.sections[0].values("k").collect::<Vec<_>>(), [b"1", b"3"]);
}

#[test]
fn a_broken_line_costs_only_itself() {
    for (given, kind) in [
        ("nonsense", LineErrorKind::UnknownCommand),
        ("config", LineErrorKind::MissingWord),
        ("'option' a b", LineErrorKind::UnknownCommand),
        ("option", LineErrorKind::MissingWord),
        ("option ; list a b", LineErrorKind::MissingWord),
        ("option a-b c", LineErrorKind::NameCharacters),
        ("list \u{fc} c", LineErrorKind::NameCharacters),
        ("config host na-me", LineErrorKind::NameCharacters),
        ("config h\u{fc}st", LineErrorKind::NameCharacters),
        ("package", LineErrorKind::MissingWord),
        ("package dhcp-2/3", LineErrorKind::NameCharacters),
        ("option a 'b", LineErrorKind::UnclosedQuote),
        ("option a b \"c; option d e", LineErrorKind::UnclosedQuote),
        ("option 'a", LineErrorKind::UnclosedQuote),
        ("\0", LineErrorKind::UnknownCommand),
        ("\u{feff}config host", LineErrorKind::UnknownCommand),
    ] {
        let text = format!("config host\noption before 1\n{given}\nconfig host\noption after 2\n");
        let config = parse(text.as_bytes());
        assert_eq!(config.errors, [LineError { line: 3, kind }], "{given}");
        assert_eq!(config.sections.len(), 2, "{given}");
        assert_eq!(config.sections[0].options.len(), 1, "{given}");
        assert_eq!(config.sections[1].values("after").collect::<Vec<_>>(), [b"2"], "{given}");
    }
}

#[test]
fn options_of_a_broken_section_go_nowhere() {
    let found = errors(b"option a b\nconfig host\nconfig host na-me\n\toption a c\nconfig x\noption a d");
    assert_eq!(
        found,
        [
            (1, LineErrorKind::OutsideSection),
            (3, LineErrorKind::NameCharacters),
            (4, LineErrorKind::OutsideSection)
        ]
    );
}

#[test]
fn everything_is_bounded() {
    let long = |length: usize| format!("config a\noption k '{}\nconfig b\n'\nconfig c", "x".repeat(length));
    assert_eq!(errors(long(LONGEST - 10).as_bytes()), []);
    let config = parse(long(LONGEST).as_bytes());
    assert_eq!(config.errors, [LineError { line: 2, kind: LineErrorKind::TooLong(LONGEST) }]);
    assert_eq!(config.sections.len(), 2, "nothing within a quote is a section");

    let config = parse("config a\n".repeat(SECTIONS_AT_MOST + 3).as_bytes());
    assert_eq!((config.sections.len(), config.errors.len()), (SECTIONS_AT_MOST, 3));
    let config = parse(format!("config a\n{}", "list b c\n".repeat(VALUES_AT_MOST + 3)).as_bytes());
    assert_eq!((config.sections[0].values("b").count(), config.errors.len()), (VALUES_AT_MOST, 3));
    assert_eq!(config.errors[0], LineError { line: VALUES_AT_MOST + 2, kind: TOO_MANY });
    assert_eq!(parse("x\n".repeat(1000).as_bytes()).errors.len(), ERRORS_AT_MOST);
}

#[test]
fn faults_are_said() {
    let bad = LineError { line: 3, kind: LineErrorKind::Value("mac") };
    assert_eq!(bad.to_string(), "line 3: this section's `mac` is not what it has to be");
    assert_eq!(LineErrorKind::TooLong(LONGEST).to_string(), "longer than 4096 bytes");
}

fn quoted(value: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b'\'').collect();
    [b"'", &parts.join(&b"'\\''"[..])[..], b"'"].concat()
}

proptest! {
    #[test]
    fn never_panics(text: Vec<u8>, likely in "(config |option |list |[a-c\"'\\\\;# \n\r]){0,60}") {
        for text in [text.as_slice(), likely.as_bytes()] {
            let config = parse(text);
            let lines = text.split(|byte| *byte == b'\n').count();
            prop_assert!(config.errors.iter().all(|bad| (1..=lines).contains(&bad.line)));
        }
    }

    #[test]
    fn what_is_written_is_read_again(
        kind in "[!-~&&[^'\"\\\\#;]]{1,10}",
        name in prop::option::of("[a-zA-Z0-9_]{1,10}"),
        value in prop::collection::vec(any::<u8>(), 1..40),
        items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..4),
    ) {
        let mut text = format!("\nconfig {kind}").into_bytes();
        text.extend(name.iter().flat_map(|name| format!(" '{name}'").into_bytes()));
        text.extend([b"\n\toption key ", &quoted(&value)[..]].concat());
        text.extend(items.iter().flat_map(|item| [b"\n\tlist keys ", &quoted(item)[..]].concat()));
        text.push(b'\n');
        let options = vec![(b"key".to_vec(), Value::Option(value)), (b"keys".to_vec(), Value::List(items))];
        let name = name.map(String::into_bytes);
        let expected = Section { line: 2, kind: kind.into_bytes(), name, options };
        prop_assert_eq!(parse(&text), Config { sections: vec![expected], errors: vec![] });
    }
}
