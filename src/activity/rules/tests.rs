use super::*;
use crate::activity::config::Between;
use crate::activity::facts::{LongFacts, Peaks};

/// Round figures, whatever the defaults are.
fn config() -> ActivityConfig {
    ActivityConfig {
        p2p_up_per_down: 0.1,
        cloud_gaming_mbits: 8.0,
        call_up_per_down: Between([0.3, 3.0]),
        realtime_packet: 350.0,
        video_share: 0.7,
        video_steady: 0.25,
        download_share: 0.7,
        upload_mbits: 1.0,
        audio_mbits: Between([0.03, 0.5]),
        ..ActivityConfig::default()
    }
}

/// A change to facts: what it is called, and what it does.
type Change = (&'static str, fn(&mut Facts));

fn class(facts: &Facts) -> Class {
    judge(&Evidence::Traffic(Box::new(facts.clone())), &config()).class
}

/// The facts are of this class, and stay so at the borders that `within` names; beyond those of `beyond` they are of
/// another.
fn borders(facts: &Facts, expected: Class, within: &[Change], beyond: &[(Change, Class)]) {
    assert_eq!(class(facts), expected);
    for (what, change) in within {
        let mut changed = facts.clone();
        change(&mut changed);
        assert_eq!(class(&changed), expected, "{expected:?}: {what}");
    }
    for ((what, change), other) in beyond {
        let mut changed = facts.clone();
        change(&mut changed);
        assert_eq!(class(&changed), *other, "{expected:?}: {what}");
    }
}

/// One flow of UDP, by packets a second and bytes of each.
fn udp(packets: [f64; 2], bytes: [f64; 2]) -> UdpFlow {
    let [packets_down, packets_up] = packets;
    let [down, up] = [0, 1].map(|way: usize| packets[way] * bytes[way] * 8.0 / 1e6);
    UdpFlow { packets_down, packets_up, down, up, is_call_port: false }
}

#[test]
fn idle_is_hardly_a_byte_and_hardly_a_connection() {
    let facts = Facts { down: 0.0099, up: 0.01, opened: 0.19, ..Facts::default() };
    borders(
        &facts,
        Class::Idle,
        &[("nothing at all", |facts| *facts = Facts::default())],
        &[
            (("moves", |facts| facts.down = 0.01), Class::Mixed),
            (("opens", |facts| facts.opened = 0.2), Class::Mixed),
        ],
    );
}

#[test]
fn p2p_is_many_hosts_at_as_many_ports_of_no_known_service() {
    let facts = Facts {
        down: 10.0,
        up: 1.0,
        hosts: 40,
        ports: 20,
        flows: 50,
        peer_share: 0.6,
        top_share: 0.1,
        ..Facts::default()
    };
    borders(
        &facts,
        Class::PeerToPeer,
        &[("seeds", |facts| facts.up = 100.0), ("many", |facts| (facts.hosts, facts.ports) = (900, 900))],
        &[
            (("few hosts", |facts| facts.hosts = 39), Class::Mixed),
            (("few ports", |facts| facts.ports = 19), Class::Mixed),
            (("services", |facts| facts.peer_share = 0.59), Class::Mixed),
            (("takes only", |facts| facts.up = 0.99), Class::Mixed),
        ],
    );
}

#[test]
fn cloud_gaming_is_a_picture_by_udp() {
    let flow = udp([1112.0, 60.0], [900.1, 100.0]);
    let facts =
        Facts { down: flow.down, up: 0.99, top_share: 1.0, flows: 3, udp: vec![flow], ..Facts::default() };
    borders(
        &facts,
        Class::CloudGaming,
        &[("pulsing", |facts| facts.variation = Some(0.9))],
        &[
            (("slow", |facts| facts.udp = vec![udp([1110.0, 60.0], [900.0, 100.0])]), Class::Mixed),
            (("small", |facts| facts.udp = vec![udp([1200.0, 20.0], [899.0, 100.0])]), Class::Mixed),
            (("sends", |facts| facts.up = 1.0), Class::Mixed),
            (("none leads", |facts| facts.udp.clear()), Class::Mixed),
        ],
    );
}

#[test]
fn call_is_as_much_up_as_down_by_one_flow() {
    let facts = Facts {
        down: 0.3,
        up: 0.1,
        flows: 4,
        top_share: 0.9,
        udp: vec![udp([25.0, 25.0], [900.0, 300.0])],
        ..Facts::default()
    };
    borders(
        &facts,
        Class::Call,
        &[
            ("even", |facts| facts.up = 0.3),
            ("three times", |facts| facts.up = 0.9),
            ("the second leads", |facts| facts.udp.insert(0, udp([5.0, 5.0], [100.0, 100.0]))),
        ],
        &[
            (("slow down", |facts| facts.udp = vec![udp([24.9, 25.0], [900.0, 300.0])]), Class::Mixed),
            (("slow up", |facts| facts.udp = vec![udp([25.0, 24.9], [900.0, 300.0])]), Class::Mixed),
            (("sends little", |facts| facts.up = 0.099), Class::Mixed),
            (("takes more", |facts| facts.down = 0.34), Class::Mixed),
            (("sends more", |facts| facts.up = 0.91), Class::Mixed),
        ],
    );
    let judged = |facts: &Facts| judge(&Evidence::Traffic(Box::new(facts.clone())), &config());
    let mut known = facts.clone();
    known.udp[0].is_call_port = true;
    assert_eq!((judged(&facts).confidence, judged(&known).confidence), (0.5, 0.75), "a known port is surer");
}

#[test]
fn realtime_is_small_packets_at_an_even_pace() {
    let facts = Facts {
        down: 0.06,
        up: 0.02,
        flows: 2,
        top_share: 0.9,
        udp: vec![udp([10.0, 10.0], [350.0, 100.0])],
        ..Facts::default()
    };
    borders(
        &facts,
        Class::Realtime,
        &[("fast", |facts| facts.udp = vec![udp([130.0, 130.0], [350.0, 100.0])])],
        &[
            (("slow", |facts| facts.udp = vec![udp([10.0, 9.9], [350.0, 100.0])]), Class::Mixed),
            (("too fast", |facts| facts.udp = vec![udp([131.0, 20.0], [100.0, 100.0])]), Class::Mixed),
            (("large", |facts| facts.udp = vec![udp([10.0, 10.0], [100.0, 351.0])]), Class::Mixed),
            (("tiny", |facts| facts.udp = vec![udp([10.0, 10.0], [124.0, 125.0])]), Class::Mixed),
        ],
    );
}

/// In a minute by the device and by all, from one look to the next by both.
fn peaks(own: Option<f64>, line: Option<f64>, own_look: f64, line_look: f64) -> Peaks {
    Peaks { own, line, own_look: Some(own_look), line_look: Some(line_look) }
}

/// A film on a line that can carry more.
fn film() -> Facts {
    Facts {
        down: 6.1,
        up: 0.1,
        hosts: 3,
        flows: 7,
        top_share: 0.92,
        variation: Some(0.3),
        peaks: peaks(Some(6.5), Some(50.0), 9.0, 60.0),
        ..Facts::default()
    }
}

#[test]
fn video_is_one_host_and_well_below_what_the_way_can_carry() {
    borders(
        &film(),
        Class::Video,
        &[
            ("pulsing at the peak", |facts| {
                (facts.variation, facts.peaks) = (Some(0.51), peaks(Some(6.1), Some(6.1), 6.1, 6.1));
            }),
            ("in the first hour", |facts| facts.peaks = peaks(None, None, 9.0, 9.0)),
            ("steady, well below its own fastest look", |facts| facts.variation = Some(0.1)),
            ("at its own limit, below the line's", |facts| facts.peaks.own_look = Some(6.2)),
            ("slow", |facts| (facts.down, facts.up) = (1.0, 0.05)),
            ("4K", |facts| facts.down = 40.0),
            ("20 connections", |facts| facts.flows = 20),
            ("seventy per cent", |facts| facts.top_share = 0.7),
            ("looks are rare", |facts| (facts.variation, facts.is_coarse) = (None, true)),
        ],
        &[
            (
                ("at the line's peak", |facts| facts.peaks = peaks(Some(6.5), Some(6.5), 8.0, 8.0)),
                Class::Mixed,
            ),
            (
                ("steady at its own limit", |facts| {
                    (facts.variation, facts.peaks.own_look) = (Some(0.2), Some(6.5));
                }),
                Class::Download,
            ),
            (("sound", |facts| (facts.down, facts.up) = (0.99, 0.05)), Class::Mixed),
            (("too much", |facts| facts.down = 40.1), Class::Mixed),
            (("sends", |facts| facts.up = 0.37), Class::Mixed),
            (("hosts", |facts| facts.top_share = 0.69), Class::Mixed),
            (("connections", |facts| facts.flows = 21), Class::Mixed),
        ],
    );
    let judged = judge(&Evidence::Traffic(Box::new(film())), &config());
    assert_eq!(judged.why, "6.1 Mbit/s down, 92 % from one host, 7 connections, of a peak of 9.0 Mbit/s");
}

/// A download that takes all there is.
fn download() -> Facts {
    let peaks = peaks(Some(80.0), Some(90.0), 85.0, 95.0);
    Facts { down: 75.0, up: 1.0, flows: 2, top_share: 0.99, variation: Some(0.05), peaks, ..Facts::default() }
}

#[test]
fn download_is_all_there_is_without_a_break() {
    borders(
        &download(),
        Class::Download,
        &[
            ("six tenths of its own peak", |facts| facts.down = 48.0),
            ("of its own, far below the line's", |facts| facts.peaks.line = Some(900.0)),
            ("no peak is known", |facts| {
                (facts.down, facts.peaks.own, facts.peaks.line) = (40.1, None, None);
            }),
            ("a slow line", |facts| {
                (facts.down, facts.up) = (1.0, 0.02);
                facts.peaks = peaks(Some(1.1), Some(1.2), 1.2, 1.2);
            }),
            ("many connections", |facts| facts.flows = 40),
        ],
        &[
            (("below the peak", |facts| facts.down = 47.9), Class::Mixed),
            (
                ("no peak is known", |facts| {
                    (facts.down, facts.peaks) = (40.0, peaks(None, None, 41.0, 99.0));
                }),
                Class::Mixed,
            ),
            (("unsteady", |facts| facts.variation = Some(0.25)), Class::Mixed),
            (("looks are rare", |facts| facts.variation = None), Class::Mixed),
            (("hosts", |facts| facts.top_share = 0.69), Class::Mixed),
            (
                ("next to nothing, at its peak", |facts| {
                    (facts.down, facts.up) = (0.9, 0.02);
                    facts.peaks = peaks(Some(1.0), Some(1.0), 1.0, 1.0);
                }),
                Class::Mixed,
            ),
        ],
    );
}

#[test]
fn update_is_a_download_from_a_network_that_is_marked() {
    let marked = Facts { from_update_network: true, ..download() };
    borders(
        &marked,
        Class::Update,
        &[("slower than the line", |facts| *facts = Facts { from_update_network: true, ..film() })],
        &[(("not marked", |facts| facts.from_update_network = false), Class::Download)],
    );
    assert_eq!(class(&Facts { top_share: 0.5, ..marked }), Class::Mixed, "only some of it");
}

#[test]
fn upload_is_far_more_up_than_down() {
    borders(
        &Facts { down: 0.33, up: 1.0, ..Facts::default() },
        Class::Upload,
        &[
            ("nothing down", |facts| facts.down = 0.0),
            ("acknowledgements as steady as a download", |facts| {
                (facts.up, facts.down, facts.top_share, facts.variation) = (48.0, 1.3, 1.0, Some(0.05));
                facts.peaks.own = Some(1.3);
            }),
        ],
        &[
            (("slow", |facts| facts.up = 0.999), Class::Mixed),
            (("takes as well", |facts| facts.down = 0.334), Class::Mixed),
        ],
    );
}

#[test]
fn audio_is_little_for_long_from_one_host() {
    let long = Some(LongFacts { down: 0.03, flows: 6, top_share: 0.6 });
    let facts = Facts { down: 0.5, up: 0.01, flows: 1, long, ..Facts::default() };
    let with =
        |down, flows, top_share| Facts { long: Some(LongFacts { down, flows, top_share }), ..facts.clone() };
    for (facts, expected) in [
        (facts.clone(), Class::Audio),
        (with(0.5, 1, 1.0), Class::Audio),
        (with(0.029, 1, 1.0), Class::Mixed),
        (with(0.51, 1, 1.0), Class::Mixed),
        (with(0.1, 7, 1.0), Class::Mixed),
        (with(0.1, 1, 0.59), Class::Mixed),
        (Facts { long: None, ..facts.clone() }, Class::Mixed),
    ] {
        assert_eq!(class(&facts), expected, "{:?}", facts.long);
    }
}

#[test]
fn browsing_is_new_connections_or_many_hosts() {
    borders(
        &Facts { down: 4.9, opened: 0.3, ..Facts::default() },
        Class::Browsing,
        &[("hosts", |facts| (facts.opened, facts.hosts) = (0.0, 8))],
        &[
            (("few of both", |facts| (facts.opened, facts.hosts) = (0.29, 7)), Class::Mixed),
            (("fast", |facts| facts.down = 5.0), Class::Mixed),
        ],
    );
}

#[test]
fn within_a_tunnel_nobody_sees() {
    let facts = Facts { vpn_share: 0.81, ..film() };
    borders(&facts, Class::Mixed, &[], &[(("partly", |facts| facts.vpn_share = 0.8), Class::Video)]);
}

#[test]
fn without_accounting_there_are_only_connections() {
    for (connections, expected) in [
        (0, Class::Idle),
        (1, Class::Idle),
        (2, Class::Video),
        (9, Class::Video),
        (10, Class::Mixed),
        (30, Class::Mixed),
        (31, Class::Browsing),
    ] {
        let judged = judge(&Evidence::Connections(connections), &config());
        assert_eq!(judged.class, expected, "{connections}");
        assert!(judged.confidence <= 0.3, "{connections}");
    }
}

#[test]
fn what_is_not_known_is_never_idle() {
    let judged = judge(&Evidence::Nothing("no".to_owned()), &config());
    assert_eq!((judged.class, judged.confidence, &*judged.why), (Class::Unknown, 0.0, "no"));
}

#[test]
fn rare_looks_are_never_sure() {
    let facts = Facts { is_coarse: true, opened: 9.0, hosts: 100, down: 1.0, ..Facts::default() };
    let judged = judge(&Evidence::Traffic(Box::new(facts)), &config());
    assert_eq!((judged.class, judged.confidence), (Class::Browsing, 0.5));
}

#[test]
fn every_reason_is_short_and_of_one_line() {
    let most = Facts {
        down: 99_999.9,
        up: 99_999.9,
        opened: 99_999.9,
        hosts: u32::MAX,
        ports: u32::MAX,
        flows: u32::MAX,
        peer_share: 1.0,
        udp: vec![udp([1e6, 1e6], [65_535.0, 65_535.0])],
        peaks: peaks(Some(1e5), Some(1e5), 1e5, 1e5),
        ..Facts::default()
    };
    for rule in RULES.into_iter().map(|rule| rule(&most, &config())).chain([Some(mixed(&most))]) {
        let why = rule.map(|judged| judged.why).unwrap_or_default();
        assert!(why.is_ascii() && !why.contains('\n') && why.len() < 180, "{why}");
    }
}
