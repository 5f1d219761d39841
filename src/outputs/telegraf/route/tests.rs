use super::*;

/// Routes from lines: an address, `from` the source or `-`, and `link` or `far`.
fn routes(lines: &[&str]) -> Vec<Route> {
    let route = |line: &&str| {
        let [to, source, place] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        Route {
            to: SocketAddr::new(to.parse().unwrap(), 8094),
            source: (source != "-").then(|| source.parse().unwrap()),
            on_link: place == "link",
        }
    };
    lines.iter().map(route).collect()
}

fn order(lines: &[&str]) -> Vec<String> {
    in_order(routes(lines)).iter().map(|route| route.to.ip().to_string()).collect()
}

#[test]
fn the_order_is_that_of_the_way_there() {
    let table: [(&str, &[&str], &[&str]); 9] = [
        (
            "loopback: IPv6 has the higher precedence",
            &["127.0.0.1 127.0.0.1 link", "::1 ::1 link"],
            &["::1", "127.0.0.1"],
        ),
        (
            "no route comes last",
            &["2001:db8::5 - far", "192.0.2.5 203.0.113.10 far"],
            &["192.0.2.5", "2001:db8::5"],
        ),
        (
            "a prefix that the router no longer has is behind the gateway, and likely dead",
            &["2001:db8:1::5 2001:db8:2::1 far", "192.168.8.10 192.168.8.1 link"],
            &["192.168.8.10", "2001:db8:1::5"],
        ),
        (
            "both in the LAN: global IPv6, then IPv4, then unique local IPv6",
            &["fd00::5 fd00::1 link", "192.168.8.10 192.168.8.1 link", "2001:db8::5 2001:db8::1 link"],
            &["2001:db8::5", "192.168.8.10", "fd00::5"],
        ),
        (
            "a unique local source doesn't lead to the internet: labels differ",
            &["2001:db8::5 fd00::1 far", "192.0.2.5 203.0.113.10 far"],
            &["192.0.2.5", "2001:db8::5"],
        ),
        (
            "nor does a link-local one: scopes differ",
            &["2001:db8::5 fe80::1 far", "192.0.2.5 203.0.113.10 far"],
            &["192.0.2.5", "2001:db8::5"],
        ),
        (
            "families take turns",
            &[
                "2001:db8::5 2001:db8::1 far",
                "2001:db8::6 2001:db8::1 far",
                "2001:db8::7 2001:db8::1 far",
                "192.0.2.5 203.0.113.10 far",
                "192.0.2.6 203.0.113.10 far",
            ],
            &["2001:db8::5", "192.0.2.5", "2001:db8::6", "192.0.2.6", "2001:db8::7"],
        ),
        (
            "but what is near comes before what is far",
            &["192.0.2.5 203.0.113.10 far", "2001:db8::5 2001:db8::1 link", "2001:db8::6 2001:db8::1 link"],
            &["2001:db8::5", "2001:db8::6", "192.0.2.5"],
        ),
        (
            "what is equal stays in the order of the answer",
            &["192.0.2.9 203.0.113.10 far", "192.0.2.5 203.0.113.10 far", "192.0.2.7 203.0.113.10 far"],
            &["192.0.2.9", "192.0.2.5", "192.0.2.7"],
        ),
    ];
    for (why, lines, expected) in table {
        assert_eq!(order(lines), expected, "{why}");
    }
}

#[test]
fn policies_are_those_of_the_rfc() {
    for (address, expected) in [
        ("::1", (50, 0)),
        ("2001:db8::1", (40, 1)),
        ("192.0.2.1", (35, 4)),
        ("::ffff:192.0.2.1", (35, 4)),
        ("2002:c000:201::1", (30, 2)),
        ("2001::1", (5, 5)),
        ("fd00::1", (3, 13)),
        ("fec0::1", (1, 11)),
        ("3ffe::1", (1, 12)),
        ("::192.0.2.1", (1, 3)),
        ("fe80::1", (40, 1)),
    ] {
        assert_eq!(policy(address.parse().unwrap()), expected, "{address}");
    }
}

#[test]
fn a_survey_asks_the_kernel_and_keeps_every_address() {
    let at = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 8094);
    // Without SO_BROADCAST the kernel refuses to connect there.
    let found = survey(&[at("255.255.255.255"), at("127.0.0.1")]);
    let seen: Vec<_> = found.iter().map(|route| (route.to, route.is_there(), route.on_link)).collect();
    assert_eq!(seen, [(at("127.0.0.1"), true, true), (at("255.255.255.255"), false, false)]);
    assert_eq!(survey(&[]), []);
}
