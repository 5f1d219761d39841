use std::time::Duration;

use super::*;
use crate::lan::interfaces::Interface;

fn guard(allow: &[&str], names: &[&str]) -> Guard {
    let interface = |name: &str, address: &str| Interface {
        name: name.to_owned(),
        link_layer: true,
        addresses: vec![address.parse().unwrap()],
        broadcast: None,
    };
    let mut lan = Lan::new(&["br-lan".to_owned()], &[]);
    lan.observe(
        vec![interface("br-lan", "192.168.8.1/24"), interface("eth0", "203.0.113.10/24")],
        Duration::ZERO,
    );
    let config = HttpConfig {
        allow: allow.iter().map(|prefix| (*prefix).to_owned().try_into().unwrap()).collect(),
        names: names.iter().map(|name| (*name).to_owned().try_into().unwrap()).collect(),
        ..HttpConfig::default()
    };
    Guard::new(&config, &lan)
}

#[test]
fn the_lan_is_heard_or_who_was_named_instead() {
    let admits = |guard: &Guard, peer: &str| guard.admits(peer.parse::<IpAddr>().unwrap().to_canonical());
    let lan = guard(&[], &[]);
    for (peer, expected) in [
        ("192.168.8.77", true),
        ("::ffff:192.168.8.77", true),
        ("127.0.0.1", true),
        ("::1", true),
        ("192.168.9.1", false),
        ("203.0.113.1", false),
        ("::ffff:203.0.113.1", false),
        ("2001:db8::1", false),
        ("fe80::1", false),
    ] {
        assert_eq!(admits(&lan, peer), expected, "{peer}");
    }
    let named = guard(&["10.8.0.2", "2001:db8::/32"], &[]);
    let peers = ["10.8.0.2", "2001:db8::1", "127.0.0.1", "10.8.0.3", "192.168.8.77"];
    assert_eq!(peers.map(|peer| admits(&named, peer)), [true, true, true, false, false]);
    assert!(!Guard::default().admits("192.168.8.77".parse().unwrap()), "nobody, before the LAN is known");
}

/// The status of a refusal, of a request of the household's to the router's address on the LAN.
fn status(request: &axum::http::Request<()>, peer: &str, has_body: bool) -> Option<u16> {
    let asked =
        Request { method: request.method(), uri: request.uri(), headers: request.headers(), has_body };
    let ends = Ends { peer: peer.parse().unwrap(), local: "192.168.8.1".parse().unwrap() };
    let refusal = guard(&[], &["router.lan"]).refuses(&asked, ends);
    refusal.map(|refusal| refusal.status.as_u16())
}

fn request(method: &str, target: &str, hosts: &[&str]) -> axum::http::Request<()> {
    let request = axum::http::Request::builder().method(method).uri(target);
    hosts.iter().fold(request, |request, host| request.header("host", *host)).body(()).unwrap()
}

#[test]
fn a_foreign_name_is_refused() {
    let of = |host: &str, peer: &str| status(&request("GET", "/", &[host]), peer, false);
    for host in [
        "192.168.8.1",
        "192.168.8.1:9479",
        "203.0.113.10",
        "router.lan",
        "Router.Lan.:80",
        "[::ffff:192.168.8.1]",
    ] {
        assert_eq!(of(host, "192.168.8.5"), None, "{host}");
    }
    for host in [
        "evil.example",
        "192.168.8.2",
        "localhost",
        "127.0.0.1",
        "x@192.168.8.1",
        "192.168.8.1/",
        "[::1",
        "",
        "lan",
    ] {
        assert_eq!(of(host, "192.168.8.5"), Some(421), "{host}");
    }
    assert_eq!(of("localhost:9479", "127.0.0.1"), None, "on the router itself");
    assert_eq!(status(&request("GET", "/", &[]), "192.168.8.5", false), Some(400));
    assert_eq!(status(&request("GET", "/", &["router.lan", "router.lan"]), "192.168.8.5", false), Some(400));
    let proxied = |target: &str| status(&request("GET", target, &["router.lan"]), "192.168.8.5", false);
    assert_eq!((proxied("http://evil.example/"), proxied("http://192.168.8.1/")), (Some(421), None));
}

#[test]
fn nothing_but_short_questions() {
    let of = |method: &str, target: &str, has_body| {
        status(&request(method, target, &["router.lan"]), "192.168.8.5", has_body)
    };
    assert_eq!([of("GET", "/", false), of("HEAD", "/x?y", false)], [None, None]);
    assert_eq!([of("POST", "/", true), of("OPTIONS", "*", false)], [Some(405); 2]);
    assert_eq!(of("GET", "/", true), Some(400));
    let longest = format!("/{}", "x".repeat(TARGET_AT_MOST - 1));
    assert_eq!((of("GET", &longest, false), of("GET", &format!("{longest}x"), false)), (None, Some(414)));
}
