use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::test_directory::TestDirectory;

const ROOMY: u64 = 64 << 20;

fn place(test: &str) -> TestDirectory {
    let place = TestDirectory::new(&format!("spool-disk-{test}"));
    fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
    place
}

fn body(number: usize, length: usize) -> Bytes {
    Bytes::from(vec![u8::try_from(number % 251).unwrap(); length])
}

fn read_all(disk: &Disk, slots: &[Slot]) -> Vec<Bytes> {
    slots.iter().map(|slot| disk.read(slot).unwrap()).collect()
}

fn files(place: &TestDirectory) -> usize {
    fs::read_dir(&**place).unwrap().count()
}

#[test]
fn what_was_appended_is_there_after_a_restart_in_its_order() {
    let place = place("restart");
    let mut disk = Disk::new(&place, ROOMY);
    assert_eq!(disk.load(), []);
    let bodies: Vec<_> = (0..40).map(|number| body(number, 100_000)).collect();
    let slots: Vec<_> = bodies.iter().map(|body| disk.append(body).unwrap()).collect();
    assert_eq!(read_all(&disk, &slots), bodies);
    assert_eq!(files(&place), 4, "a segment has a MiB");
    let mut again = Disk::new(&place, ROOMY);
    let found = again.load();
    assert_eq!(found, slots);
    assert_eq!(read_all(&again, &found), bodies);
    assert_eq!(again.bytes(), disk.bytes());
    // What comes goes into a file of its own.
    let slot = again.append(&body(7, 10)).unwrap();
    assert!(found.iter().all(|found| found.segment < slot.segment));
}

#[test]
fn a_file_goes_when_nothing_in_it_waits_any_more() {
    let place = place("done");
    let mut disk = Disk::new(&place, ROOMY);
    disk.load();
    let slots: Vec<_> = (0..12).map(|number| disk.append(&body(number, 200_000)).unwrap()).collect();
    assert_eq!(files(&place), 3);
    for slot in &slots[1..] {
        disk.remove(slot);
    }
    assert_eq!(files(&place), 1, "the first still waits");
    assert_eq!(Disk::new(&place, ROOMY).load(), slots[..1], "and nobody else after a restart");
    disk.remove(&slots[0]);
    assert_eq!((files(&place), disk.bytes()), (0, 0));
    assert!(disk.append(&body(1, 1)).is_some());
}

#[test]
fn a_torn_record_is_cut_and_what_is_before_it_is_not() {
    let place = place("torn");
    let mut disk = Disk::new(&place, ROOMY);
    disk.load();
    for number in 0..5 {
        disk.append(&body(number, 1000)).unwrap();
    }
    let file = place.join("snapshots-0000000001");
    let whole = fs::read(&file).unwrap();
    for cut in [whole.len() - 1, whole.len() - 500, whole.len() - 1004, 8 + 1009] {
        fs::write(&file, &whole[..cut]).unwrap();
        assert_eq!(Disk::new(&place, ROOMY).load().len(), (cut - 8) / 1009, "{cut}");
    }
    // Nothing of it is whole: it goes, and something else that isn't ours stays.
    fs::write(&file, &whole[..100]).unwrap();
    fs::write(place.join("snapshots-2"), "mine").unwrap();
    fs::write(place.join("README"), "mine").unwrap();
    let mut disk = Disk::new(&place, ROOMY);
    assert_eq!((disk.load(), files(&place)), (vec![], 2));
}

#[test]
fn the_oldest_file_gives_way() {
    let place = place("room");
    let mut disk = Disk::new(&place, 800_000);
    disk.load();
    let mut gone = Vec::new();
    for number in 0..100 {
        while let Some(segment) = disk.make_room(30_000) {
            gone.push(segment);
        }
        disk.append(&body(number, 30_000)).unwrap();
        assert!(disk.bytes() <= 800_000);
    }
    assert!(gone.len() > 10 && gone.is_sorted(), "{gone:?}");
    let found = Disk::new(&place, 800_000).load();
    assert!((20..=26).contains(&found.len()), "{}", found.len());
}

#[test]
fn a_directory_that_is_not_there_is_told_once_and_so_is_its_return() {
    let place = place("absent");
    let directory = place.join("spool");
    let mut disk = Disk::new(&directory, ROOMY);
    assert_eq!(disk.load(), []);
    assert!(matches!(disk.take_change(), Some(DiskChange::Fails(path, _)) if path == directory));
    assert_eq!((disk.append(&body(1, 9)), disk.errors), (None, 1));
    assert!(disk.take_change().is_none());
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
    assert_eq!((disk.append(&body(1, 9)), disk.errors), (None, 2), "others may write there");
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    assert!(disk.append(&body(1, 9)).is_some());
    assert!(matches!(disk.take_change(), Some(DiskChange::Works(path)) if path == directory));
}

#[test]
fn what_was_changed_behind_its_back_is_not_read() {
    let place = place("changed");
    let mut disk = Disk::new(&place, ROOMY);
    disk.load();
    let slot = disk.append(&body(1, 100)).unwrap();
    let file = place.join("snapshots-0000000001");
    let mut text = fs::read(&file).unwrap();
    *text.last_mut().unwrap() ^= 1;
    fs::write(&file, &text).unwrap();
    assert_eq!(disk.read(&slot), None);
    fs::remove_file(&file).unwrap();
    assert_eq!(disk.read(&slot), None);
}
