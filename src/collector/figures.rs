//! Figures of the kernel's that some measurement needs: each says when it begins and ceases to be out of reach.

use std::fmt::Display;
use std::io;
use std::rc::Rc;

use tracing::{info, warn};

use crate::conntrack::statistics::{self, TableStatistics};
use crate::edge_log::EdgeLog;
use crate::lan::interfaces::Interface;
use crate::lan::wan::WanInterfaces;
use crate::machine::{self, Machine};
use crate::proc_net::counters::{self, Counters, NETSTAT, ProtocolCounters, SNMP, WantedCounters};
use crate::proc_net::dev::{self, NetDev};
use crate::proc_net::links::{self, Link};
use crate::proc_net::{ProcNetError, route};
use crate::root::Root;

/// Which of the figures are out of reach.
#[derive(Debug, Default)]
pub(super) struct Figures {
    statistics: EdgeLog,
    interfaces: EdgeLog,
    routes: EdgeLog,
    snmp: EdgeLog,
    netstat: EdgeLog,
    snmp6: EdgeLog,
    links: EdgeLog,
    machine: EdgeLog,
}

impl Figures {
    /// What has happened in the table since boot, where the kernel says so.
    pub(super) fn statistics(&mut self, root: &Root) -> Option<TableStatistics> {
        available("the table's statistics", statistics::read(root), &mut self.statistics).flatten()
    }

    /// The counters of interfaces.
    pub(super) fn interfaces(&mut self, root: &Root) -> Option<NetDev> {
        available_here(root, "the interfaces' counters", dev::read(root), &mut self.interfaces)
    }

    /// What the kernel's protocols have counted, as far as it is `wanted`. Each file may be missing: of a kernel without
    /// statistics two are, of one without IPv6 the third.
    pub(super) fn counters(&mut self, root: &Root, wanted: WantedCounters) -> Option<Rc<ProtocolCounters>> {
        if wanted == WantedCounters::Nothing {
            return None;
        }
        let pairs = |path: &str, what: &str, log: &mut EdgeLog| -> Option<Counters> {
            available_here(root, what, counters::read_pairs(root, path), log)
        };
        let snmp6 = (wanted == WantedCounters::All).then(|| {
            let read = counters::read_snmp6(root);
            available_here(root, "the counters of IPv6", read, &mut self.snmp6).flatten()
        });
        Some(Rc::new(ProtocolCounters {
            snmp: pairs(SNMP, "the counters of protocols", &mut self.snmp),
            netstat: pairs(NETSTAT, "the further counters of TCP", &mut self.netstat),
            snmp6: snmp6.flatten(),
        }))
    }

    /// What those of `interfaces` are like.
    pub(super) fn links(&mut self, root: &Root, interfaces: Option<&NetDev>) -> Option<Rc<[Link]>> {
        let names = interfaces?.interfaces.iter().map(|interface| interface.name.as_str());
        available("what the interfaces are like", links::read(root, names), &mut self.links).map(Rc::from)
    }

    /// The router as a machine. Files of another router may well lack it: that is no fault.
    pub(super) fn machine(&mut self, root: &Root) -> Machine {
        let read = machine::read(root);
        let lacking = read.lacking().filter(|_| root.is_live());
        let whole = lacking.map_or(Ok(()), |path| Err(format!("{path} can't be understood")));
        available("the router's uptime, processors and memory", whole, &mut self.machine);
        read
    }

    /// Which of the router's `interfaces` are the WAN's.
    pub(super) fn wan(&mut self, root: &Root, interfaces: &[Interface]) -> Option<WanInterfaces> {
        let routes = available("the default routes", route::read(root), &mut self.routes)?;
        Some(WanInterfaces::among(routes, interfaces))
    }
}

/// What was read, if it could be. Files of another router may well lack it: that is no fault.
fn available_here<T>(
    root: &Root,
    what: &str,
    read: Result<T, ProcNetError>,
    out_of_reach: &mut EdgeLog,
) -> Option<T> {
    let is_missing = |error: &ProcNetError| error.source.kind() == io::ErrorKind::NotFound;
    if !root.is_live() && read.as_ref().is_err_and(is_missing) {
        return None;
    }
    available(what, read, out_of_reach)
}

/// What was read, if it could be.
pub(super) fn available<T>(
    what: &str,
    read: Result<T, impl Display>,
    out_of_reach: &mut EdgeLog,
) -> Option<T> {
    match read {
        Ok(found) => {
            if out_of_reach.ends() {
                info!("{what} can be read again");
            }
            Some(found)
        }
        Err(error) => {
            if out_of_reach.begins() {
                warn!("{error}; what needs {what} is left out");
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::lan::interfaces::parse;
    use crate::test_directory::TestDirectory;

    #[test]
    fn what_is_missing_is_no_fault() {
        let (mut figures, nowhere) = (Figures::default(), Root::replay("/nowhere"));
        assert_eq!(figures.statistics(&nowhere), None);
        assert_eq!(figures.wan(&nowhere, &[]), Some(WanInterfaces::default()));
        assert!(!figures.statistics.ends() && !figures.routes.ends());
        assert_eq!(figures.interfaces(&nowhere), None);
        assert!(!figures.interfaces.ends());
        let place = TestDirectory::new("figures-unreadable");
        fs::create_dir_all(place.join("proc/net/dev")).unwrap();
        assert_eq!(figures.interfaces(&Root::replay(&*place)), None, "a directory");
        assert!(figures.interfaces.ends());
    }

    #[test]
    fn of_the_protocols_counters_those_are_read_that_are_wanted_and_there() {
        let place = TestDirectory::new("figures-counters");
        let (mut figures, root) = (Figures::default(), Root::replay(&*place));
        assert_eq!(figures.counters(&root, WantedCounters::Nothing), None);
        let nothing = Some(Rc::new(ProtocolCounters::default()));
        assert_eq!(figures.counters(&root, WantedCounters::All), nothing);
        assert!(
            !figures.snmp.ends() && !figures.netstat.ends() && !figures.snmp6.ends(),
            "missing is no fault"
        );
        fs::create_dir_all(place.join("proc/net/netstat")).unwrap();
        fs::write(place.join("proc/net/snmp"), "Tcp: InSegs\nTcp: 5\n").unwrap();
        fs::write(place.join("proc/net/snmp6"), "Ip6InReceives 7\n").unwrap();
        let mut figure = |wanted| {
            let counters = figures.counters(&root, wanted).unwrap();
            let figure = |of: &Option<Counters>, name| of.as_ref().and_then(|of| of.get(name));
            assert_eq!(counters.netstat, None, "a directory");
            (figure(&counters.snmp, "TcpInSegs"), figure(&counters.snmp6, "Ip6InReceives"))
        };
        assert_eq!(figure(WantedCounters::Usual), (Some(5), None));
        assert_eq!(figure(WantedCounters::All), (Some(5), Some(7)));
        assert!(!figures.netstat.begins(), "said once");
    }

    #[test]
    fn what_can_not_be_read_is_a_fault_until_it_can() {
        let place = TestDirectory::new("collector-figures");
        let (mut figures, root) = (Figures::default(), Root::replay(&*place));
        let interfaces = parse(b"1: eth1: <UP>\n    link/ether\n");
        for path in ["stat/nf_conntrack", "route"].map(|name| place.join("proc/net").join(name)) {
            fs::create_dir_all(&path).unwrap();
        }
        assert_eq!((figures.statistics(&root), figures.wan(&root, &interfaces)), (None, None));
        assert!(!figures.statistics.begins() && !figures.routes.begins());
        for (path, text) in [
            ("stat/nf_conntrack", "drop\n0000000a\n"),
            ("route", "eth1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"),
        ] {
            fs::remove_dir(place.join("proc/net").join(path)).unwrap();
            fs::write(place.join("proc/net").join(path), text).unwrap();
        }
        let drop = figures.statistics(&root).and_then(|statistics| statistics.drop);
        let wan = figures.wan(&root, &interfaces).unwrap();
        assert_eq!((drop, wan.names().collect()), (Some(10), vec!["eth1"]));
        assert!(!figures.statistics.ends() && !figures.routes.ends());
    }
}
