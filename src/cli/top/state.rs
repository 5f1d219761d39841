//! What the keys have made of the view. It knows neither terminal nor clock.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::listing::{Listing, Move};
use super::model::{Connection, Model};
use super::playback::Step;
use super::rates::FlowKey;
use super::{connections, devices};
use crate::flow_list::filter::Filter;
use crate::overview::Device;

/// A filter has no more letters.
const FILTER_AT_MOST: usize = 200;
/// How far the choice goes by a page, whatever the terminal's height.
const PAGE: usize = 20;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// Devices.
    Devices,
    /// The connections of one device, or of all.
    Connections(Option<String>),
}

/// What a key asks of whoever has clock and table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing but to draw.
    Draw,
    /// The end.
    Quit,
    /// To go through a recording.
    Go(Step),
}

/// The view, as it is now.
#[derive(Debug)]
pub(super) struct State {
    pub(super) view: View,
    pub(super) devices: Listing<String>,
    pub(super) connections: Listing<FlowKey>,
    filter: Filter,
    /// As it was typed.
    pub(super) filter_text: String,
    /// The filter that is being typed.
    pub(super) typed: Option<String>,
    /// Whether the keys are told.
    pub(super) helps: bool,
    /// What is wrong with what was typed, until the next key.
    pub(super) message: Option<String>,
    /// Why the last look showed nothing.
    pub(super) trouble: Option<String>,
    /// Whether what is shown stays as it is.
    pub(super) is_paused: bool,
    /// The time from one look to the next.
    pub(super) interval: Duration,
    /// Whether it is a recording, whose instants can be gone through.
    pub(super) is_recording: bool,
}

impl State {
    /// Devices, every two seconds.
    pub(super) fn new(is_recording: bool) -> Self {
        Self {
            view: View::Devices,
            devices: Listing::new(&devices::COLUMNS, devices::SORTED_BY),
            connections: Listing::new(&connections::COLUMNS, connections::SORTED_BY),
            filter: Filter::default(),
            filter_text: String::new(),
            typed: None,
            helps: false,
            message: None,
            trouble: None,
            is_paused: false,
            interval: Duration::from_secs(2),
            is_recording,
        }
    }

    /// Puts what there is in order. To be called with every other `model`.
    pub(super) fn arrange(&mut self, model: &Model) {
        let Self { filter, view, .. } = self;
        match view {
            View::Devices if filter.is_empty() => {
                self.devices.arrange(&model.overview.devices, &devices::COLUMNS, name, |_| true);
            }
            // A device is shown for any of its connections.
            View::Devices => {
                let mut found: Vec<&str> = Vec::new();
                let shown = model.connections.iter().filter(|connection| filter.shows(&connection.listed));
                found.extend(shown.map(|connection| &*connection.listed.device));
                found.sort_unstable();
                let is_found = |device: &Device| found.binary_search(&&*device.name).is_ok();
                self.devices.arrange(&model.overview.devices, &devices::COLUMNS, name, is_found);
            }
            View::Connections(of) => {
                let is_of = |connection: &Connection| {
                    of.as_ref().is_none_or(|device| *connection.listed.device == **device)
                };
                let is_shown =
                    |connection: &Connection| is_of(connection) && filter.shows(&connection.listed);
                self.connections.arrange(&model.connections, &connections::COLUMNS, key_of, is_shown);
            }
        }
    }

    /// Does as a key says.
    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Action {
        if key.kind == KeyEventKind::Release {
            return Action::Draw;
        }
        self.message = None;
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if is_control && key.code == KeyCode::Char('c') {
            return Action::Quit;
        }
        if self.typed.is_some() {
            self.typing(key.code, is_control, model);
            return Action::Draw;
        }
        if std::mem::take(&mut self.helps) && key.code != KeyCode::Char('q') {
            return Action::Draw;
        }
        if let Some(step) = self.step_in_time(key.code) {
            // Whoever goes by himself stays where he goes.
            self.is_paused = true;
            return Action::Go(step);
        }
        match key.code {
            KeyCode::Char('q') => return Action::Quit,
            KeyCode::Char('p' | ' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('?' | 'h') => self.helps = true,
            KeyCode::Char('/') => self.typed = Some(self.filter_text.clone()),
            KeyCode::Char(digit @ ('1' | '2' | '5')) => {
                self.interval = Duration::from_secs(digit.to_digit(10).unwrap_or(2).into());
            }
            KeyCode::Char('s' | '>') => self.sort(model, false),
            KeyCode::Char('<') => self.sort(model, true),
            KeyCode::Char('r') => self.reverse(model),
            KeyCode::Char('a') => self.open(None, model),
            KeyCode::Enter => self.enter(model),
            KeyCode::Esc | KeyCode::Backspace => self.back(model),
            code => self.choose(code, model),
        }
        Action::Draw
    }

    /// Where a key leads in a recording.
    fn step_in_time(&self, code: KeyCode) -> Option<Step> {
        let step = match code {
            KeyCode::Left => Step::Back,
            KeyCode::Right => Step::Forward,
            KeyCode::Home => Step::First,
            KeyCode::End => Step::Last,
            _ => return None,
        };
        self.is_recording.then_some(step)
    }

    fn typing(&mut self, code: KeyCode, is_control: bool, model: &Model) {
        let Some(typed) = &mut self.typed else { return };
        match code {
            KeyCode::Esc => self.typed = None,
            KeyCode::Enter => self.apply_filter(model),
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Char('u') if is_control => typed.clear(),
            KeyCode::Char(letter) if !is_control && typed.chars().count() < FILTER_AT_MOST => {
                typed.push(letter);
            }
            _ => {}
        }
    }

    /// Takes the filter that was typed. One that can't be understood is told, and the one before stays.
    fn apply_filter(&mut self, model: &Model) {
        let typed = self.typed.take().unwrap_or_default();
        match typed.parse() {
            Ok(filter) => {
                (self.filter, self.filter_text) = (filter, typed.trim().to_owned());
                self.arrange(model);
            }
            Err(error) => self.message = Some(error.to_string()),
        }
    }

    fn sort(&mut self, model: &Model, is_back: bool) {
        match self.view {
            View::Devices => {
                self.devices.sort_by_next(&model.overview.devices, &devices::COLUMNS, is_back);
            }
            View::Connections(_) => {
                self.connections.sort_by_next(&model.connections, &connections::COLUMNS, is_back);
            }
        }
        self.arrange(model);
    }

    fn reverse(&mut self, model: &Model) {
        let is_reversed = match self.view {
            View::Devices => &mut self.devices.is_reversed,
            View::Connections(_) => &mut self.connections.is_reversed,
        };
        *is_reversed = !*is_reversed;
        self.arrange(model);
    }

    fn enter(&mut self, model: &Model) {
        let rows = &model.overview.devices;
        if let (View::Devices, Some(chosen)) = (&self.view, self.devices.row(rows).map(name)) {
            // It is this one that the choice comes back to.
            self.devices.step(Move::Down(0), rows, name);
            self.open(Some(chosen), model);
        }
    }

    fn open(&mut self, device: Option<String>, model: &Model) {
        self.view = View::Connections(device);
        self.connections.release();
        self.arrange(model);
    }

    fn back(&mut self, model: &Model) {
        match self.view {
            View::Connections(_) => self.view = View::Devices,
            View::Devices => (self.filter, self.filter_text) = (Filter::default(), String::new()),
        }
        self.arrange(model);
    }

    fn choose(&mut self, code: KeyCode, model: &Model) {
        let step = match code {
            KeyCode::Up | KeyCode::Char('k') => Move::Up(1),
            KeyCode::Down | KeyCode::Char('j') => Move::Down(1),
            KeyCode::PageUp => Move::Up(PAGE),
            KeyCode::PageDown => Move::Down(PAGE),
            KeyCode::Home | KeyCode::Char('g') => Move::First,
            KeyCode::End | KeyCode::Char('G') => Move::Last,
            _ => return,
        };
        match self.view {
            View::Devices => self.devices.step(step, &model.overview.devices, name),
            View::Connections(_) => self.connections.step(step, &model.connections, key_of),
        }
    }
}

fn name(device: &Device) -> String {
    device.name.clone()
}

const fn key_of(connection: &Connection) -> FlowKey {
    FlowKey::of(&connection.listed)
}

#[cfg(test)]
mod tests;
