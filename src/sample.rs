//! What one tick reads besides flows.

use std::rc::Rc;
use std::time::Duration;

use crate::conntrack::Gauges;
use crate::conntrack::statistics::TableStatistics;
use crate::lan::interfaces::Interface;
use crate::lan::wan::WanInterfaces;
use crate::machine::Machine;
use crate::proc_net::counters::ProtocolCounters;
use crate::proc_net::dev::NetDev;
use crate::proc_net::links::Link;
use crate::proc_net::sockets::SocketSource;
use crate::proc_net::sockets::processes::Holders;
use crate::proc_net::wan_traffic::WanTraffic;
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
    /// What has happened in the table since boot; only if a measurement needs it, and the kernel has told it.
    pub statistics: Option<TableStatistics>,
    /// What the exporter itself takes.
    pub own: Usage,
    /// The counters of the router's interfaces; only if a measurement needs them, and they could be read.
    pub interfaces: Option<NetDev>,
    /// Which of them are the WAN's; only if a measurement needs the counters, and the routes could be read.
    pub wan: Option<WanInterfaces>,
    /// What the kernel's protocols have counted; only if a measurement needs it.
    pub counters: Option<Rc<ProtocolCounters>>,
    /// What the interfaces are like; only if a measurement needs it.
    pub links: Option<Rc<[Link]>>,
    /// The interfaces' addresses; only if a measurement needs [`Sample::links`].
    pub addresses: Option<Rc<[Interface]>>,
    /// How the router's own sockets were read, if they could all be shown.
    pub sockets: Option<SocketSource>,
    /// Which process holds the sockets that listen; only if a measurement needs it.
    pub holders: Option<Rc<Holders>>,
    /// The router as a machine; only if a measurement needs it.
    pub machine: Option<Machine>,
}

impl Sample {
    /// The tag that tells routers apart.
    pub fn host_tag(&self) -> Tag {
        ("host", Rc::clone(&self.host))
    }

    /// What has passed through the WAN since the sample `before`. `None` where that is not known, also if its interfaces
    /// are no longer the same.
    pub fn wan_traffic_since(&self, before: &Self) -> Option<WanTraffic> {
        let wan = self.wan.as_ref().filter(|wan| before.wan.as_ref() == Some(wan))?;
        WanTraffic::between(before.interfaces.as_ref()?, self.interfaces.as_ref()?, wan.names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::fixture::Fixture;
    use crate::proc_net::dev;

    #[test]
    fn the_traffic_of_a_wan_is_known_while_its_interfaces_stay_the_same() {
        let sample = |wan: &[&str], bytes: u64| {
            let counters = format!("ppp0: {bytes} 0 0 0 0 0 0 0 {bytes} 0 0 0 0 0 0 0\n");
            let wan = WanInterfaces::among(wan.iter().map(|name| (*name).to_owned()), &[]);
            let interfaces = Some(dev::parse(counters.as_bytes()));
            Sample { interfaces, wan: Some(wan), ..Fixture::new().sample }
        };
        let bytes = |now: &Sample, before: &Sample| now.wan_traffic_since(before).map(WanTraffic::bytes);
        let (before, now) = (sample(&["ppp0"], 100), sample(&["ppp0"], 350));
        assert_eq!(bytes(&now, &before), Some(500));
        assert_eq!(bytes(&before, &now), None, "a counter has fallen");
        assert_eq!(bytes(&sample(&["ppp0", "ppp1"], 350), &before), None, "another uplink");
        assert_eq!(bytes(&sample(&[], 350), &sample(&[], 100)), None, "none at all");
        for unread in [Sample { wan: None, ..now.clone() }, Sample { interfaces: None, ..now.clone() }] {
            assert_eq!(
                (bytes(&unread, &before), bytes(&now, &unread), bytes(&unread, &unread)),
                (None, None, None)
            );
        }
    }
}
