//! `nstat`: what the kernel's protocols have counted since boot.
//!
//! Names, tags and types are those of Telegraf's own nstat input. Figures that are 0 are sent as well: a counter that first
//! shows at its first event has no rise to be seen.

use super::{Clock, Measurement, Needs, Tick};
use crate::attribution::owners::OwnerId;
use crate::config::{Config, SystemConfig};
use crate::measurements::system::NstatChoice;
use crate::proc_net::counters::{Counters, WantedCounters};
use crate::series::Series;
use crate::series::point::{FieldName, Value};
use crate::series::schema::{FieldSchema, Schema, TagSchema, UserTags, integer};

/// What it sends; with `system.nstat = "all"`, whatever else the kernel counts.
pub const SCHEMA: Schema = Schema {
    name: "nstat",
    every: Clock::Interval,
    tags: &[TagSchema::name("host"), TagSchema::of_ours("name", 7)],
    fields: &USUAL,
    user_tags: UserTags::Replace,
    ends_with_zero: &[],
};

/// What tells how the router's own connections fare, in the order in which the kernel prints it.
const USUAL: [FieldSchema; 44] = [
    integer("TcpActiveOpens"),
    integer("TcpPassiveOpens"),
    integer("TcpAttemptFails"),
    integer("TcpEstabResets"),
    integer("TcpCurrEstab"),
    integer("TcpInSegs"),
    integer("TcpOutSegs"),
    integer("TcpRetransSegs"),
    integer("TcpInErrs"),
    integer("TcpOutRsts"),
    integer("TcpExtSyncookiesSent"),
    integer("TcpExtSyncookiesRecv"),
    integer("TcpExtSyncookiesFailed"),
    integer("TcpExtEmbryonicRsts"),
    integer("TcpExtPruneCalled"),
    integer("TcpExtRcvPruned"),
    integer("TcpExtOfoPruned"),
    integer("TcpExtDelayedACKs"),
    integer("TcpExtListenOverflows"),
    integer("TcpExtListenDrops"),
    integer("TcpExtTCPSackRecovery"),
    integer("TcpExtTCPSACKReorder"),
    integer("TcpExtTCPTSReorder"),
    integer("TcpExtTCPFullUndo"),
    integer("TcpExtTCPPartialUndo"),
    integer("TcpExtTCPDSACKUndo"),
    integer("TcpExtTCPLostRetransmit"),
    integer("TcpExtTCPSackFailures"),
    integer("TcpExtTCPLossFailures"),
    integer("TcpExtTCPFastRetrans"),
    integer("TcpExtTCPSlowStartRetrans"),
    integer("TcpExtTCPTimeouts"),
    integer("TcpExtTCPLossProbes"),
    integer("TcpExtTCPLossProbeRecovery"),
    integer("TcpExtTCPSackRecoveryFail"),
    integer("TcpExtTCPRcvCollapsed"),
    integer("TcpExtTCPAbortOnData"),
    integer("TcpExtTCPAbortOnClose"),
    integer("TcpExtTCPAbortOnTimeout"),
    integer("TcpExtTCPSpuriousRTOs"),
    integer("TcpExtTCPBacklogDrop"),
    integer("TcpExtTCPReqQFullDrop"),
    integer("TcpExtTCPSynRetrans"),
    integer("TcpExtTCPRcvQDrop"),
];

/// Whether `[system]` switches it on.
pub(super) fn is_on(system: &SystemConfig) -> bool {
    system.nstat != NstatChoice::Off
}

/// The measurement.
#[derive(Clone, Copy, Debug)]
pub struct Nstat {
    sends: NstatChoice,
}

impl Nstat {
    /// What `config` wants to be sent.
    pub fn new(config: &Config) -> Self {
        Self { sends: config.system.nstat }
    }

    /// The fields that are sent of a file.
    fn fields(self, counters: &Counters) -> Vec<(FieldName, Value)> {
        match self.sends {
            NstatChoice::Off => Vec::new(),
            NstatChoice::Usual => {
                let figures = USUAL.iter().map(|field| (field.name, counters.get(field.name)));
                figures.filter_map(|(name, figure)| Some((name.into(), Value::Integer(figure?)))).collect()
            }
            NstatChoice::All => {
                let figures = counters.iter();
                figures.map(|(name, figure)| (name.to_string().into(), Value::Integer(figure))).collect()
            }
        }
    }
}

impl Measurement for Nstat {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        let counters = match self.sends {
            NstatChoice::Off => WantedCounters::Nothing,
            NstatChoice::Usual => WantedCounters::Usual,
            NstatChoice::All => WantedCounters::All,
        };
        Needs { counters, ..Needs::default() }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn reconfigure(&mut self, config: &Config) {
        *self = Self::new(config);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Some(counters) = &tick.sample.counters else { return };
        for (name, counters) in
            [("netstat", &counters.netstat), ("snmp", &counters.snmp), ("snmp6", &counters.snmp6)]
        {
            if let Some(counters) = counters {
                out.push(out.tags(&[tick.sample.host_tag()], &[("name", name)]), self.fields(counters));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::fixture::Fixture;
    use crate::proc_net::counters::{ProtocolCounters, parse_pairs, parse_snmp6};
    use crate::series::point::Point;

    const SNMP: &[u8] =
        b"Ip: Forwarding InReceives\nIp: 1 5\nTcp: MaxConn ActiveOpens InSegs Vendors\nTcp: -1 0 7 3\n";
    const NETSTAT: &[u8] = b"TcpExt: TW ListenDrops\nTcpExt: 18 2\nIpExt: InOctets\nIpExt: 4177\n";

    fn report(choice: NstatChoice) -> Vec<Point> {
        let mut fixture = Fixture::new();
        fixture.config.system.nstat = choice;
        let mut measurement = Nstat::new(&fixture.config);
        assert!(fixture.report(&mut measurement).points.is_empty(), "nothing was read");
        fixture.sample.counters = Some(std::rc::Rc::new(ProtocolCounters {
            snmp: Some(parse_pairs(SNMP)),
            netstat: Some(parse_pairs(NETSTAT)),
            snmp6: Some(parse_snmp6(b"Ip6InReceives 975\n")).filter(|_| choice == NstatChoice::All),
        }));
        fixture.report(&mut measurement).points
    }

    fn told(points: &[Point]) -> Vec<String> {
        let of = |point: &Point| {
            let tags = point.tags.iter().map(|(key, value)| format!("{key}={value}"));
            let fields = point.fields.iter().map(|(name, value)| format!("{name}={value:?}"));
            tags.chain(fields).collect::<Vec<_>>().join(" ")
        };
        points.iter().map(of).collect()
    }

    #[test]
    fn what_is_usual_is_sent_zeros_included() {
        let expected = [
            "host=router name=netstat TcpExtListenDrops=Integer(2)",
            "host=router name=snmp TcpActiveOpens=Integer(0) TcpInSegs=Integer(7)",
        ];
        assert_eq!(told(&report(NstatChoice::Usual)), expected);
    }

    #[test]
    fn all_is_what_the_kernel_counts_whatever_it_is_called() {
        let expected = [
            "host=router name=netstat TcpExtTW=Integer(18) TcpExtListenDrops=Integer(2) IpExtInOctets=Integer(4177)",
            "host=router name=snmp IpForwarding=Integer(1) IpInReceives=Integer(5) TcpMaxConn=Integer(-1) \
             TcpActiveOpens=Integer(0) TcpInSegs=Integer(7) TcpVendors=Integer(3)",
            "host=router name=snmp6 Ip6InReceives=Integer(975)",
        ];
        assert_eq!(told(&report(NstatChoice::All)), expected);
        assert!(report(NstatChoice::Off).is_empty());
    }

    #[test]
    fn what_is_read_is_what_is_sent() {
        let mut config = Config::default();
        let mut measurement = Nstat::new(&config);
        for (choice, wanted, on) in [
            (NstatChoice::Off, WantedCounters::Nothing, false),
            (NstatChoice::Usual, WantedCounters::Usual, true),
            (NstatChoice::All, WantedCounters::All, true),
        ] {
            config.system.nstat = choice;
            measurement.reconfigure(&config);
            assert_eq!((measurement.needs().counters, is_on(&config.system)), (wanted, on));
        }
    }
}
