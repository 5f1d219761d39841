//! What devices call themselves, and how claims that clash are told apart.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[test]
fn a_claim_is_the_name_and_without_one_the_mac() {
    assert_eq!(names(&["2=phone 3=*"], &[2, 3]), ["phone", "02:00:00:a1:b2:03"]);
}

#[test]
fn of_equal_claims_the_first_seen_keeps_the_plain_name() {
    assert_eq!(names(&["2=phone", "2=phone 3=Phone"], &[2, 3]), ["phone", "Phone-a1b203"]);
    assert_eq!(names(&["2=phone 3=*", "2=* 3=phone"], &[2, 3]), ["phone", "phone-a1b203"]);
}

#[test]
fn equal_claims_seen_in_one_reading_both_get_the_suffix() {
    assert_eq!(names(&["2=phone 3=PHONE"], &[2, 3]), ["phone-a1b202", "PHONE-a1b203"]);
    assert_eq!(
        names(&["2=phone 3=phone", "4=phone"], &[2, 3, 4]),
        ["phone-a1b202", "phone-a1b203", "phone-a1b204"]
    );
}

#[test]
fn equal_claims_are_equal_whatever_their_case_and_composition() {
    assert_eq!(names(&["2=Büro 3=BÜRO"], &[2, 3]), ["Büro-a1b202", "BÜRO-a1b203"]);
    assert_eq!(
        names(&["2=\u{c5}", "2=\u{c5} 3=A\u{30a} 4=\u{212b}"], &[2, 3, 4]),
        ["\u{c5}", "A\u{30a}-a1b203", "\u{212b}-a1b204"]
    );
    assert_eq!(names(&["2=Büro", "2=bu\u{308}ro", "3=BÜRO"], &[2, 3]), ["bu\u{308}ro", "BÜRO-a1b203"]);
    let mut devices = devices();
    devices.reconfigure(Settings { router: Name::clean("Zuhause Süd".as_bytes()), ..settings() });
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.2 ZUHAUSE SU\u{308}D *\n");
    assert_eq!(name(&devices, 2), "ZUHAUSE SU\u{308}D-a1b202", "a reserved name");
    assert_eq!(names(&["2=tv-a1b2\u{fb00}", "255=tv"], &[2]), ["tv-a1b2\u{fb00}-a1b202"]);
}

#[test]
fn a_clash_lasts_when_its_cause_has_gone() {
    let both = ["2=phone 3=phone", "2=phone 3=tablet"];
    assert_eq!(names(&both, &[2, 3]), ["phone-a1b202", "tablet"]);
    let later = ["2=phone", "3=phone", "2=other-name", "4=phone"];
    assert_eq!(names(&later, &[3, 4]), ["phone-a1b203", "phone-a1b204"], "nobody gets a contested name anew");
    assert_eq!(names(&["2=phone", "3=phone", "2=tv", "2=phone"], &[2]), ["phone-a1b202"]);
}

#[test]
fn a_name_that_is_free_again_may_be_claimed() {
    assert_eq!(names(&["2=phone", "2=tv", "3=phone"], &[2, 3]), ["tv", "phone"]);
}

#[test]
fn a_name_changes_by_a_new_claim_but_never_by_silence() {
    assert_eq!(names(&["2=phone", "2=*"], &[2]), ["phone"]);
    assert_eq!(names(&["2=phone", "3=tv"], &[2]), ["phone"]);
    assert_eq!(names(&["2=phone", "2=PHONE"], &[2]), ["PHONE"]);
}

#[test]
fn reserved_words_and_shapes_of_others_get_the_suffix() {
    for word in ["router", "Other", "GATEWAY", "10.0.0.9", "fe80::1", "02:00:00:00:00:09", "aabbccddeeff"] {
        assert_eq!(names(&[&format!("2={word}")], &[2]), [format!("{word}-a1b202")]);
    }
    for own in ["192.168.8.2", "02-00-00-A1-B2-02"] {
        assert_eq!(names(&[&format!("2={own}")], &[2]), [own]);
    }
}

#[test]
fn another_devices_suffix_is_not_to_be_had() {
    assert_eq!(names(&["2=tv-a1b203"], &[2]), ["tv-a1b203"], "nobody known has these octets");
    assert_eq!(names(&["2=tv-a1b203 3=*"], &[2]), ["tv-a1b203-a1b202"]);
    assert_eq!(
        names(&["2=tv-a1b203", "3=tv"], &[2, 3]),
        ["tv-a1b203-a1b202", "tv"],
        "also when it is known later"
    );
    assert_eq!(names(&["3=tv-a1b203"], &[3]), ["tv-a1b203"], "its own it may have");
}

#[test]
fn where_the_suffix_clashes_the_mac_is_the_name() {
    let mut devices = devices();
    let twins = "1 02:00:00:a1:b2:02 192.168.8.2 phone *\n1 06:00:00:a1:b2:02 192.168.8.3 phone *\n";
    learn(&mut devices, twins);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["phone-a1b202", "06:00:00:a1:b2:02"]);
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.2 gone *\n");
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["gone", "06:00:00:a1:b2:02"], "it lasts");
}

#[test]
fn no_suffix_makes_a_reserved_word_of_a_claim() {
    let mut devices = devices();
    devices.reconfigure(Settings { router: Name::clean(b"box-a1b202"), ..settings() });
    learn(&mut devices, &lease_lines("2=box 3=box"));
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["02:00:00:a1:b2:02", "box-a1b203"]);
}

#[test]
fn no_claim_ends_up_as_the_mac_of_another() {
    assert_eq!(names(&["2=aabbcc 3=AA:BB:CC"], &[2]), ["aabbcc"], "of what was given it is none");
    assert_eq!(names(&["2=aabbcc 3=aabbcc"], &[2, 3]), ["02:00:00:a1:b2:02", "02:00:00:a1:b2:03"]);
    let mut devices = devices();
    let text = "1 02:00:00:a1:b2:02 192.168.8.2 * *\n1 1 2001:db8::1 router 02:00:00:a1:b2:02\n\
        1 2 2001:db8::2 router 02:ff:00:a1:b2:02\n";
    learn(&mut devices, text);
    assert_eq!(name(&devices, 2), "02:00:00:a1:b2:02");
    let mut claimed = [1, 2].map(|last| name_at(&devices, &format!("2001:db8::{last}")));
    claimed.sort();
    assert_eq!(claimed, [None, Some("router-a1b202".into())]);
}

#[test]
fn duids_that_look_alike_are_told_apart() {
    let mut devices = devices();
    let lease = |last: u8, name: &str, duid: &str| format!("1 {last} 2001:db8::{last} {name} {duid}\n");
    let [a, b] = ["00:02:00:00:ab:11:11:22:33", "00:02:00:00:ab:22:11:22:33"];
    let text = [lease(1, "x", a), lease(2, "x", b), lease(3, b, "00:02:00:00:ab:33:44:55:66")];
    learn(&mut devices, &text.concat());
    let names = [1, 2, 3].map(|last| name_at(&devices, &format!("2001:db8::{last}")).unwrap());
    assert_eq!(names, ["x-112233", b, &format!("{b}-445566")]);
}

#[test]
fn another_name_for_the_router_is_reserved_at_once() {
    let mut devices = devices();
    learn(&mut devices, &lease_lines("2=box 3=gateway"));
    devices.reconfigure(Settings { router: Name::clean(b"box"), ..settings() });
    learn(&mut devices, &lease_lines("2=box 3=gateway"));
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["box-a1b202", "gateway-a1b203"]);
}

proptest! {
    #[test]
    fn final_names_are_unique_and_never_reserved(
        readings in prop::collection::vec(
            prop::collection::vec((0..8u8, prop::sample::select(vec![
                "phone", "Phone", "phone-a1b203", "phone-a1b203-a1b204", "router", "other", "gateway", "192.168.8.3",
                "02:00:00:a1:b2:03", "tv", "*",
            ])), 0..8),
            1..6,
        )
    ) {
        let mut devices = devices();
        for reading in readings {
            let lines: Vec<String> = reading.iter().map(|(last, name)| format!("{last}={name}")).collect();
            if !lines.is_empty() {
                learn(&mut devices, &lease_lines(&lines.join(" ")));
            }
            let ids = devices.inventory.iter().map(|(id, _)| id);
            let names: Vec<_> = ids.filter_map(|id| devices.naming.device(id)?.name.clone()).collect();
            let folded: HashSet<_> = names.iter().map(Name::folded).collect();
            prop_assert_eq!(folded.len(), names.len(), "{:?}", names);
            for reserved in ["router", "other", "gateway"] {
                prop_assert!(!folded.contains(reserved));
            }
        }
    }
}
