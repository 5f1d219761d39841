//! The likeliest mistakes of somebody who has never heard of TOML: where each is told, and in which words.

use super::*;

/// Each text with the line and column of its mistake, and the sentence or its end.
fn check(cases: &[(&str, usize, usize, &str)]) {
    for (text, line, column, words) in cases {
        let error = Config::parse(text).expect_err(text);
        assert_eq!((error.line, error.column), (*line, *column), "{text:?}: {error}");
        assert!(error.message.ends_with(words), "{text:?}: {error}");
        assert!(!error.message.contains('\n'), "{text:?}: {error:?}");
    }
}

#[test]
fn quotes_that_are_missing_or_curly() {
    check(&[
        (
            "telegraf.address = 192.168.8.10:8094",
            1,
            20,
            "192.168.8.10:8094 must stand in quotes: telegraf.address = \"192.168.8.10:8094\" would be right",
        ),
        (
            "[telegraf]\naddress = 192.168.8.10:8094 # the NAS\nmax_datagram = 1432",
            2,
            11,
            "192.168.8.10:8094 must stand in quotes: address = \"192.168.8.10:8094\" would be right",
        ),
        ("interval = 30s", 1, 12, "30s must stand in quotes: interval = \"30s\" would be right"),
        (
            "[devices]\nleases = /tmp/x",
            2,
            10,
            "/tmp/x must stand in quotes: leases = [\"/tmp/x\"] would be right",
        ),
        (
            "lan.interfaces = [a, b]",
            1,
            19,
            "the elements of a list must stand in quotes: lan.interfaces = [\"a\", \"b\"] would be right",
        ),
        ("[lan]\ninterfaces = [\n  br-lan,\n]", 3, 3, "a text must stand in quotes"),
        ("interval = “30s”", 1, 12, "these quotes are curly: interval = \"30s\" would be right"),
        ("interval = \"30s”", 1, 16, "these quotes are curly: interval = \"30s\" would be right"),
        ("user = ‘a’", 1, 8, "these quotes are curly: user = \"a\" would be right"),
        ("lan.interfaces = [„a“]", 1, 19, "these quotes are curly: lan.interfaces = [\"a\"] would be right"),
        ("“interval” = \"1m\"", 1, 1, "these quotes are curly: interval = \"1m\" would be right"),
        ("interval = \"30s\nuser = \"a\"\nx", 1, 16, "the closing \" is missing"),
        ("interval = '30s\n", 1, 16, "the closing ' is missing"),
        ("interval = 30s\"", 1, 12, "the opening \" is missing: interval = \"30s\" would be right"),
    ]);
}

#[test]
fn what_is_missing_or_stands_there_twice() {
    check(&[
        ("interval =", 1, 11, "interval has no value: interval = \"30s\" would be right"),
        (
            "interval = # every\nuser = \"a\"",
            1,
            12,
            "interval has no value: interval = \"30s\" would be right",
        ),
        ("interval", 1, 9, "interval needs \"=\" and a value: interval = \"30s\" would be right"),
        ("interval \"5m\"", 1, 10, "interval needs \"=\" and a value: interval = \"5m\" would be right"),
        ("\n\n  sugar", 3, 8, "sugar needs \"=\" and a value: sugar = \"…\" would be right"),
        ("interval == \"30s\"", 1, 11, "one \"=\" is enough: interval = \"30s\" would be right"),
        ("= 3", 1, 1, "a name is missing here"),
        ("[telegraf\naddress = \"a:1\"", 1, 10, "the closing ] is missing"),
        ("telegraf]", 1, 1, "stands in brackets: [telegraf] would be right"),
        ("telegraf {", 1, 1, "stands in brackets: [telegraf] would be right"),
        ("lan.interfaces = [\"a\"", 1, 22, "the closing ] is missing"),
        ("[lan]\ninterfaces = [\"a\"\nprefixes = []", 3, 1, "not closed: \"]\" is missing at its end"),
        (
            "lan.interfaces = [\"a\"\n\n[devices]\nleases = []",
            3,
            1,
            "not closed: \"]\" is missing at its end",
        ),
        ("lan.interfaces = [\"a\" \"b\"]", 1, 23, "a comma is missing between the elements of a list"),
        (
            "lan.interfaces = [\n  \"a\"\n  \"b\"\n]",
            3,
            3,
            "a comma is missing between the elements of a list",
        ),
        ("log = { level = \"info\"\n[lan]", 2, 1, "the closing } is missing"),
        ("interval = \"30s\"\ninterval = \"1m\"", 2, 1, "interval stands there twice: once would be right"),
        ("[lan]\n[log]\n[lan]", 3, 2, "lan stands there twice: once would be right"),
        ("interval = \"30s\" user = \"a\"", 1, 18, "what is next needs a line of its own"),
        ("lan.router_name = \"a\\q\"", 1, 22, "must be written twice; within single quotes once"),
    ]);
}

#[test]
fn the_forms_of_other_programs() {
    let not_toml =
        |right| format!("this is the form of the files in /etc/config, not TOML: {right} would be right");
    let not_yaml = |right| format!("are joined by \"=\", not by \":\": {right} would be right");
    check(&[
        ("; every\ninterval = \"30s\"", 1, 1, "a comment begins with \"#\", not with \";\""),
        ("interval = \"30s\" ; every", 1, 18, "a comment begins with \"#\", not with \";\""),
        ("  // every", 1, 3, "a comment begins with \"#\", not with \"//\""),
        ("interval: \"30s\"", 1, 9, &not_yaml("interval = \"30s\"")),
        ("interval: 30s", 1, 9, &not_yaml("interval = \"30s\"")),
        ("interval := \"30s\"", 1, 10, &not_yaml("interval = \"30s\"")),
        ("[lan]\ninterfaces: br-lan, wlan", 2, 11, &not_yaml("interfaces = [\"br-lan\", \"wlan\"]")),
        ("telegraf:\n  address: a", 1, 9, "stands in brackets: [telegraf] would be right"),
        ("\toption interval '30s'", 1, 2, &not_toml("interval = \"30s\"")),
        ("config telegraf 'main'", 1, 1, &not_toml("[telegraf]")),
        ("[lan]\nlist interfaces 'br-lan'", 2, 1, &not_toml("interfaces = [\"br-lan\"]")),
        ("[limits]\noption max_devices '7'", 2, 1, &not_toml("max_devices = 7")),
        (
            "measurements.conntrack = off",
            1,
            26,
            "off is neither true nor false: measurements.conntrack = false would be right",
        ),
        (
            "[measurements]\nconntrack = True",
            2,
            13,
            "True is neither true nor false: conntrack = true would be right",
        ),
        (
            "telegraf.max_datagram = 1,432",
            1,
            25,
            "1,432 is no whole number: telegraf.max_datagram = 1432 would be right",
        ),
    ]);
}

#[test]
fn keys_and_sections_that_are_not_there() {
    check(&[
        ("[telegraf]\ninterval = \"30s\"", 2, 1, "interval belongs above the first [section]"),
        ("address = \"a:1\"", 1, 1, "address belongs below [telegraf]"),
        ("[lan]\naddress = \"a:1\"", 2, 1, "address belongs below [telegraf]"),
        ("telegraf.level = \"info\"", 1, 10, "level belongs below [log]"),
        ("[telegraf.lan]\nprefixes = []", 1, 11, "[lan] is a section of its own: it can't be within another"),
        (
            "intervall = \"30s\"",
            1,
            1,
            "the key \"intervall\" is none of interval, timestamps, source, user: did you mean interval?",
        ),
        ("[lan]\nInterfaces = []", 2, 1, "router_name: did you mean interfaces?"),
        ("adress = \"a:1\"", 1, 1, "user: did you mean address below [telegraf]?"),
        ("[lan]\nintervall = \"30s\"", 2, 1, "did you mean interval above the first [section]?"),
        ("[telegraff]", 1, 2, "[limits], [log]: did you mean [telegraf]?"),
        ("[sugar]", 1, 2, "[activity], [alerts], [state], [recorder], [http], [prometheus], [limits], [log]"),
        (
            "[sugar]\ncane = 1",
            1,
            2,
            "[activity], [alerts], [state], [recorder], [http], [prometheus], [limits], [log]",
        ),
        ("sugar = 1", 1, 1, "the key \"sugar\" is none of interval, timestamps, source, user"),
        ("measurements.conntrak = false", 1, 14, "conntrack_exporter: did you mean conntrack?"),
        (
            "source = \"netlnk\"",
            1,
            10,
            "\"netlnk\" is none of \"auto\", \"procfs\", \"netlink\": did you mean \"netlink\"?",
        ),
        ("devices.names = [\"gl\", \"leases\"]", 1, 24, "\"vendor\": did you mean \"lease\"?"),
    ]);
}

#[test]
fn values_of_another_type() {
    check(&[
        ("interval = 30", 1, 12, "30 is not a value in quotes, such as \"30s\""),
        ("interval = 00:00:30", 1, 12, "a date or time is not a value in quotes, such as \"30s\""),
        ("interval = 99999999999999999999999999999999999999999", 1, 12, " is too large"),
        (
            "devices.leases = \"/x\"",
            1,
            18,
            "\"/x\" is not a list in brackets, such as [\"/tmp/dhcp.leases\"]",
        ),
        ("devices.tags = true", 1, 16, "true is not a list in brackets, such as [\"one\", \"two\"]"),
        ("lan.interfaces = [\"a\", 1]", 1, 24, "1 is not a value in quotes, such as \"br-lan\""),
        ("lan.interfaces = [[\"a\"]]", 1, 19, "a list is not a value in quotes, such as \"br-lan\""),
        ("devices.registry = 1", 1, 20, "such as \"/etc/conntrack-exporter.devices\""),
        ("log.level = 1", 1, 13, "1 is not a value in quotes, such as \"info\""),
        ("log.level = { info = 1 }", 1, 22, "1 is not a value in quotes"),
        ("log.level = { loud = 1 }", 1, 15, "a table is not a value in quotes"),
        ("log.level = {}", 1, 13, "a table is not a value in quotes, such as \"info\""),
        ("user.name = \"a\"", 1, 1, "a table is not a value in quotes, such as \"nobody\""),
        ("measurements.conntrack = \"off\"", 1, 26, "\"off\" is not true or false"),
        ("limits.max_devices = 9999999999999999999", 1, 22, " is not a number from 1 to 1000000"),
        ("telegraf = [\"a:1\", 1432]", 1, 12, "a list is not a table: [telegraf] on a line of its own"),
        ("[[telegraf]]\naddress = \"a:1\"", 1, 1, "a list is not a table: [telegraf] on a line of its own"),
        ("tags = 2020-01-01", 1, 8, "a date or time is not a table: [tags] on a line of its own"),
        ("tags.a = 2020-01-01", 1, 10, "a date or time is not a value in quotes"),
        ("log = 2020-01-01", 1, 7, "a date or time is not a table: [log] on a line of its own"),
    ]);
}

#[test]
fn a_router_that_is_named_wrongly_or_twice() {
    check(&[
        ("router.name = 1", 1, 15, "1 is not a value in quotes, such as \"\""),
        ("router = \"berlin\"", 1, 10, "\"berlin\" is not a table: [router] on a line of its own"),
        ("[router]\nname = \"a\\\\b\"", 2, 8, "of visible characters without backslash"),
        ("router.name = \" \"", 1, 15, "of visible characters without backslash"),
        ("name = \"berlin\"", 1, 1, "name belongs below [router]"),
        (
            "[tags]\nsite = \"a\"\nrouter = \"b\"\n[router]\nname = \"c\"",
            3,
            1,
            "router.name sets this tag already, to \"c\": remove one of the two",
        ),
    ]);
    Config::parse("tags.router = \"b\"\nrouter.name = \"\"").unwrap();
}

#[test]
fn what_is_to_be_counted_of_protocols() {
    let none = "is none of \"off\", \"usual\", \"all\"";
    let not = "is not \"off\", \"usual\" or \"all\"";
    check(&[
        ("system.nstat = \"usuall\"", 1, 16, &format!("\"usuall\" {none}: did you mean \"usual\"?")),
        ("[system]\nnstat = \"yes\"", 2, 9, &format!("\"yes\" {none}")),
        ("[system]\nnstat = \"\"", 2, 9, &format!("\"\" {none}")),
        ("system.nstat = 1", 1, 16, &format!("1 {not}")),
        ("system.nstat = [\"all\"]", 1, 16, &format!("a list {not}")),
        ("system.nstat = { all = true }", 1, 16, &format!("a table {not}")),
        ("system.nstat = 2020-01-01", 1, 16, &format!("a date or time {not}")),
        ("system.nstat = all", 1, 16, "all must stand in quotes: system.nstat = \"all\" would be right"),
        ("system.nstat =", 1, 15, "system.nstat has no value: system.nstat = \"usual\" would be right"),
        ("nstat = \"all\"", 1, 1, "nstat belongs below [system]"),
    ]);
}

#[test]
fn the_first_in_the_text_is_told() {
    check(&[
        ("user = 1\ninterval = 2", 1, 8, "such as \"nobody\""),
        ("[telegraf]\nport = 1\n[lan]\nx = 1", 2, 1, "max_datagram"),
        ("[lan]\nprefixes = [\"x\"]\nsugar = 1", 2, 13, "\"fd00:8::/64\""),
        ("user = a b\ninterval =", 1, 8, "user = \"a b\" would be right"),
    ]);
}

#[test]
fn long_values_are_cut() {
    let long = "ü".repeat(5_000);
    for text in [
        format!("interval = \"{long}\""),
        format!("user = \"{long}\""),
        format!("source = \"{long}\""),
        format!("telegraf.address = \"{long}\""),
        format!("telegraf.max_datagram = \"{long}\""),
        format!("lan.prefixes = [\"{long}\"]"),
        format!("lan.router_name = \"{long}\""),
        format!("devices.remember = \"{long}\""),
        format!("log = \"{long}\""),
        format!("\"{long}\" = 1"),
        format!("tags.a = \"{long}\""),
        format!("tags.\"_{long}\" = \"\""),
        format!("tags.\"{long}\" = \"\""),
        format!("log.level = {{ \"{long}\" = 1 }}"),
        format!("user = {long}"),
        format!("user = “{long}”"),
        format!("lan.interfaces = [{long}, {long}]"),
        format!("option user '{long}'"),
        format!("config {long}"),
        format!("a\n{}", "x".repeat(5_000)),
        format!("{0} = 1\n{0} = 1", "x".repeat(5_000)),
        format!("interval = {}", "9".repeat(5_000)),
    ] {
        let error = Config::parse(&text).unwrap_err();
        assert!(error.message.chars().count() < 500, "{error}");
    }
}

#[test]
fn an_address_that_is_none_is_not_taken_for_a_name() {
    let v4 = "is not an IPv4 address: four numbers from 0 to 255, such as \"192.168.8.10\", would be right";
    let v6 = "is not an IPv6 address, such as \"fd00::5\"";
    for (host, kind) in [
        ("192.168.8.256", v4),
        ("192.168.8", v4),
        ("192.168.8.10.1", v4),
        ("192.168.8.010", v4),
        ("192.168.8.10.", v4),
        ("1921681010", v4),
        ("0x7f.1", v4),
        ("127.0.0.0x1", v4),
        ("0X7F000001", v4),
        ("127.0.0.0X1", v4),
        ("nas.1", v4),
        ("[fd00::zz]", v6),
        ("[fd00:5]", v6),
        ("[1:2:3:4:5:6:7:8:9]", v6),
        ("[%br-lan:1]", v6),
    ] {
        let text = format!("telegraf.address = \"{host}:8094\"");
        check(&[(&text, 1, 20, &format!("\"{}\" {kind}", host.trim_matches(['[', ']'])))]);
    }
    let neither = "is not \"host:port\", such as \"127.0.0.1:8094\", \"[::1]:8094\" or \"telegraf.lan:8094\"";
    for host in ["...", ".", "", ".nas", "nas..lan", "nas.."] {
        let text = format!("telegraf.address = \"{host}:8094\"");
        check(&[(&text, 1, 20, &format!("\"{host}:8094\" {neither}"))]);
    }
    for host in [
        "192.168.8.10",
        "nas",
        "nas.",
        "nas1",
        "1.pool",
        "9to5.lan",
        "0xnas.lan",
        "a.x1",
        "[fe80::1%br-lan]",
        "[::1]",
    ] {
        Config::parse(&format!("telegraf.address = \"{host}:8094\"")).expect(host);
    }
}

#[test]
fn prefixes_that_hold_far_more_than_a_lan() {
    check(&[
        (
            "lan.prefixes = [\"0.0.0.0/0\"]",
            1,
            17,
            "\"0.0.0.0/0\" holds far more than a LAN: /8 or longer would be right, such as \"192.168.8.0/24\"",
        ),
        (
            "[lan]\nprefixes = [\"192.168.8.0/24\", \"::/0\"]",
            2,
            31,
            "\"::/0\" holds far more than a LAN: /7 or longer would be right, such as \"fd00:8::/64\"",
        ),
        ("lan.prefixes = [\"128.0.0.0/1\"]", 1, 17, "such as \"192.168.8.0/24\""),
        ("lan.prefixes = [\"10.0.0.0/7\"]", 1, 17, "such as \"192.168.8.0/24\""),
        ("lan.prefixes = [\"2000::/3\"]", 1, 17, "such as \"fd00:8::/64\""),
    ]);
    Config::parse("lan.prefixes = [\"10.0.0.0/8\", \"fc00::/7\", \"192.168.8.1/32\"]")
        .expect("what a LAN may have");
}

#[test]
fn names_that_nobody_gives() {
    let words = "an empty list would leave every device without a name: [\"registry\"] would hear your own file only, and \
                 without this line all sources are heard";
    check(&[("devices.names = []", 1, 17, words), ("[devices]\nnames = [ ]", 2, 9, words)]);
}

#[test]
fn paths_that_lead_upwards() {
    let words = "is a path with \"..\": the one that it leads to, written out, would be right";
    check(&[
        ("devices.registry = \"/../names.txt\"", 1, 20, &format!("\"/../names.txt\" {words}")),
        ("devices.leases = [\"/tmp/leases\", \"/tmp/../var/leases\"]", 1, 34, words),
        ("[devices]\nodhcpd = [\"/tmp/..\"]", 2, 11, words),
        ("devices.vendors = [\"/usr//../manuf\"]", 1, 20, words),
    ]);
    assert!(Config::parse("devices.leases = [\"/tmp/..leases\", \"/tmp/./leases..\"]").is_ok());
}

#[test]
fn paths_that_depend_on_where_the_program_was_started() {
    let end = "is not a path that begins with \"/\", such as \"/tmp/dhcp.leases\"";
    check(&[
        ("devices.registry = \"names.txt\"", 1, 20, &format!("\"names.txt\" {end}")),
        ("devices.registry = \"\"", 1, 20, &format!("\"\" {end}")),
        ("devices.leases = [\"/tmp/dhcp.leases\", \"tmp/dhcp.leases\"]", 1, 39, end),
        ("devices.odhcpd = [\"./odhcpd\"]", 1, 19, &format!("\"./odhcpd\" {end}")),
        ("devices.vendors = [\"~/manuf\"]", 1, 20, &format!("\"~/manuf\" {end}")),
        ("devices.leases = [\"/tmp/a\\u0000b\"]", 1, 19, end),
        ("devices.leases = [\"/tmp/a\\nok\"]", 1, 19, end),
    ]);
}
