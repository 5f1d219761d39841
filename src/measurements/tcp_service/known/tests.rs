use super::super::service::Role;
use super::*;
use proptest::prelude::*;

const WEB: Service = Service { role: Role::Server, port: 80 };
const SSH: Service = Service { role: Role::Server, port: 22 };

fn info(bytes: u64) -> TcpInfo {
    TcpInfo { bytes_acked: Some(bytes), bytes_received: Some(0), ..TcpInfo::default() }
}

/// What each service did by a reading of sockets: their cookies, services and bytes.
fn settle(known: &mut KnownSockets, sockets: &[(u64, Service, u64)]) -> Option<Vec<(u16, u64)>> {
    known.clear();
    for (cookie, service, bytes) in sockets {
        known.see(*cookie, *service, true, &info(*bytes));
    }
    let done = known.settle()?.into_iter();
    let mut done: Vec<_> = done.map(|(service, done)| (service.port, done.bytes_acked)).collect();
    done.sort_unstable();
    Some(done)
}

#[test]
fn what_was_there_is_a_baseline_and_what_has_come_counts_wholly() {
    let mut known = KnownSockets::default();
    assert_eq!(settle(&mut known, &[(9, WEB, 1000), (4, SSH, 500)]), None);
    // In another order, with one more.
    assert_eq!(
        settle(&mut known, &[(4, SSH, 507), (7, WEB, 30), (9, WEB, 1001)]),
        Some(vec![(22, 7), (80, 31)])
    );
    // One has gone, and nobody knows what it did meanwhile. The other's counter fell.
    assert_eq!(settle(&mut known, &[(7, WEB, 10)]), Some(vec![(80, 0)]));
    assert_eq!(settle(&mut known, &[(7, WEB, 12)]), Some(vec![(80, 2)]));
    assert_eq!(settle(&mut known, &[]), Some(vec![]));
}

#[test]
fn a_reading_that_broke_off_takes_nothing_away() {
    let mut known = KnownSockets::default();
    settle(&mut known, &[(1, WEB, 100)]);
    known.clear();
    known.see(1, WEB, true, &info(150));
    assert_eq!(settle(&mut known, &[(1, WEB, 170), (2, WEB, 5)]), Some(vec![(80, 75)]));
}

#[test]
fn a_socket_that_one_reading_has_missed_is_not_new() {
    let mut known = KnownSockets::default();
    settle(&mut known, &[(1, WEB, 1000), (2, WEB, 1000)]);
    assert_eq!(settle(&mut known, &[(2, WEB, 1000)]), Some(vec![(80, 0)]));
    assert_eq!(settle(&mut known, &[(1, WEB, 1010), (2, WEB, 1000)]), Some(vec![(80, 10)]));
    settle(&mut known, &[(2, WEB, 1000)]);
    settle(&mut known, &[(2, WEB, 1000)]);
    assert_eq!(settle(&mut known, &[(1, WEB, 1020)]), Some(vec![(80, 1020)]), "missed twice is forgotten");
}

#[test]
fn a_socket_that_is_shown_twice_counts_once() {
    let mut known = KnownSockets::default();
    settle(&mut known, &[(1, WEB, 1)]);
    assert_eq!(
        settle(&mut known, &[(1, WEB, 3), (2, WEB, 4), (2, WEB, 4), (1, WEB, 3)]),
        Some(vec![(80, 6)])
    );
}

#[test]
fn a_service_changes_hands() {
    let mut known = KnownSockets::default();
    settle(&mut known, &[(1, WEB, 100)]);
    let client = Service { role: Role::Client, port: 5000 };
    assert_eq!(settle(&mut known, &[(1, client, 130)]), Some(vec![(5000, 30)]));
}

#[test]
fn beyond_the_bound_nothing_is_known_and_what_is_new_afterwards_may_have_been_there() {
    let mut known = KnownSockets::default();
    let at_most = u64::try_from(SOCKETS_AT_MOST).unwrap();
    let many: Vec<_> = (0..at_most + 10).map(|cookie| (cookie, WEB, 1000)).collect();
    settle(&mut known, &many);
    assert_eq!(known.seen().len(), SOCKETS_AT_MOST);
    let later: Vec<_> = (5..at_most + 5).map(|cookie| (cookie, WEB, 1001)).collect();
    assert_eq!(settle(&mut known, &later), Some(vec![(80, at_most - 5)]), "five are new to us");
    // That reading was whole, so that one is really new.
    assert_eq!(settle(&mut known, &[(at_most + 100, SSH, 50)]), Some(vec![(22, 50)]));
}

#[test]
fn what_the_kernel_counts_is_told_by_its_sockets() {
    let mut known = KnownSockets::default();
    assert_eq!(known.counted(), None);
    known.see(1, WEB, true, &info(1));
    assert_eq!(known.counted(), Some(Counted { bytes: true, busy: false, bytes_sent: false }));
}

proptest! {
    /// Beside a plain map of what was known.
    #[test]
    fn the_same_as_by_a_map(readings in prop::collection::vec(prop::collection::btree_map(0..30_u64, 0..1000_u64, 0..20), 1..8)) {
        let (mut known, mut plain) = (KnownSockets::default(), HashMap::<u64, (u64, usize)>::new());
        for (number, reading) in readings.iter().enumerate() {
            let sockets: Vec<_> = reading.iter().map(|(cookie, bytes)| (*cookie, WEB, *bytes)).collect();
            let mut expected = 0;
            for (cookie, bytes) in reading {
                let before = plain.get(cookie).filter(|(_, last)| number - last <= 2).map_or(0, |(bytes, _)| *bytes);
                expected += bytes.saturating_sub(before);
                plain.insert(*cookie, (*bytes, number));
            }
            let done = settle(&mut known, &sockets);
            if number > 0 {
                let sum: u64 = done.unwrap().iter().map(|(_, bytes)| bytes).sum();
                prop_assert_eq!(sum, expected);
            }
        }
    }
}
