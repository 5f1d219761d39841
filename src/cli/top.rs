//! `top`: devices and their connections on the terminal, live or from a recording.

mod column;
mod connections;
mod devices;
mod draw;
mod listing;
mod model;
mod own_sockets;
mod playback;
mod rates;
mod screen;
mod state;

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::CommandFactory;
use clap::error::ErrorKind;
use ratatui::crossterm::event::Event;
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

use super::error::{CommandError, Exit};
use super::path::path;
use super::replay::Playback;
use super::{Cli, GlobalArgs};
use crate::collector::Moment;
use crate::config::Config;
use crate::daemon::clock::{Clock as _, SystemClock, Verdict};
use crate::measurements::DueClocks;
use crate::root::Root;
use draw::{Look, Place, draw};
use model::{Model, Watcher};
use playback::Player;
use screen::Screen;
use state::{Action, State};

/// Its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// Instead of this router: what record or capture has
    /// written, through which the left and right keys go
    #[arg(value_name = "DIR", value_parser = path(), verbatim_doc_comment)]
    pub(super) directory: Option<PathBuf>,
}

/// Shows it until a key or a signal ends it.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    if args.directory.is_some() && global.root.is_some() {
        let text = "top takes every file from its DIR: --root has no meaning";
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, text).into());
    }
    if !io::stdout().is_terminal() {
        return Err(CommandError::NoTerminal);
    }
    // Nothing is logged: it would be written across the picture. `check` tells what is wrong.
    let (feed, root) = if let Some(directory) = &args.directory {
        // Once privileges are given up, nobody may be able to list it.
        let playback = Playback::open(directory)?;
        let (config, _) = global.prepare_for(playback.root())?;
        let root = playback.root().clone();
        (Feed::Recording(Box::new(Player::new(playback, config))), root)
    } else {
        let (config, _) = global.prepare()?;
        (Feed::Live(Box::new(Live::new(config, &global.root())?)), global.root())
    };
    super::daemon::runtime(&root).map_err(CommandError::Start)?.block_on(show(feed))
}

/// Where what is shown comes from.
enum Feed {
    /// The table, whenever it is looked at.
    Live(Box<Live>),
    /// A recording.
    Recording(Box<Player>),
}

/// The table as it is now.
struct Live {
    watcher: Watcher,
    clock: SystemClock,
}

impl Live {
    fn new(config: Config, root: &Root) -> io::Result<Self> {
        let clock = SystemClock::new(root);
        let started = clock.now()?.wall.as_secs();
        Ok(Self { watcher: Watcher::new(config, root, started), clock })
    }

    async fn look(&mut self) -> Result<Model, CommandError> {
        let now = self.clock.now()?;
        let is_set = Verdict::at(now, &self.clock);
        let moment = Moment {
            boot: now.boot,
            timestamp: i64::try_from(now.wall.as_nanos()).ok().filter(|_| is_set),
            wall: is_set.then_some(now.wall),
            due: DueClocks::Both,
        };
        Ok(self.watcher.look(&moment).await?)
    }
}

impl Feed {
    /// What there is to see at first.
    async fn first(&mut self) -> Result<Model, CommandError> {
        match self {
            Self::Live(live) => live.look().await,
            Self::Recording(player) => Ok(player.show(0).await?),
        }
    }

    /// What there is next, when its time has come.
    async fn next(&mut self) -> Result<Model, CommandError> {
        match self {
            Self::Live(live) => live.look().await,
            Self::Recording(player) => Ok(player.show(player.place + 1).await?),
        }
    }

    /// Whether there is anything next. A router is looked at while nothing else is shown, too: what devices do is told by
    /// minutes, and a pause must not be a gap in them.
    fn goes_on(&self, is_paused: bool) -> bool {
        match self {
            Self::Live(_) => true,
            Self::Recording(player) => !is_paused && !player.is_at_end(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Live(_) => None,
            Self::Recording(player) => Some(Place { place: player.place, of: player.len() }),
        }
    }
}

/// The signals that end it. A terminal that hangs up sends the last.
struct Ends([Signal; 3]);

impl Ends {
    fn new() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn heard(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.0;
        select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// What is shown, and how.
struct Top {
    feed: Feed,
    state: State,
    model: Model,
    look: Look,
}

/// What there is to do.
enum Next {
    End,
    Draw,
    /// To look at the table, or at what comes next in a recording.
    Look,
    /// To show the instant in this place of a recording.
    Show(usize),
}

async fn show(mut feed: Feed) -> Result<Exit, CommandError> {
    let mut ends = Ends::new()?;
    // What can't be read at all is told as any command tells it.
    let model = select! {
        biased;
        () = ends.heard() => return Ok(Exit::Success),
        first = feed.first() => first?,
    };
    let mut state = State::new(feed.place().is_some());
    state.arrange(&model);
    // https://no-color.org: whatever it says, if it says anything.
    let look = Look { has_colours: env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) };
    let mut top = Top { feed, state, model, look };
    let mut screen = Screen::open().map_err(CommandError::Output)?;
    let mut keys = screen::keys()?;
    let mut looked = Instant::now();
    loop {
        let drawn = screen.draw(|frame| draw(frame, top.look, &top.state, &top.model, top.feed.place()));
        drawn.map_err(CommandError::Output)?;
        let (due, goes_on) = (looked + top.state.interval, top.feed.goes_on(top.state.is_paused));
        let next = select! {
            biased;
            () = ends.heard() => Next::End,
            Some(heard) = keys.recv() => top.hear(heard, &mut keys)?,
            () = sleep_until(due), if goes_on => Next::Look,
        };
        if let Next::Look | Next::Show(_) = next {
            select! {
                biased;
                () = ends.heard() => return Ok(Exit::Success),
                () = top.turn(&next) => looked = Instant::now(),
            }
        } else if let Next::End = next {
            return Ok(Exit::Success);
        }
    }
}

impl Top {
    /// Does as the keys say that were pressed so far, so that whoever keeps one down isn't run after.
    fn hear(
        &mut self,
        first: io::Result<Event>,
        more: &mut Receiver<io::Result<Event>>,
    ) -> Result<Next, CommandError> {
        let (mut heard, mut target) = (Some(first), None);
        while let Some(event) = heard {
            // Anything else is a change of size, after which it is drawn anew.
            if let Event::Key(key) = event.map_err(CommandError::Output)? {
                match (self.state.key(key, &self.model), &self.feed) {
                    (Action::Quit, _) => return Ok(Next::End),
                    (Action::Go(step), Feed::Recording(player)) => {
                        target = Some(player.target(target.unwrap_or(player.place), step));
                    }
                    (Action::Draw | Action::Go(_), _) => {}
                }
            }
            heard = more.try_recv().ok();
        }
        Ok(target.map_or(Next::Draw, Next::Show))
    }

    /// Looks at what is next, and shows it unless it is to stay as it is.
    async fn turn(&mut self, next: &Next) {
        let found = match (next, &mut self.feed) {
            (Next::Show(place), Feed::Recording(player)) => {
                player.show(*place).await.map_err(CommandError::from)
            }
            _ => self.feed.next().await,
        };
        let stays = self.state.is_paused && !matches!(next, Next::Show(_));
        self.state.trouble = found.as_ref().err().map(ToString::to_string);
        if let Some(model) = found.ok().filter(|_| !stays) {
            self.model = model;
            self.state.arrange(&self.model);
        }
    }
}
