use std::fmt::Write as _;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::cli::top::column::What;
use crate::cli::top::model::Connection;
use crate::cli::top::own_sockets::OwnSocket;
use crate::cli::top::rates::{Progress, Rate};
use crate::cli::top::state::Action;
use crate::conntrack::flow::{Counters, Flags, Protocol, State as FlowState};
use crate::flow_list::fixture::{flow, inbound};
use crate::overview::{Activity, Device, Overview, Status};

/// What is on the terminal: a line for each of its own, without the blanks at their ends.
fn shown(width: u16, height: u16, state: &State, model: &Model, place: Option<Place>) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, Look::default(), state, model, place)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..height {
        let (mut line, mut x) = (String::new(), 0);
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            line += symbol;
            // A wide letter covers the next place.
            x += u16::try_from(super::width(symbol)).unwrap().max(1);
        }
        writeln!(text, "{}", line.trim_end()).unwrap();
    }
    text
}

/// Compares with the text beside this file; `BLESS` set, writes it.
fn compare_with(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/top/draw").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} (BLESS=1 accepts it):\n{found}\nexpected:\n{expected}");
}

fn device(name: &str, connections: i64, mbits: f64) -> Device {
    let tcp = [("ESTABLISHED", connections - 1), ("TIME_WAIT", 3), ("SYN_SENT", 1)];
    let udp = [("ACTIVE", 1), ("UNREPLIED", 2)];
    let states = |of: &[(&str, i64)]| of.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect();
    Device {
        name: name.to_owned(),
        ip: Some("192.168.8.20".to_owned()),
        online: Some(true),
        activity: Some(Activity { activity: "cloud_gaming".to_owned(), ..Activity::default() }),
        entries: Some(connections + 6),
        connections: Some(connections),
        states: [("tcp".to_owned(), states(&tcp)), ("udp".to_owned(), states(&udp))].into(),
        opened_per_second: Some(0.25),
        rx_bits_per_second: Some(mbits * 1e6),
        tx_bits_per_second: Some(mbits * 1e5),
        #[expect(clippy::cast_precision_loss, reason = "few")]
        bits_per_second_per_connection: Some(mbits * 1e6 / connections as f64),
        remote_hosts: Some(4),
        ..Device::default()
    }
}

fn connection(device: &str, port: u16, seconds: u64) -> Connection {
    let listed = flow(device, &format!("192.168.8.20:{port}"), "198.51.100.7:443");
    let rate = Some(Rate { rx: f64::from(port) * 100.0, tx: 950.0 });
    Connection { listed, progress: Progress { rate, age: Some(Duration::from_secs(seconds)) }, socket: None }
}

fn status() -> Status {
    Status {
        host: Some("OpenWrt".to_owned()),
        time: Some(1_795_241_400),
        entries: Some(90.0),
        entries_limit: Some(16_384.0),
        devices_online: Some(3),
        rx_bits_per_second: Some(13_400_000.0),
        tx_bits_per_second: Some(950.0),
        ..Status::default()
    }
}

/// A household with everything that there can be.
fn household() -> Model {
    let names = ["Living Room TV", "laptop", "router"];
    let devices = names.into_iter().zip([(7, 6.1), (14, 0.35), (4, 0.0)]);
    let devices = devices.map(|(name, (connections, mbits))| device(name, connections, mbits)).collect();
    let mut tunnel = connection("laptop", 40_004, 75);
    (tunnel.listed.flow.protocol, tunnel.listed.flow.state) = (Protocol::UDP, FlowState::Active);
    (tunnel.listed.idle, tunnel.progress) = (None, Progress::default());
    tunnel.listed.flow.flags = Flags::OFFLOAD;
    let mut own = connection("router", 0, 0);
    own.listed =
        inbound("router", "[2001:db8:aa:10::1]:22", "[2001:db8:ffff:1234:5678:9abc:def0:1234]:51234");
    own.listed.idle = Some(7_300);
    own.socket =
        Some(OwnSocket { process: Some("sshd".into()), rtt_us: Some(12_345), retransmitted: Some(2) });
    let mut film = connection("Living Room TV", 40_001, 5);
    film.listed.flow.reply.counters = Some(Counters { packets: 9, bytes: 5_250_000 });
    let connections = vec![connection("laptop", 40_002, 3), film, tunnel, own];
    Model::new(Overview { status: status(), devices, ..Overview::default() }, connections, 0)
}

fn arranged(model: &Model, is_recording: bool) -> State {
    let mut state = State::new(is_recording);
    state.arrange(model);
    state
}

fn press(state: &mut State, model: &Model, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '\u{8}' => KeyCode::Backspace,
            letter => KeyCode::Char(letter),
        };
        assert_ne!(state.key(KeyEvent::new(code, KeyModifiers::NONE), model), Action::Quit);
    }
}

const SIZES: [(u16, u16); 3] = [(80, 24), (160, 50), (40, 10)];

#[test]
fn every_view_at_every_size() {
    let model = household();
    for (name, keys) in [
        ("devices", ""),
        ("connections", "\n"),
        ("all-connections", "a"),
        ("help", "?"),
        ("filter", "/device=router"),
        ("filtered", "/port=443\n"),
        ("wrong-filter", "/prt=443\n"),
    ] {
        for (width, height) in SIZES {
            let mut state = arranged(&model, false);
            press(&mut state, &model, keys);
            let text = shown(width, height, &state, &model, None);
            compare_with(&format!("{name}-{width}x{height}.txt"), &text);
        }
    }
}

#[test]
fn a_recording_says_where_in_it_one_is() {
    let model = household();
    let state = arranged(&model, true);
    for place in [0, 11] {
        let text = shown(80, 6, &state, &model, Some(Place { place, of: 12 }));
        compare_with(&format!("recording-{place}.txt"), &text);
    }
}

#[test]
fn what_is_switched_off_has_no_column() {
    let mut model = household();
    model.overview.status.devices_online = None;
    for device in &mut model.overview.devices {
        (device.activity, device.opened_per_second, device.entries) = (None, None, None);
        device.states.clear();
    }
    for connection in &mut model.connections {
        (connection.progress.rate, connection.socket) = (None, None);
        (connection.listed.flow.original.counters, connection.listed.flow.reply.counters) = (None, None);
    }
    let mut state = arranged(&model, false);
    let text = shown(160, 7, &state, &model, None);
    press(&mut state, &model, "a");
    compare_with("switched-off.txt", &(text + &shown(160, 9, &state, &model, None)));
}

#[test]
fn names_do_no_harm_whatever_they_are() {
    let names = [
        "日本語の名前は幅が広い文字ばかりです",
        "עברית וגם ערבית العربية",
        "zero\u{200b}width\u{200d}\u{feff}",
        "steers\u{1b}[2Jthe\nterminal\u{9b}\u{7}",
        "a\u{301}\u{302}\u{303}ccents\u{301}",
        "👩‍👩‍👧‍👦 family",
        "long-long-long-long-long-long-long-long-long-long-long-long-name",
        "",
    ];
    let mut model = household();
    model.overview.devices = names.iter().map(|name| device(name, 5, 1.0)).collect();
    model.connections = names.iter().map(|name| connection(name, 40_000, 1)).collect();
    let mut state = arranged(&model, false);
    let text = shown(80, 12, &state, &model, None);
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    press(&mut state, &model, "a");
    let text = text + &shown(130, 12, &state, &model, None);
    compare_with("hostile-names.txt", &text);
    for keys in ["", "a", "?", "/x", "/x=1\n", "\n"] {
        let mut state = arranged(&model, false);
        press(&mut state, &model, keys);
        for width in [1, 2, 19, 20, 21, 22, 23, 24, 33, 44, 67, 79] {
            for height in [1, 4, 5, 6, 12] {
                shown(width, height, &state, &model, None);
            }
        }
    }
}

#[test]
fn nothing_and_very_much_can_be_shown() {
    let nothing = Model::default();
    let mut state = arranged(&nothing, false);
    let text = shown(80, 6, &state, &nothing, None);
    press(&mut state, &nothing, "\n\u{1b}jkgGsr");
    assert_eq!(state.view, View::Devices);
    press(&mut state, &nothing, "ajk");
    compare_with("nothing.txt", &(text + &shown(80, 6, &state, &nothing, None)));

    let many = (0..10_000).map(|port| connection("laptop", port, 1)).collect();
    let model = Model::new(Overview::default(), many, 3);
    let mut state = arranged(&model, false);
    press(&mut state, &model, "a");
    let text = shown(80, 6, &state, &model, None);
    press(&mut state, &model, "G");
    compare_with("very-much.txt", &(text + &shown(80, 6, &state, &model, None)));
}

#[test]
fn nothing_but_what_is_seen_is_written() {
    use std::cell::Cell;
    thread_local! {
        static WRITTEN: Cell<usize> = const { Cell::new(0) };
    }
    let write = |figure: f64| {
        WRITTEN.set(WRITTEN.get() + 1);
        figure.to_string()
    };
    let columns =
        [Column { title: "N", width: (5, 9), rank: 0, what: What::Figure(|row| Some(*row), write) }];
    let rows: Vec<f64> = (0..10_000).map(f64::from).collect();
    let mut listing: Listing<u64> = Listing::new(&columns, "N");
    listing.arrange(&rows, &columns, |row| row.to_bits(), |_| true);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| table(frame, frame.area(), &columns, &known(&columns, &rows), &rows, &listing))
        .unwrap();
    assert!(WRITTEN.get() <= 2 * 23, "{}", WRITTEN.get());
}

#[test]
fn colours_are_for_what_is_wrong_alone() {
    let model = household();
    let mut state = arranged(&model, false);
    press(&mut state, &model, "p/prt=1\n");
    let coloured = |has_colours| {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| draw(frame, Look { has_colours }, &state, &model, None)).unwrap();
        let cells = terminal.backend().buffer().content();
        assert!(cells.iter().all(|cell| cell.bg == Color::Reset), "the background is the terminal's own");
        cells
            .iter()
            .filter(|cell| cell.fg != Color::Reset)
            .map(ratatui::buffer::Cell::symbol)
            .collect::<String>()
    };
    assert!(coloured(true).starts_with("PAUSED\"prt\" is not something"), "{}", coloured(true));
    assert_eq!(coloured(false), "");
}
