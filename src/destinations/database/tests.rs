use super::super::encoder::{Value, country, database, system};
use super::*;
use proptest::prelude::*;

fn name(database: &Database, address: &str) -> Option<String> {
    database.name(address.parse().unwrap()).map(|name| name.to_string())
}

fn of_every_sort() -> Vec<u8> {
    database(
        "Test-ASN",
        1_796_040_000,
        &[
            ("198.51.100.0/24", system("Example Video Inc.")),
            ("2001:db8:7::/48", system("Six")),
            ("192.0.2.0/25", country("DE", Some("Germany"))),
            ("192.0.2.128/25", country("FR", None)),
            ("203.0.113.0/26", system("a\nb\\")),
            ("203.0.113.64/26", system("other")),
            ("203.0.113.128/26", system("*")),
            ("203.0.113.192/27", system("")),
            ("203.0.113.224/27", Value::Map(vec![("country", Value::Text("Nowhere"))])),
        ],
    )
}

#[test]
fn names_of_systems_and_of_countries() {
    let database = Database::new(of_every_sort()).unwrap();
    for (address, expected) in [
        ("198.51.100.7", Some("Example Video Inc.")),
        ("2001:db8:7::1", Some("Six")),
        ("192.0.2.1", Some("Germany")),
        ("192.0.2.129", Some("FR")),
        ("203.0.113.1", Some("a_b_")),
        ("203.0.113.65", Some("other_")),
        ("203.0.113.129", Some("*_")),
        ("203.0.113.193", None),
        ("203.0.113.225", None),
        ("198.51.101.1", None),
        ("2001:db8:8::1", None),
    ] {
        assert_eq!(name(&database, address).as_deref(), expected, "{address}");
    }
    assert_eq!(database.to_string(), "Test-ASN of 2026-11-30");
}

#[test]
fn a_date_that_nothing_can_show_is_left_out() {
    for built in [0, LAST_SECOND + 1, 1 << 40] {
        let database = Database::new(database("Test", built, &[])).unwrap();
        assert_eq!(database.to_string(), "Test");
    }
    let last = Database::new(database("Test", LAST_SECOND, &[])).unwrap();
    assert_eq!(last.to_string(), "Test of 9999-12-31");
}

#[test]
fn what_is_cut_is_refused() {
    let whole = of_every_sort();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        let error = Database::new(whole[..length].to_vec()).expect_err("cut");
        assert!(error.to_string().starts_with("not a whole .mmdb file: "), "{error}");
    }
}

proptest! {
    #[test]
    fn whatever_the_bytes_are_names_are_safe(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = of_every_sort();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let Ok(database) = Database::new(bytes) else { return Ok(()) };
        let shown = database.to_string();
        prop_assert!(!shown.contains('\n'));
        for address in ["198.51.100.7", "2001:db8:7::1", "192.0.2.1", "192.0.2.129", "203.0.113.1"] {
            if let Some(name) = name(&database, address) {
                prop_assert!(name != "other" && name != "*" && !name.contains(['\n', '\\']) && name.len() <= 65);
            }
        }
    }
}
