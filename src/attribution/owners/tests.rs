use super::*;
use crate::devices::mac::Mac;

#[expect(clippy::unnecessary_wraps, reason = "as look-ups give it")]
fn laptop(_: IpAddr) -> Option<Identity> {
    Some(Identity::Device(DeviceId::Mac(Mac([0; 6]))))
}

#[expect(clippy::unnecessary_wraps, reason = "as look-ups give it")]
fn bare(address: IpAddr) -> Option<Identity> {
    Some(Identity::Address(address))
}

fn nothing(_: OwnerId) -> bool {
    false
}

fn enter(table: &mut OwnerTable, address: &str, identity: fn(IpAddr) -> Option<Identity>) -> OwnerId {
    let address = address.parse().unwrap();
    table.enter(address, identity(address), false)
}

fn scan(table: &mut OwnerTable, addresses: u32) {
    for last in 0..addresses {
        let address = IpAddr::V4((0x0a00_0000 + last).into());
        table.enter(address, bare(address), false);
    }
}

#[test]
fn each_device_has_one_number() {
    let mut table = OwnerTable::default();
    let first = enter(&mut table, "192.168.8.2", laptop);
    assert!(first.is_device());
    assert_ne!(enter(&mut table, "192.168.8.3", bare), first);
    assert_eq!(enter(&mut table, "2001:db8::1", laptop), first);
    assert_eq!(enter(&mut table, "2001:db8::2", |_| None), OwnerId::UNATTRIBUTED);
    assert!(!OwnerId::OVERFLOW.is_device());
    assert_eq!(table.owner_at("192.168.8.2".parse().unwrap()), Some(first));
    assert_eq!((table.ids().count(), table.places()), (2, 5));
    assert_eq!(table.identity(first), laptop(IpAddr::from([0; 4])).as_ref());
    assert_eq!(table.identity(OwnerId::ROUTER), None);
}

#[test]
fn another_name_or_prefix_flushes_look_ups_and_no_identity() {
    let mut table = OwnerTable::default();
    let owner = enter(&mut table, "192.168.8.2", laptop);
    let epoch = table.epoch();
    table.begin((0, 0), nothing);
    assert_eq!((table.epoch(), table.owner_at("192.168.8.2".parse().unwrap())), (epoch, Some(owner)));
    table.begin((1, 0), nothing);
    assert_ne!(table.epoch(), epoch);
    assert_eq!(table.owner_at("192.168.8.2".parse().unwrap()), None);
    assert_eq!(enter(&mut table, "192.168.8.77", laptop), owner, "the same device at another address");
}

#[test]
fn what_is_known_of_an_owner_changes_and_its_number_does_not() {
    let mut table = OwnerTable::default();
    let named = enter(&mut table, "10.0.0.2", |address| Some(Identity::Named(address)));
    let address = "10.0.0.2".parse().unwrap();
    for (bare_ones, identity) in [(1, Identity::Address(address)), (0, Identity::Named(address))] {
        table.begin((table.generation.0 + 1, 0), nothing);
        assert_eq!(table.enter(address, Some(identity.clone()), false), named);
        assert_eq!((table.identity(named), table.bare), (Some(&identity), bare_ones));
    }
}

#[test]
fn a_scan_with_forged_sources_is_bounded() {
    let mut table = OwnerTable::default();
    scan(&mut table, 100_000);
    assert_eq!((table.ids().count(), table.by_address.len()), (BARE_AT_MOST, BARE_AT_MOST));
    let address = "10.9.9.9".parse().unwrap();
    assert_eq!(table.enter(address, bare(address), false), OwnerId::OVERFLOW);
    assert!(table.enter(address, bare(address), true).is_device(), "was shown before");
    let eui64 = Some(Identity::Eui64Only(DeviceId::Mac(Mac([2, 0, 0, 0, 0, 1]))));
    assert_eq!(table.enter("2001:db8::ff:fe00:1".parse().unwrap(), eui64, false), OwnerId::OVERFLOW);
    table.begin((0, 0), nothing);
    assert_eq!(table.ids().count(), 1, "others have their turn");
}

#[test]
fn who_leaves_frees_the_place_and_never_the_number() {
    let mut table = OwnerTable::default();
    scan(&mut table, 2000);
    let before: Vec<OwnerId> = table.ids().collect();
    let remembered = before[7];
    table.begin((0, 0), |owner| owner == remembered);
    assert_eq!(table.ids().collect::<Vec<_>>(), [remembered], "what is remembered stays");
    assert_eq!(table.by_key.len(), 1);
    scan(&mut table, 2000);
    let after: Vec<OwnerId> = table.ids().collect();
    assert_eq!((after.len(), table.places()), (BARE_AT_MOST, BARE_AT_MOST + 3), "the places are used again");
    table.begin((0, 0), |owner| owner == remembered);
    assert_eq!(table.places(), remembered.place() + 1, "tables are as long as the highest place in use");
    let next = enter(&mut table, "192.168.8.2", laptop);
    assert!(next.place() < remembered.place(), "the lowest are given first");
    let again = after.iter().filter(|owner| before.contains(owner));
    assert_eq!(again.collect::<Vec<_>>(), [&remembered], "no number is given twice");
    assert!(
        before.iter().filter(|owner| **owner != remembered).all(|owner| table.identity(*owner).is_none())
    );
}

#[test]
fn one_device_at_countless_addresses_is_bounded() {
    let mut table = OwnerTable::default();
    let device = Some(Identity::Eui64Only(DeviceId::Mac(Mac([2, 0, 0, 0, 0, 1]))));
    for network in 0..100_000_u128 {
        let address = IpAddr::V6((network << 64 | 1).into());
        assert!(table.enter(address, device.clone(), false).is_device());
    }
    assert_eq!((table.by_address.len(), table.ids().count()), (ADDRESSES_AT_MOST, 1));
    table.begin((0, 0), nothing);
    assert!(table.by_address.is_empty(), "others have their turn");
}

#[test]
fn there_are_no_more_owners_than_places() {
    let mut table = OwnerTable::default();
    let device = |number: u32| {
        let [_, b, c, d] = number.to_be_bytes();
        Some(Identity::Device(DeviceId::Mac(Mac([2, 0, 0, b, c, d]))))
    };
    let address = |number: u32| IpAddr::V4((0x0a00_0000 + number).into());
    let enter = |table: &mut OwnerTable, number| table.enter(address(number), device(number), false);
    for number in 0..20_000 {
        enter(&mut table, number);
    }
    assert_eq!((table.places(), enter(&mut table, 20_000)), (OWNERS_AT_MOST, OwnerId::OVERFLOW));
    let first = table.owner_at(address(0)).unwrap();
    table.begin((0, 0), |owner| owner == first);
    assert_eq!(table.ids().collect::<Vec<_>>(), [first]);
    assert!(enter(&mut table, 20_000).is_device());
}
