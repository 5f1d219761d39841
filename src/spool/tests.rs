use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;
use crate::test_directory::TestDirectory;

fn config(memory: &str, directory: &str) -> SpoolConfig {
    toml::from_str(&format!("memory = {memory:?}\ndirectory = {directory:?}\ndisk = \"256KiB\"\n")).unwrap()
}

fn private(test: &str) -> (TestDirectory, String) {
    let place = TestDirectory::new(&format!("spool-{test}"));
    fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
    let path = place.to_str().unwrap().to_owned();
    (place, path)
}

/// Recognised by its first two octets.
fn body(number: u16, length: usize) -> Bytes {
    let mut body = vec![b'x'; length];
    body[..2].copy_from_slice(&number.to_be_bytes());
    body.into()
}

fn push(spool: &mut Spool, number: u16, length: usize) {
    spool.push(body(number, length), Zeros::default(), true);
}

/// Sends the next, with what outcome; says which that was.
fn send(spool: &mut Spool, taken: bool) -> Option<u16> {
    let next = spool.next()?;
    let body = spool.body(next.number).unwrap();
    if taken {
        spool.remove(next.number);
    } else {
        spool.keep(next.number);
    }
    Some(u16::from_be_bytes([body[0], body[1]]))
}

#[test]
fn what_is_due_now_goes_first_and_then_the_oldest() {
    let mut spool = Spool::new(&config("4MiB", ""));
    assert_eq!(spool.next(), None);
    for number in 1..=3 {
        push(&mut spool, number, 100);
        assert!(!spool.next().unwrap().is_backlog);
        assert_eq!(send(&mut spool, false), Some(number));
    }
    assert!(spool.next().unwrap().is_backlog);
    push(&mut spool, 4, 100);
    let order: Vec<_> = std::iter::from_fn(|| send(&mut spool, true)).collect();
    assert_eq!(order, [4, 1, 2, 3]);
    assert_eq!((spool.len(), spool.lost, spool.bytes()), (0, 0, 0));
}

#[test]
fn the_oldest_goes_out_when_memory_is_full() {
    let mut spool = Spool::new(&config("64KiB", ""));
    for number in 0..100 {
        push(&mut spool, number, 1000);
        send(&mut spool, false);
        assert!(spool.bytes() <= 64 << 10);
    }
    assert_eq!(spool.len() as u64 + spool.lost, 100);
    let order: Vec<_> = std::iter::from_fn(|| send(&mut spool, true)).collect();
    assert_eq!(order, (u16::try_from(spool.lost).unwrap()..100).collect::<Vec<_>>());
    // The newest stays, whatever it takes.
    push(&mut spool, 7, 200_000);
    assert_eq!(spool.len(), 1);
}

#[test]
fn what_has_no_times_can_not_wait() {
    let mut spool = Spool::new(&config("4MiB", ""));
    let unstamped = |spool: &mut Spool, number| spool.push(body(number, 9), Zeros::default(), false).len();
    assert_eq!(unstamped(&mut spool, 1), 0);
    assert_eq!(unstamped(&mut spool, 2), 1, "the one before");
    assert_eq!(send(&mut spool, false), Some(2));
    assert_eq!((spool.len(), spool.lost), (0, 2), "it was tried");
    unstamped(&mut spool, 3);
    assert_eq!(send(&mut spool, true), Some(3));
    assert_eq!(spool.lost, 2);
}

#[test]
fn nothing_is_written_while_all_is_acknowledged() {
    let (place, directory) = private("idle");
    let mut spool = Spool::new(&config("4MiB", &directory));
    for number in 0..10 {
        push(&mut spool, number, 100);
        assert_eq!(send(&mut spool, true), Some(number));
    }
    let files = || fs::read_dir(&*place).unwrap().count();
    assert_eq!(files(), 0);
    push(&mut spool, 10, 100);
    send(&mut spool, false);
    assert_eq!((files(), spool.only_in_memory()), (1, 0));
    // From now on at once, and until nothing waits.
    push(&mut spool, 11, 100);
    assert_eq!(spool.only_in_memory(), 0);
    assert_eq!([send(&mut spool, true), send(&mut spool, true)], [Some(11), Some(10)]);
    push(&mut spool, 12, 100);
    assert_eq!((files(), spool.only_in_memory()), (0, 1));
}

#[test]
fn what_waited_on_the_disk_is_there_after_a_restart_before_what_comes() {
    let (_place, directory) = private("restart");
    let config = config("4MiB", &directory);
    let mut spool = Spool::new(&config);
    for number in 1..=5 {
        push(&mut spool, number, 100);
        send(&mut spool, false);
    }
    // As by kill -9.
    drop(spool);
    let mut spool = Spool::new(&config);
    push(&mut spool, 6, 100);
    let order: Vec<_> = std::iter::from_fn(|| send(&mut spool, true)).collect();
    assert_eq!(order, [6, 1, 2, 3, 4, 5]);
    assert!(Spool::new(&config).is_empty());
}

#[test]
fn a_disk_that_is_full_loses_its_oldest_and_they_are_counted() {
    let (_place, directory) = private("full");
    let mut spool = Spool::new(&config("4MiB", &directory));
    for number in 0..200 {
        push(&mut spool, number, 5000);
        send(&mut spool, false);
    }
    assert!(spool.lost > 100 && spool.len() as u64 + spool.lost == 200, "{}", spool.lost);
    let order: Vec<_> = std::iter::from_fn(|| send(&mut spool, true)).collect();
    assert_eq!(order, (u16::try_from(spool.lost).unwrap()..200).collect::<Vec<_>>());
}

#[test]
fn a_disk_that_fails_leaves_it_in_memory_until_it_works_again() {
    let (place, _) = private("fails");
    let directory = place.join("later");
    let mut spool = Spool::new(&config("4MiB", directory.to_str().unwrap()));
    assert!(matches!(spool.take_disk_change(), Some(DiskChange::Fails(..))));
    for number in 0..3 {
        push(&mut spool, number, 100);
        send(&mut spool, false);
    }
    assert_eq!((spool.only_in_memory(), spool.len()), (3, 3));
    assert!(spool.disk_errors() > 0);
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    push(&mut spool, 3, 100);
    send(&mut spool, false);
    assert_eq!((spool.only_in_memory(), spool.len()), (0, 4), "all of it");
    assert!(matches!(spool.take_disk_change(), Some(DiskChange::Works(_))));
}

#[test]
fn another_directory_is_used_from_a_reload_on() {
    let ((_one, first), (_two, second)) = (private("one"), private("two"));
    let mut spool = Spool::new(&config("4MiB", &first));
    push(&mut spool, 1, 100);
    send(&mut spool, false);
    spool.reconfigure(&config("4MiB", &second));
    assert!(spool.is_empty());
    push(&mut spool, 2, 100);
    send(&mut spool, false);
    spool.reconfigure(&config("4MiB", &first));
    assert_eq!(send(&mut spool, true), Some(1));
    assert_eq!(Spool::new(&config("4MiB", &second)).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is taken in, tried, taken and restarted: what is neither taken nor counted as lost is still there.
    #[test]
    fn nothing_is_lost_that_is_not_counted(
        steps in prop::collection::vec((0..10_u8, 2..30_000_usize), 1..120),
        on_disk: bool,
    ) {
        let (_place, directory) = private("property");
        let config = config("64KiB", if on_disk { &directory } else { "" });
        let mut spool = Spool::new(&config);
        let (mut given, mut taken, mut lost) = (0_u16, BTreeSet::new(), 0);
        for (step, length) in steps {
            match step {
                0..=4 => {
                    push(&mut spool, given, length);
                    given += 1;
                }
                5..=6 => drop(send(&mut spool, false)),
                7..=8 => taken.extend(send(&mut spool, true)),
                _ if on_disk => {
                    spool.store(&mut Vec::new());
                    lost += spool.lost;
                    spool = Spool::new(&config);
                }
                _ => {}
            }
            prop_assert!(spool.bytes() <= (64 << 10) + (256 << 10) + 30_100);
        }
        while let Some(number) = send(&mut spool, true) {
            taken.insert(number);
        }
        prop_assert_eq!(taken.len() as u64 + lost + spool.lost, u64::from(given));
    }
}
