//! What measurements have found out in one report, for those that come after them in the list.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::activity::Class;
use crate::alerts::AlertEvent;
use crate::flow_list::ListedFlows;
use crate::history::trend::Trend;

/// Something of every device, by its name.
pub type ByDevice<T> = HashMap<Rc<str>, T, RandomState>;

/// What the measurements of one report have found out. What one of them is switched off for, is missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Entries whose series found no room, and that went to `other`.
    pub surplus: u64,
    /// Series that found no room, of all measurements.
    pub series_overflow: u64,
    /// Devices that have a point of their own, if a measurement has counted them.
    pub devices: Option<usize>,
    /// What devices are doing.
    pub activities: ByDevice<Class>,
    /// How many connections devices have, against what is normal for them.
    pub trends: ByDevice<Trend>,
    /// Devices that are known, and since when.
    pub seen: ByDevice<Seen>,
    /// How the router's own TCP fares.
    pub tcp: Option<TcpFindings>,
    /// How the router's interfaces fare.
    pub interfaces: Vec<InterfaceFindings>,
    /// Which rules of alerts fire, by the device.
    pub firing: ByDevice<Vec<&'static str>>,
    /// Alerts that began, changed or ended, for whoever is to be told at once.
    pub events: Vec<AlertEvent>,
    /// How full the table is.
    pub table: Option<TableFindings>,
    /// Single flows, if somebody is to look at them.
    pub flows: Option<Arc<ListedFlows>>,
}

/// When a device was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// First, in seconds since 1970; `None` if that was before anybody remembers.
    pub first: Option<u64>,
    /// Whether its MAC is a made-up one: the bit for "locally administered" is set.
    pub made_up: bool,
}

/// How full the table of connections is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TableFindings {
    /// How full it is, from 0 to 1.
    pub fill_ratio: f64,
    /// In how many seconds it will be full, if it is filling.
    pub seconds_to_full: Option<f64>,
}

/// How the router's own TCP fares since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TcpFindings {
    /// How many segments of a hundred were sent again.
    pub retransmitted_percent: Option<f64>,
    /// How many segments were sent.
    pub segments_out: Option<f64>,
    /// Connections refused for want of room in a queue, in a second.
    pub listen_drops_per_second: Option<f64>,
}

/// How an interface fares since the last report.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceFindings {
    /// What it is called.
    pub name: Rc<str>,
    /// Packets of a hundred that were in error, received or sent, whichever is worse.
    pub error_percent: Option<f64>,
    /// How much of its speed is used, of a hundred; `None` where the kernel tells no speed.
    pub utilisation_percent: Option<f64>,
}
