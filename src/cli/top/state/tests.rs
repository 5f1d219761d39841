use super::*;
use crate::cli::top::rates::{Progress, Rate};
use crate::flow_list::fixture::flow;
use crate::overview::Overview;

fn connection(device: &str, port: u16) -> Connection {
    let listed = flow(device, &format!("192.0.2.1:{port}"), "198.51.100.1:443");
    let rate = Some(Rate { rx: port.into(), tx: 0.0 });
    Connection { listed, progress: Progress { rate, age: None }, socket: None }
}

/// Three devices: `a` has one connection, `b` two, `c` three.
fn model() -> Model {
    let names = [("a", 1), ("b", 2), ("c", 3)];
    let device = |(name, connections): (&str, i64)| Device {
        name: name.to_owned(),
        connections: Some(connections),
        ..Device::default()
    };
    let connections = [("a", 1), ("b", 2), ("b", 3), ("c", 4), ("c", 5), ("c", 6)];
    let connections = connections.into_iter().map(|(device, port)| connection(device, port)).collect();
    Model::new(Overview { devices: names.map(device).into(), ..Overview::default() }, connections, 0)
}

fn press(state: &mut State, model: &Model, code: KeyCode) -> Action {
    state.key(KeyEvent::new(code, KeyModifiers::NONE), model)
}

fn letters(state: &mut State, model: &Model, letters: &str) {
    for letter in letters.chars() {
        assert_eq!(press(state, model, KeyCode::Char(letter)), Action::Draw, "{letter}");
    }
}

fn begun(model: &Model, is_recording: bool) -> State {
    let mut state = State::new(is_recording);
    state.arrange(model);
    state
}

/// The names of the devices, in their order.
fn names(state: &State, model: &Model) -> String {
    let (rows, _) = state.devices.page(&model.overview.devices, 100);
    rows.iter().map(|device| &*device.name).collect()
}

/// The ports of the connections, in their order.
fn ports(state: &State, model: &Model) -> Vec<u16> {
    let (rows, _) = state.connections.page(&model.connections, 100);
    rows.iter().map(|connection| connection.listed.local().port).collect()
}

#[test]
fn enter_opens_a_device_and_esc_leads_back_to_it() {
    let model = model();
    let mut state = begun(&model, false);
    assert_eq!(names(&state, &model), "cba");
    press(&mut state, &model, KeyCode::Down);
    press(&mut state, &model, KeyCode::Enter);
    assert_eq!(state.view, View::Connections(Some("b".to_owned())));
    assert_eq!(ports(&state, &model), [3, 2], "the fastest first");
    press(&mut state, &model, KeyCode::Enter);
    assert_eq!(state.view, View::Connections(Some("b".to_owned())), "there is nothing further in");
    press(&mut state, &model, KeyCode::Esc);
    assert_eq!(state.view, View::Devices);
    assert_eq!(state.devices.row(&model.overview.devices).unwrap().name, "b");
    letters(&mut state, &model, "a");
    assert_eq!(ports(&state, &model), [6, 5, 4, 3, 2, 1]);
    press(&mut state, &model, KeyCode::Backspace);
    assert_eq!(state.view, View::Devices);
}

#[test]
fn the_choice_goes_with_whom_it_is_of_but_the_top_stays_the_top() {
    let mut model = model();
    let mut state = begun(&model, false);
    let chosen =
        |state: &State, model: &Model| state.devices.row(&model.overview.devices).unwrap().name.clone();
    assert_eq!(chosen(&state, &model), "c");
    model.overview.devices[0].connections = Some(9);
    state.arrange(&model);
    assert_eq!((chosen(&state, &model), names(&state, &model)), ("a".to_owned(), "acb".to_owned()));
    press(&mut state, &model, KeyCode::Down);
    assert_eq!(chosen(&state, &model), "c");
    model.overview.devices[1].connections = Some(8);
    state.arrange(&model);
    assert_eq!((chosen(&state, &model), names(&state, &model)), ("c".to_owned(), "abc".to_owned()));
    // It has gone: whoever stands there now is chosen.
    model.overview.devices.pop();
    state.arrange(&model);
    assert_eq!(chosen(&state, &model), "b");
    letters(&mut state, &model, "g");
    assert_eq!(chosen(&state, &model), "a");
    for (key, expected) in [
        (KeyCode::PageDown, "b"),
        (KeyCode::PageUp, "a"),
        (KeyCode::End, "b"),
        (KeyCode::Home, "a"),
        (KeyCode::Up, "a"),
        (KeyCode::Char('j'), "b"),
        (KeyCode::Char('k'), "a"),
        (KeyCode::Char('G'), "b"),
    ] {
        press(&mut state, &model, key);
        assert_eq!(chosen(&state, &model), expected, "{key:?}");
    }
}

#[test]
fn any_column_of_which_something_is_known_sorts() {
    let model = model();
    let mut state = begun(&model, false);
    let title = |state: &State| devices::COLUMNS[state.devices.sorted_by].title;
    letters(&mut state, &model, "r");
    assert_eq!((names(&state, &model), title(&state)), ("abc".to_owned(), "CONN"));
    letters(&mut state, &model, "s");
    assert_eq!((names(&state, &model), title(&state)), ("abc".to_owned(), "DEVICE"), "others know nothing");
    letters(&mut state, &model, ">r");
    assert_eq!(title(&state), "CONN");
    letters(&mut state, &model, "<<");
    assert_eq!(title(&state), "CONN");
    letters(&mut state, &model, "a");
    let mut seen = Vec::new();
    for _ in 0..9 {
        letters(&mut state, &model, "s");
        seen.push(connections::COLUMNS[state.connections.sorted_by].title);
    }
    assert_eq!(seen, ["UP", "DEVICE", "PROTO", "STATE", "LOCAL", "DIR", "REMOTE", "SERVICE", "IDLE"]);
    letters(&mut state, &model, "<<<<");
    assert_eq!(ports(&state, &model), [1, 2, 3, 4, 5, 6], "by LOCAL");
}

#[test]
fn a_filter_is_typed_and_a_wrong_one_changes_nothing() {
    let model = model();
    let mut state = begun(&model, false);
    letters(&mut state, &model, "/device=b q");
    assert_eq!(state.typed.as_deref(), Some("device=b q"), "letters are no commands meanwhile");
    press(&mut state, &model, KeyCode::Backspace);
    press(&mut state, &model, KeyCode::Enter);
    assert_eq!((names(&state, &model), &*state.filter_text), ("b".to_owned(), "device=b"));
    letters(&mut state, &model, "a/x");
    assert_eq!((ports(&state, &model), state.typed.as_deref()), (vec![3, 2], Some("device=bx")));
    press(&mut state, &model, KeyCode::Esc);
    assert_eq!((state.typed.as_deref(), &*state.filter_text), (None, "device=b"));
    letters(&mut state, &model, "/");
    state.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), &model);
    letters(&mut state, &model, "port=http");
    press(&mut state, &model, KeyCode::Enter);
    assert_eq!(state.message.as_deref(), Some("\"http\" is not a port, from 0 to 65535"));
    assert_eq!((ports(&state, &model), &*state.filter_text), (vec![3, 2], "device=b"));
    press(&mut state, &model, KeyCode::Esc);
    assert_eq!((state.message.as_deref(), &state.view), (None, &View::Devices));
    press(&mut state, &model, KeyCode::Esc);
    assert_eq!((names(&state, &model), &*state.filter_text), ("cba".to_owned(), ""));
    letters(&mut state, &model, "/");
    letters(&mut state, &model, &"x".repeat(1_000));
    assert_eq!(state.typed.as_ref().unwrap().len(), FILTER_AT_MOST);
}

#[test]
fn keys_that_are_for_others_are_handed_on() {
    let model = model();
    let mut state = begun(&model, false);
    let interval = |state: &State| state.interval.as_secs();
    assert_eq!(interval(&state), 2);
    letters(&mut state, &model, "5");
    assert_eq!(interval(&state), 5);
    letters(&mut state, &model, "13");
    assert_eq!(interval(&state), 1);
    letters(&mut state, &model, "p");
    assert!(state.is_paused);
    letters(&mut state, &model, " ?");
    assert!(!state.is_paused && state.helps);
    letters(&mut state, &model, "5");
    assert!(!state.helps && interval(&state) == 1, "any key ends the help, and does nothing else");
    assert_eq!(press(&mut state, &model, KeyCode::Left), Action::Draw, "time only goes on");
    assert_eq!(press(&mut state, &model, KeyCode::Char('q')), Action::Quit);
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    letters(&mut state, &model, "/");
    assert_eq!(state.key(control_c, &model), Action::Quit, "also while something is typed");
    let mut released = control_c;
    released.kind = KeyEventKind::Release;
    assert_eq!(state.key(released, &model), Action::Draw);

    let mut state = begun(&model, true);
    for (key, step) in [
        (KeyCode::Left, Step::Back),
        (KeyCode::Right, Step::Forward),
        (KeyCode::Home, Step::First),
        (KeyCode::End, Step::Last),
    ] {
        assert_eq!(press(&mut state, &model, key), Action::Go(step));
        assert!(state.is_paused);
    }
    letters(&mut state, &model, " ");
    assert!(!state.is_paused);
}
