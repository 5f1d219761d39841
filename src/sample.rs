//! What one tick reads besides flows.

use std::rc::Rc;
use std::time::Duration;

use crate::conntrack::Gauges;
use crate::proc_net::dev::NetDev;
use crate::process::Usage;
use crate::series::point::Tag;

/// What one tick has read besides flows, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Time since boot.
    pub boot: Duration,
    /// The router's name.
    pub host: Rc<str>,
    /// The table's own figures.
    pub table: Gauges,
    /// What the exporter itself takes.
    pub own: Usage,
    /// The counters of the router's interfaces; only if a measurement needs them, and they could be read.
    pub interfaces: Option<NetDev>,
}

impl Sample {
    /// The tag that tells routers apart.
    pub fn host_tag(&self) -> Tag {
        ("host", Rc::clone(&self.host))
    }
}
