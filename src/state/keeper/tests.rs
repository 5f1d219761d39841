use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::devices::absolute_path::AbsolutePath;
use crate::state::KnownAlert;
use crate::test_directory::TestDirectory;

const START: Duration = Duration::from_secs(100);

fn private(test: &str) -> TestDirectory {
    let place = TestDirectory::new(&format!("state-{test}"));
    fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
    place
}

fn at(path: &Path) -> StateDirectory {
    StateDirectory::At(AbsolutePath::try_from(path.to_str().unwrap().to_owned()).unwrap())
}

fn keeper(path: &Path) -> StateKeeper {
    StateKeeper::new(&at(path), &Root::live(), START)
}

/// A state that can be told from others by this.
fn state(since: u64) -> State {
    let alert = KnownAlert { device: "tv".into(), rule: "leak".into(), severity: "warning".into(), since };
    State { alerts: vec![alert], ..State::default() }
}

fn files(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

#[test]
fn what_one_run_has_written_the_next_one_reads() {
    let place = private("next");
    assert_eq!(keeper(&place).load(), State::default());
    keeper(&place).save(&state(7), START);
    assert_eq!(files(&place), ["state"]);
    assert_eq!(keeper(&place).load(), state(7));
}

#[test]
fn it_is_written_every_six_hours_and_only_what_is_new() {
    let place = private("every");
    let mut keeper = keeper(&place);
    let after = |hours| START + Duration::from_hours(hours);
    assert!(!keeper.is_due(after(5)) && keeper.is_due(after(6)));
    keeper.save(&state(7), after(6));
    assert!(!keeper.is_due(after(11)) && keeper.is_due(after(12)));
    fs::remove_file(place.join("state")).unwrap();
    keeper.save(&state(7), after(12));
    assert!(files(&place).is_empty(), "as far as it knows that is what is there");
    keeper.save(&state(8), after(12));
    assert_eq!(keeper.load(), state(8));
}

#[test]
fn who_is_killed_while_writing_leaves_the_old_one() {
    let place = private("killed");
    keeper(&place).save(&state(7), START);
    let whole = fs::read(place.join("state")).unwrap();
    fs::write(place.join("state.new"), &whole[..20]).unwrap();
    let mut next = keeper(&place);
    assert_eq!(next.load(), state(7));
    next.save(&state(8), START);
    assert_eq!((files(&place), next.load()), (vec!["state".to_owned()], state(8)));
}

#[test]
fn what_can_not_be_read_is_set_aside_and_one_is_kept() {
    let place = private("aside");
    let file = place.join("state");
    keeper(&place).save(&state(7), START);
    let whole = fs::read(&file).unwrap();
    let mut other_version = whole.clone();
    other_version[25] = 200;
    let large = vec![0; usize::try_from(LARGEST).unwrap() + 1];
    for garbage in [&whole[..30], b"garbage", b"", &other_version, &large] {
        fs::write(&file, garbage).unwrap();
        assert_eq!(keeper(&place).load(), State::default());
        assert_eq!(files(&place), ["state.unreadable"]);
        assert_eq!(fs::read(place.join("state.unreadable")).unwrap(), garbage);
        assert_eq!(keeper(&place).load(), State::default(), "and that is all");
    }
    symlink("/etc/passwd", &file).unwrap();
    assert_eq!(keeper(&place).load(), State::default());
    assert!(place.join("state.unreadable").is_symlink(), "it was not followed");
}

#[test]
fn where_it_can_not_be_written_the_program_goes_on() {
    let place = private("refused");
    fs::set_permissions(&*place, Permissions::from_mode(0o777)).unwrap();
    let mut open_to_others = keeper(&place);
    open_to_others.save(&state(7), START);
    assert!(files(&place).is_empty() && open_to_others.failing.ends(), "it has said so");
    fs::set_permissions(&*place, Permissions::from_mode(0o700)).unwrap();
    open_to_others.save(&state(7), START);
    assert_eq!(files(&place), ["state"]);
    let mut gone = keeper(&place.join("missing"));
    assert_eq!(gone.load(), State::default());
    gone.save(&state(7), START);
    assert!(!place.join("missing").exists() && gone.failing.ends());
}

#[test]
fn another_directory_gets_the_state_at_once() {
    let (one, other) = (private("one"), private("other"));
    let mut keeper = keeper(&one);
    keeper.save(&state(7), START);
    keeper.reconfigure(&at(&one), &Root::live());
    assert!(!keeper.is_due(START), "nothing has changed");
    keeper.reconfigure(&at(&other), &Root::live());
    assert!(keeper.is_due(START));
    keeper.save(&state(7), START);
    assert_eq!((files(&one), files(&other)), (vec!["state".to_owned()], vec!["state".to_owned()]));
    keeper.reconfigure(&StateDirectory::Nowhere, &Root::live());
    assert!(!keeper.is_due(START + Duration::from_hours(99)));
}

#[test]
fn of_another_router_it_is_read_and_never_written() {
    let place = private("replayed");
    let below = place.join("etc/conntrack-exporter/state");
    fs::create_dir_all(&below).unwrap();
    let replayed = || StateKeeper::new(&StateDirectory::Auto, &Root::replay(&*place), START);
    assert_eq!(replayed().load(), State::default());
    let written = private("of-the-router");
    keeper(&written).save(&state(7), START);
    fs::copy(written.join("state"), below.join("state")).unwrap();
    let mut keeper = replayed();
    assert_eq!(keeper.load(), state(7));
    keeper.save(&state(8), START);
    assert_eq!((files(&below), replayed().load()), (vec!["state".to_owned()], state(7)));
    fs::write(below.join("state"), "garbage").unwrap();
    assert_eq!(replayed().load(), State::default());
    assert_eq!(files(&below), ["state"]);
}
