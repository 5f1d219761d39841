use std::env;

use super::*;

/// As if it had been started as root for a configuration that needs nothing.
fn reduced() -> Privileges {
    Privileges {
        user: User::default(),
        was_root: true,
        identity: Identity { uid: 65534, gid: 0, groups: Vec::new() },
        kept: CapabilitySet::empty(),
        given_up: CapabilitySet::all(),
        netlink: false,
        processes: false,
        table: Some("/table".into()),
        closed: Vec::new(),
        untrusted: Vec::new(),
        bounding_set_is_empty: true,
    }
}

fn need() -> Need {
    Need {
        user: User::default(),
        replayed: false,
        netlink: false,
        processes: false,
        table: None,
        files: Vec::new(),
    }
}

#[test]
fn what_was_given_up_takes_a_restart() {
    let reduced = reduced();
    assert_eq!(reduced.restart_needed(&need()), None);
    assert_eq!(reduced.restart_needed(&Need { netlink: true, ..need() }), Some(RestartNeededError::NetAdmin));
    let error = reduced.restart_needed(&Need { user: User::Uid(7), ..need() });
    assert_eq!(
        error.map(|error| error.to_string()),
        Some("restart needed: user = \"7\", and it runs as user \"nobody\"".to_owned())
    );
    let files = [env::temp_dir().join("conntrack-exporter-absent"), env::temp_dir()];
    let files = files.map(|path| (Root::live(), path)).to_vec();
    assert_eq!(reduced.restart_needed(&Need { files, ..need() }), None, "neither is a file that is closed");
}

#[test]
fn what_was_kept_or_never_there_takes_none() {
    let wanting = Need { netlink: true, user: User::Uid(7), ..need() };
    let started_as_user = Privileges { was_root: false, given_up: CapabilitySet::empty(), ..reduced() };
    assert_eq!(started_as_user.restart_needed(&wanting), None);
    let with_netlink = Privileges {
        kept: CapabilitySet::NET_ADMIN,
        given_up: CapabilitySet::all() - CapabilitySet::NET_ADMIN,
        netlink: true,
        ..reduced()
    };
    assert_eq!(with_netlink.restart_needed(&Need { netlink: true, ..need() }), None);
    assert_eq!(with_netlink.missing(), [""; 0]);
    assert_eq!(with_netlink.capabilities().len(), 1);
}

#[test]
fn what_is_missing_is_told_with_a_remedy() {
    let names = ["/table", "/a", "/b", "/c", "/d", "/e"].map(PathBuf::from);
    let lacking = Privileges { was_root: false, netlink: true, closed: names.to_vec(), ..reduced() };
    let missing = lacking.missing();
    assert_eq!(missing.len(), 2);
    assert!(missing.iter().any(|text| text.contains("AmbientCapabilities=CAP_NET_ADMIN")), "{missing:?}");
    assert!(missing.iter().any(|text| text.contains("/a, /b, /c and 2 more")), "{missing:?}");
    assert_eq!(lacking.capabilities(), ["no capabilities"]);
    let untrusting = Privileges { untrusted: vec!["/tmp/leases".into()], ..reduced() };
    let missing = untrusting.missing();
    assert!(
        missing.iter().any(|text| text.contains("/tmp/leases: it takes root's power to read it")),
        "{missing:?}"
    );
    let contained = Privileges { was_root: true, ..lacking };
    let missing = contained.missing();
    assert!(missing.iter().all(|text| text.contains("in a container?")), "{missing:?}");
}

#[test]
fn who_is_in_group_0() {
    let identity = |gid, groups: &[u32]| Identity { uid: 1, gid, groups: groups.to_vec() };
    assert!(identity(0, &[]).is_in_group_0() && identity(5, &[4, 0]).is_in_group_0());
    assert!(!identity(5, &[4]).is_in_group_0());
}

#[test]
fn a_table_that_is_not_there_yet_is_closed_to_all_but_group_0() {
    let table = env::temp_dir().join("conntrack-exporter-no-table");
    let need = Need { table: Some(table.clone()), ..need() };
    let identity = |gid| Identity { uid: 1, gid, groups: Vec::new() };
    assert_eq!(closed_files(&need, &identity(0)), []);
    assert_eq!(closed_files(&need, &identity(1)), [(Root::live(), table)]);
}

#[test]
fn both_capabilities_are_kept_to_see_processes_or_none() {
    let wanting = Need { processes: true, ..need() };
    let (all, ptrace, reads) =
        (CapabilitySet::all(), CapabilitySet::SYS_PTRACE, CapabilitySet::DAC_READ_SEARCH);
    assert_eq!(need().wanted(all), CapabilitySet::empty());
    assert_eq!(wanting.wanted(all), ptrace | reads);
    assert_eq!(wanting.wanted(ptrace | reads), ptrace | reads);
    for one in [ptrace, reads, CapabilitySet::NET_ADMIN] {
        assert_eq!(wanting.wanted(one), CapabilitySet::empty(), "one alone shows nothing");
    }
    let asking = Need { netlink: true, ..wanting };
    assert_eq!(asking.wanted(ptrace | CapabilitySet::NET_ADMIN), CapabilitySet::NET_ADMIN);
}

#[test]
fn who_may_see_processes_and_who_may_not_is_told() {
    let both = TO_SEE_PROCESSES;
    let seeing =
        Privileges { processes: true, kept: both, given_up: CapabilitySet::all() - both, ..reduced() };
    assert_eq!(seeing.missing(), [""; 0]);
    assert_eq!(
        seeing.capabilities(),
        ["CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: system.processes = true tells which process listens"]
    );
    let also_a_file = Privileges { closed: vec!["/a".into()], ..seeing.clone() };
    assert_eq!(also_a_file.capabilities().len(), 2);
    assert_eq!(also_a_file.missing(), [""; 0]);
    assert_eq!(seeing.restart_needed(&Need { processes: true, ..need() }), None);

    for (had, lacking, remedy) in [
        (
            CapabilitySet::SYS_PTRACE,
            "CAP_DAC_READ_SEARCH is missing",
            "AmbientCapabilities=CAP_DAC_READ_SEARCH",
        ),
        (CapabilitySet::DAC_READ_SEARCH, "CAP_SYS_PTRACE is missing", "AmbientCapabilities=CAP_SYS_PTRACE"),
        (
            CapabilitySet::empty(),
            "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are missing",
            "AmbientCapabilities=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH",
        ),
    ] {
        let lacks = Privileges {
            was_root: false,
            processes: true,
            kept: CapabilitySet::empty(),
            given_up: had,
            ..reduced()
        };
        let missing = lacks.missing();
        assert!(missing.len() == 1 && missing[0].starts_with(lacking), "{missing:?}");
        assert!(missing[0].contains(&format!("{remedy})")), "{missing:?}");
        assert_eq!(lacks.capabilities(), ["no capabilities"]);
        assert_eq!(
            lacks.restart_needed(&Need { processes: true, ..need() }),
            None,
            "a restart gives nothing"
        );
    }
}

#[test]
fn to_see_processes_takes_a_restart() {
    let refused = reduced().restart_needed(&Need { processes: true, ..need() });
    assert_eq!(refused, Some(RestartNeededError::Processes));
    // What one file needed was kept, the other capability not.
    let kept = CapabilitySet::DAC_READ_SEARCH;
    let reading = Privileges { kept, given_up: CapabilitySet::all() - kept, ..reduced() };
    let refused = reading.restart_needed(&Need { processes: true, ..need() });
    assert_eq!(refused, Some(RestartNeededError::Processes));
}
