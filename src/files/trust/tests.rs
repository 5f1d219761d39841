use super::*;

const SOMEBODY: u32 = 1000;
const NOBODY: u32 = 65534;

const ROOT: Reader = Reader { uid: 0, group_0: true, power: true };
/// As the daemon is started as root.
const DAEMON: Reader = Reader { uid: NOBODY, group_0: true, power: false };
const WITH_POWER: Reader = Reader { power: true, ..DAEMON };
/// As the program is started by anybody.
const ORDINARY: Reader = Reader { uid: SOMEBODY, group_0: false, power: false };

const fn node(kind: Kind, uid: u32, mode: u32) -> Node {
    Node { kind, uid, gid: uid, mode }
}

const fn directory(uid: u32, mode: u32) -> Node {
    node(Kind::Directory, uid, mode)
}

const fn link(uid: u32) -> Node {
    node(Kind::Link, uid, 0o777)
}

const fn file(uid: u32, mode: u32) -> Node {
    node(Kind::File, uid, mode)
}

const TOP: Node = directory(0, 0o755);
const TMP: Node = directory(0, 0o1777);
const CLOSED: Node = directory(0, 0o700);
const THEIRS: Node = directory(SOMEBODY, 0o755);
const SECRET: Node = file(0, 0o600);
const LEASES: Node = file(NOBODY, 0o644);
/// `/etc/shadow` of Debian.
const SHADOW: Node = Node { gid: 42, ..file(0, 0o640) };
/// For group 0 to read.
const FOR_GROUP_0: Node = file(0, 0o640);

const OK: Result<(), FileError> = Ok(());
const LINK: Result<(), FileError> = Err(FileError::LinkOfOthers);
const NOT_ROOTS: Result<(), FileError> = Err(FileError::NotRoots);

const LINK_TO_CLOSED: Result<(), FileError> = Err(FileError::LinkToClosed);

/// What comes out for those with root's power, for the daemon without it, and for an ordinary user.
type Verdicts = [Result<(), FileError>; 3];

const OF_THE_CONFIGURATION: [(&str, &[Node], Verdicts); 24] = [
    ("a file of /etc that is root's alone", &[TOP, TOP, SECRET], [OK, OK, OK]),
    ("the same behind a closed directory", &[TOP, CLOSED, SECRET], [OK, OK, OK]),
    ("and behind root's link", &[TOP, link(0), TOP, SECRET], [OK, OK, OK]),
    ("OpenWrt's leases", &[TOP, TMP, file(0, 0o644)], [OK, OK, OK]),
    ("dnsmasq's leases", &[TOP, TMP, LEASES], [OK, OK, OK]),
    ("leases behind root's link to a sticky directory", &[TOP, link(0), TOP, TMP, LEASES], [OK, OK, OK]),
    ("somebody's file that all may read", &[TOP, THEIRS, file(SOMEBODY, 0o644)], [OK, OK, OK]),
    ("leases behind somebody's link", &[TOP, THEIRS, link(SOMEBODY), TOP, TMP, LEASES], [OK, OK, OK]),
    ("a file of root's directory below a sticky one", &[TOP, TMP, TOP, SECRET], [OK, OK, OK]),
    (
        "somebody's closed file in a sticky directory",
        &[TOP, TMP, file(SOMEBODY, 0o600)],
        [NOT_ROOTS, NOT_ROOTS, OK],
    ),
    ("root's closed file in a sticky directory", &[TOP, TMP, SECRET], [NOT_ROOTS, NOT_ROOTS, OK]),
    ("root's closed file in somebody's directory", &[TOP, THEIRS, SECRET], [NOT_ROOTS, NOT_ROOTS, OK]),
    ("the same in root's directory in somebody's", &[TOP, THEIRS, TOP, SECRET], [NOT_ROOTS, NOT_ROOTS, OK]),
    ("somebody's closed file in /etc", &[TOP, TOP, file(SOMEBODY, 0o600)], [NOT_ROOTS, NOT_ROOTS, OK]),
    ("a directory that a group may write", &[TOP, directory(0, 0o775), SECRET], [NOT_ROOTS, NOT_ROOTS, OK]),
    (
        "somebody's link in a sticky directory",
        &[TOP, TMP, link(SOMEBODY), TOP, TOP, SHADOW],
        [LINK, LINK, LINK],
    ),
    ("even to what all may read", &[TOP, TMP, link(SOMEBODY), TOP, TMP, LEASES], [LINK, LINK, LINK]),
    ("the daemon's user's link there", &[TOP, TMP, link(NOBODY), TOP, TOP, FOR_GROUP_0], [LINK, LINK, LINK]),
    ("root's link there to what all may read", &[TOP, TMP, link(0), TOP, TMP, LEASES], [OK, OK, OK]),
    ("root's link there to what root may", &[TOP, TMP, link(0), TOP, SECRET], [NOT_ROOTS, NOT_ROOTS, OK]),
    (
        "somebody's link to what root may",
        &[TOP, THEIRS, link(SOMEBODY), TOP, SHADOW],
        [LINK_TO_CLOSED, LINK_TO_CLOSED, OK],
    ),
    (
        "somebody's link to what group 0 may",
        &[TOP, THEIRS, link(SOMEBODY), TOP, FOR_GROUP_0],
        [LINK_TO_CLOSED, LINK_TO_CLOSED, OK],
    ),
    ("what group 0 may", &[TOP, TMP, FOR_GROUP_0], [OK, OK, OK]),
    (
        "nothing yet in somebody's closed directory",
        &[TOP, directory(SOMEBODY, 0o700)],
        [NOT_ROOTS, NOT_ROOTS, OK],
    ),
];

#[test]
fn what_the_configuration_chose() {
    for (what, way, [with_power, daemon, ordinary]) in OF_THE_CONFIGURATION {
        let verdict = |reader| check(way, reader, ChosenBy::Configuration);
        assert_eq!(verdict(ROOT), with_power, "root, {what}");
        assert_eq!(verdict(WITH_POWER), with_power, "with the capability, {what}");
        // What it can't open the kernel refuses besides.
        assert_eq!(verdict(DAEMON), daemon, "without it, {what}");
        assert_eq!(verdict(ORDINARY), ordinary, "an ordinary user, {what}");
    }
}

#[test]
fn what_the_command_line_chose_may_be_somebodys_all_the_way() {
    let home = directory(SOMEBODY, 0o750);
    for (what, way, expected) in [
        ("a configuration at home", &[TOP, TOP, home, file(SOMEBODY, 0o600)][..], OK),
        ("behind a link at home", &[TOP, TOP, home, link(SOMEBODY), file(SOMEBODY, 0o600)], OK),
        ("root's file at home", &[TOP, TOP, home, SECRET], NOT_ROOTS),
        (
            "a link at home to root's file",
            &[TOP, TOP, home, link(SOMEBODY), TOP, TOP, SECRET],
            LINK_TO_CLOSED,
        ),
        (
            "a link at home to another's file",
            &[TOP, THEIRS, link(SOMEBODY), TOP, file(NOBODY, 0o600)],
            LINK_TO_CLOSED,
        ),
        ("a closed file in /tmp", &[TOP, TMP, SECRET], OK),
        ("a closed file of somebody's in /tmp", &[TOP, TMP, file(SOMEBODY, 0o600)], OK),
        ("a closed file where everybody may rename it", &[TOP, directory(0, 0o777), SECRET], NOT_ROOTS),
        ("a link in /tmp", &[TOP, TMP, link(SOMEBODY), TOP, TOP, file(SOMEBODY, 0o600)], LINK),
    ] {
        assert_eq!(check(way, ROOT, ChosenBy::CommandLine), expected, "{what}");
    }
}

#[test]
fn what_is_the_readers_own_takes_no_power() {
    let own = [TOP, TMP, file(NOBODY, 0o600)];
    for reader in [DAEMON, WITH_POWER] {
        assert_eq!(check(&own, reader, ChosenBy::Configuration), OK);
    }
    assert_eq!(check(&own, ROOT, ChosenBy::Configuration), NOT_ROOTS);
    // Even then somebody else may have put a link there for it.
    let by_link = [TOP, THEIRS, link(SOMEBODY), TOP, file(NOBODY, 0o600)];
    assert_eq!(check(&by_link, DAEMON, ChosenBy::Configuration), LINK_TO_CLOSED);
}

#[test]
fn for_what_the_capability_is_kept() {
    for (way, expected) in [
        (&[TOP, TOP, SECRET][..], true),
        (&[TOP, CLOSED], true),
        (&[TOP, TMP, TOP, SECRET], true),
        (&[TOP, TMP, SECRET], false),
        (&[TOP, TMP], false),
        (&[TOP, TMP, CLOSED], true),
        (&[TOP, TMP, link(0), TOP, SECRET], false),
        (&[TOP, THEIRS, SECRET], false),
        (&[TOP, TOP, file(SOMEBODY, 0o600)], false),
        (&[directory(0, 0o777), TOP, SECRET], false),
    ] {
        assert_eq!(is_roots(way), expected, "{way:?}");
    }
}

#[test]
fn where_others_could_lead_what_is_written() {
    let (ours, ours_for_all) = (directory(SOMEBODY, 0o700), directory(SOMEBODY, 0o1777));
    for (way, expected) in [
        (&[TOP, TMP, ours][..], None),
        (&[TOP, TMP, directory(SOMEBODY, 0o755), ours_for_all], None),
        (&[TOP, TMP, link(0), link(SOMEBODY), ours], None),
        (&[directory(0, 0o777), ours], Some(0)),
        (&[TOP, directory(0, 0o775), ours], Some(1)),
        (&[TOP, ours, directory(SOMEBODY, 0o757)], Some(2)),
        (&[TOP, ours, directory(SOMEBODY, 0o2775), ours], Some(2)),
        (&[TOP, directory(NOBODY, 0o755), ours], Some(1)),
        (&[TOP, directory(NOBODY, 0o700)], Some(1)),
        (&[TOP, directory(NOBODY, 0o1777), ours], Some(1)),
        (&[TOP, link(NOBODY), TOP, ours], Some(1)),
        (&[TOP, TMP, link(NOBODY), directory(0, 0o777)], Some(2)),
        (&[], None),
    ] {
        assert_eq!(first_open_to_others(way, SOMEBODY), expected, "{way:?}");
    }
    assert_eq!(first_open_to_others(&[TOP, ours], 0), Some(1), "root trusts nobody else's");
}
