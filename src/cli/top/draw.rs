//! From what is known and how it is looked at to a picture.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, Wrap};

use super::column::{Column, Form, cut, fit, known, short, width};
use super::listing::Listing;
use super::model::Model;
use super::state::{State, View};
use super::{connections, devices};

/// On less there is nothing to be seen.
const SMALLEST: (u16, u16) = (20, 5);

/// Where in a recording one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) place: usize,
    pub(super) of: usize,
}

/// What doesn't change while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether there are colours. All is told without them, too.
    pub(super) has_colours: bool,
}

const KEYS: [&str; 19] = [
    "up down k j     the row above, below      PgUp PgDn  further",
    "Home g, End G   the first row, the last (in a recording Home and End",
    "                are the first instant and the last)",
    "Enter           the connections of the device   a  those of all",
    "Esc Backspace   back to the devices; there, no filter any more",
    "s > <           sort by the next column, by the one before",
    "r               the other way round",
    "/               filter: port=443 state=established rx>1M, or a part",
    "                of a name, an address or a service. Enter applies it,",
    "                Esc drops it. The command flows knows the same.",
    "p Space         stay as it is, go on",
    "1 2 5           look every so many seconds",
    "left right      in a recording: an instant back, or on",
    "q Ctrl-C        leave",
    "",
    "DOWN and UP are bits per second and /CONN both by connection, RECV and",
    "SENT bytes since the connection began. AGE is known of what began",
    "meanwhile. A column of which nothing is known is left out: what the",
    "configuration switches off, or the kernel doesn't count.",
];

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, look: Look, state: &State, model: &Model, place: Option<Place>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        frame.render_widget(Paragraph::new("The window is too small."), area);
        return;
    }
    let [status, title, body, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(bottom_height(state, area.width)),
    ])
    .areas(area);
    frame.render_widget(status_line(look, state, model, place, status.width), status);
    if state.helps {
        frame.render_widget(Line::styled("Keys", BOLD), title);
        frame.render_widget(Paragraph::new(KEYS.map(Line::from).to_vec()), body);
    } else {
        frame.render_widget(title_line(state, model), title);
        match &state.view {
            View::Devices => {
                let places = known(&devices::COLUMNS, &model.overview.devices);
                let rows = &model.overview.devices;
                table(frame, body, &devices::COLUMNS, &places, rows, &state.devices);
            }
            View::Connections(of) => {
                let mut places = known(&connections::COLUMNS, &model.connections);
                if of.is_some() {
                    places.retain(|place| *place != connections::DEVICE);
                }
                let rows = &model.connections;
                table(frame, body, &connections::COLUMNS, &places, rows, &state.connections);
            }
        }
    }
    bottom_line(frame, look, state, bottom);
}

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// The router: as much of it as there is room for.
fn status_line(look: Look, state: &State, model: &Model, place: Option<Place>, room: u16) -> Line<'static> {
    let status = &model.overview.status;
    let per_second = |bits: Option<f64>, way: &str| bits.map(|bits| format!("{way} {}bit/s", spaced(bits)));
    let entries = status.entries.map(|entries| match status.entries_limit {
        Some(limit) => format!("entries {entries:.0}/{limit:.0}"),
        None => format!("entries {entries:.0}"),
    });
    let recorded = place.zip(model.instant()).map(|(Place { place, of }, instant)| {
        let instant = humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + instant);
        format!("{instant} {}/{of}", place + 1)
    });
    let is_over = place.is_some_and(|Place { place, of }| place + 1 >= of);
    let flows = match () {
        () if is_over => "END".to_owned(),
        () if state.is_paused => "PAUSED".to_owned(),
        () => format!("every {}s", state.interval.as_secs()),
    };
    let stands = state.is_paused || is_over;
    let parts = [
        status.host.clone(),
        recorded,
        Some(flows),
        entries,
        status.devices_online.map(|online| format!("online {online}")),
        per_second(status.rx_bits_per_second, "down"),
        per_second(status.tx_bits_per_second, "up"),
    ];
    let paused = if look.has_colours { BOLD.fg(Color::Red) } else { BOLD.add_modifier(Modifier::REVERSED) };
    let (mut spans, mut left) = (Vec::new(), usize::from(room));
    for (number, part) in parts.into_iter().enumerate() {
        let Some(part) = part else { continue };
        let part = cut(&part, Form::Text, left);
        left = left.saturating_sub(width(&part) + 2);
        let style = match number {
            0 => BOLD,
            2 if stands => paused,
            _ => Style::new(),
        };
        spans.extend([Span::styled(part, style), Span::raw("  ")]);
    }
    Line::from(spans)
}

/// A figure and its unit's prefix, apart: `6.1 M`.
fn spaced(figure: f64) -> String {
    let short = short(figure);
    match short.find(|letter: char| letter.is_ascii_alphabetic()) {
        Some(at) => {
            let (digits, unit) = short.split_at(at);
            format!("{digits} {unit}")
        }
        None => format!("{short} "),
    }
}

/// What is listed, how many, in which order and which of them.
fn title_line(state: &State, model: &Model) -> Line<'static> {
    let (what, order) = match &state.view {
        View::Devices => {
            (format!("Devices {}", state.devices.len()), sorting(&devices::COLUMNS, &state.devices))
        }
        View::Connections(of) => {
            let of = of.as_deref().map(|device| format!(" of {device}")).unwrap_or_default();
            (
                format!("Connections{of} {}", state.connections.len()),
                sorting(&connections::COLUMNS, &state.connections),
            )
        }
    };
    let filter = match &*state.filter_text {
        "" => String::new(),
        text => format!(", filter: {text}"),
    };
    let left_out = match model.left_out {
        0 => String::new(),
        left_out => format!(", {left_out} more are not looked at"),
    };
    let text = format!(", by {order}{filter}{left_out}");
    Line::from(vec![Span::styled(what, BOLD), Span::raw(text)])
}

fn sorting<T, I: PartialEq>(columns: &[Column<T>], listing: &Listing<I>) -> String {
    let title = columns.get(listing.sorted_by).map_or("", |column| column.title);
    format!("{title}{}", if listing.is_reversed { " reversed" } else { "" })
}

/// The rows for which there is room; no others are written.
fn table<T, I: PartialEq>(
    frame: &mut Frame<'_>,
    area: Rect,
    columns: &[Column<T>],
    known: &[usize],
    rows: &[T],
    listing: &Listing<I>,
) {
    let (page, chosen) = listing.page(rows, usize::from(area.height.saturating_sub(1)));
    let wished = |column: &Column<T>| {
        let widest = page.iter().map(|row| width(&column.cell(row))).max().unwrap_or_default();
        u16::try_from(widest.max(column.title.len())).unwrap_or(u16::MAX)
    };
    let fitting = fit(columns, known, area.width, wished);
    let fitting: Vec<(&Column<T>, u16)> =
        fitting.iter().filter_map(|(place, width)| Some((columns.get(*place)?, *width))).collect();
    let cell = |column: &Column<T>, text: &str, width: u16| {
        let text = Line::from(cut(text, column.form(), width.into()));
        Cell::from(if column.form() == Form::Figure { text.right_aligned() } else { text })
    };
    let titles = fitting.iter().map(|(column, width)| cell(column, column.title, *width));
    let written = page.iter().enumerate().map(|(place, row)| {
        let cells = fitting.iter().map(|(column, width)| cell(column, &column.cell(row), *width));
        let style =
            if place == chosen { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Row::new(cells).style(style)
    });
    let widths = fitting.iter().map(|(_, width)| Constraint::Length(*width));
    let titles = Row::new(titles).style(BOLD.add_modifier(Modifier::UNDERLINED));
    frame.render_widget(Table::new(written, widths).header(titles).column_spacing(1), area);
}

/// What went wrong, what is being typed, or what can be done.
fn bottom_line(frame: &mut Frame<'_>, look: Look, state: &State, area: Rect) {
    if let Some(typed) = &state.typed {
        // What is typed last must be seen.
        let room = usize::from(area.width).saturating_sub(2);
        let mut shown = typed.as_str();
        while width(shown) > room {
            let mut letters = shown.chars();
            letters.next();
            shown = letters.as_str();
        }
        let end = u16::try_from(width(shown)).unwrap_or_default().saturating_add(1);
        frame.render_widget(Line::from(format!("/{shown}")), area);
        frame.set_cursor_position((area.x + end.min(area.width.saturating_sub(1)), area.y));
        return;
    }
    let wrong = if look.has_colours { BOLD.fg(Color::Red) } else { BOLD };
    let text = match told(state) {
        Some(message) => Paragraph::new(message).style(wrong).wrap(Wrap { trim: true }),
        None => Paragraph::new(hint(state)),
    };
    frame.render_widget(text, area);
}

/// What went wrong, if anything.
fn told(state: &State) -> Option<&str> {
    state.message.as_deref().or(state.trouble.as_deref()).filter(|_| state.typed.is_none())
}

/// How many lines the last takes: what went wrong is told to its end where there is room for that.
fn bottom_height(state: &State, room: u16) -> u16 {
    told(state).map_or(1, |message| wrapped(message, room.into())).clamp(1, 3)
}

/// How many lines a text takes whose words are carried over.
fn wrapped(text: &str, room: usize) -> u16 {
    let mut lines = (1_u16, 0);
    for word in text.split(' ').map(width) {
        lines = match lines {
            (number, 0) => (number, word),
            (number, used) if used + 1 + word <= room => (number, used + 1 + word),
            (number, _) => (number.saturating_add(1), word),
        };
    }
    lines.0
}

/// The keys that matter most.
const fn hint(state: &State) -> &'static str {
    match (&state.view, state.is_recording) {
        _ if state.helps => "any key: back",
        (View::Devices, false) => {
            "? keys  q quit  Enter connections  a all  / filter  s sort  r reverse  p pause"
        }
        (View::Connections(_), false) => "? keys  q quit  Esc devices  / filter  s sort  r reverse  p pause",
        (View::Devices, true) => {
            "? keys  q quit  left right Home End through time  Space play  Enter connections"
        }
        (View::Connections(_), true) => {
            "? keys  q quit  left right Home End through time  Space play  Esc devices"
        }
    }
}

#[cfg(test)]
mod tests;
