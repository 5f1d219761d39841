//! From what was remembered to the facts that rules go by.

use std::net::IpAddr;
use std::time::Duration;

use super::row::{Leader, PortKind, Row, Summary};
use super::window::{LONG, Look, MINUTE, Window};
use crate::activity::{Facts, LongFacts, Peaks, UdpFlow};
use crate::attribution::owners::OwnerId;
use crate::history::statistics::{Sums, variation};
use crate::history::{History, Interval};

/// A flow of UDP must lead for so long.
const LEADS_FOR: Duration = Duration::from_secs(50);

/// Where the figures of one device are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'a> {
    pub(super) window: &'a Window,
    pub(super) history: &'a History,
    /// Who the device is.
    pub(super) owners: &'a [OwnerId],
    /// Whether looks are too rare for some rules.
    pub(super) is_coarse: bool,
}

impl<'a> Sources<'a> {
    /// The looks of the last minute.
    pub(super) fn minute(&self) -> impl Iterator<Item = Interval> + Clone + use<'a> {
        self.history.recent(self.owners, MINUTE)
    }

    /// The facts; `None` if it isn't known what was moved.
    pub(super) fn facts(&self, is_update: impl Fn(IpAddr) -> bool) -> Option<Facts> {
        let sums = Sums::of(self.minute());
        let down = sums.bytes.per_second(|bytes| mbits(bytes.rx))?;
        let up = sums.bytes.per_second(|bytes| mbits(bytes.tx))?;
        let opened = sums.turnover.per_second(|turnover| turnover.opened.into()).unwrap_or_default();
        let flows = Flows::of(self, MINUTE);
        let fine = |is: bool| is && !self.is_coarse;
        Some(Facts {
            down,
            up,
            opened,
            hosts: flows.hosts,
            ports: flows.ports,
            flows: flows.count,
            peer_share: flows.peer_share,
            top_share: flows.top_share,
            from_update_network: self.address(flows.top_host).is_some_and(is_update),
            vpn_share: flows.vpn_share,
            variation: fine(true).then(|| variation(self.minute(), Interval::rx_bits_per_second)).flatten(),
            udp: if fine(true) { self.udp() } else { Vec::new() },
            peaks: Peaks::default(),
            long: self.long(),
            is_coarse: self.is_coarse,
        })
    }

    fn long(&self) -> Option<LongFacts> {
        let sums = Sums::of(self.history.recent(self.owners, LONG));
        let down = sums.bytes.per_second(|bytes| mbits(bytes.rx))?;
        let flows = Flows::of(self, LONG);
        Some(LongFacts { down, flows: flows.count, top_share: flows.top_share })
    }

    /// The address of a host, if that of its flows was ever the busiest.
    fn address(&self, host: Option<u32>) -> Option<IpAddr> {
        let summaries = self.window.looks(MINUTE).flat_map(|look| self.summaries(look));
        summaries.filter_map(|summary| summary.top).find(|top| Some(top.host) == host).map(|top| top.address)
    }

    fn summaries<'b>(&self, look: &'b Look) -> impl Iterator<Item = &'b Summary> + use<'a, 'b> {
        self.owners.iter().filter_map(|owner| look.summary(*owner))
    }

    /// The flows of UDP that led at every look of the minute.
    fn udp(&self) -> Vec<UdpFlow> {
        let by = |of: fn(&Summary) -> Leader, figure: fn(&Leader) -> u64| {
            let leaders = self.window.looks(MINUTE).map(move |look| {
                let leaders = self.summaries(look).map(of);
                let leader = leaders.max_by_key(figure).filter(|leader| look.is_known && figure(leader) > 0);
                (leader, look.covered)
            });
            steady(leaders)
        };
        let packets = |leader: &Leader| leader.moved.rx.packets.saturating_add(leader.moved.tx.packets);
        let by_packets = by(|summary| summary.by_packets, packets);
        let by_bytes = by(|summary| summary.by_bytes, |leader| leader.moved.bytes());
        by_packets.into_iter().chain(by_bytes).collect()
    }
}

/// What a flow moved, if the same one led all the time.
fn steady(leaders: impl Iterator<Item = (Option<Leader>, Duration)>) -> Option<UdpFlow> {
    let (mut sum, mut time): (Option<Leader>, _) = (None, Duration::ZERO);
    for (leader, covered) in leaders {
        let leader = leader?;
        match &mut sum {
            None => sum = Some(leader),
            Some(sum) if sum.flow == leader.flow => {
                sum.moved += leader.moved;
                sum.is_call_port |= leader.is_call_port;
            }
            Some(_) => return None,
        }
        time += covered;
    }
    let sum = sum.filter(|_| time >= LEADS_FOR)?;
    let (moved, seconds) = (sum.moved, time.as_secs_f64());
    Some(UdpFlow {
        packets_down: float(moved.rx.packets) / seconds,
        packets_up: float(moved.tx.packets) / seconds,
        down: mbits(float(moved.rx.bytes)) / seconds,
        up: mbits(float(moved.tx.bytes)) / seconds,
        is_call_port: sum.is_call_port,
    })
}

/// The flows of a device within a time.
#[derive(Clone, Copy, Debug, Default)]
struct Flows {
    count: u32,
    hosts: u32,
    ports: u32,
    peer_share: f64,
    vpn_share: f64,
    top_host: Option<u32>,
    top_share: f64,
}

impl Flows {
    fn of(sources: &Sources<'_>, window: Duration) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let (mut beyond, mut beyond_bytes) = (0_u32, 0.0);
        for look in sources.window.looks(window) {
            rows.extend(sources.owners.iter().flat_map(|owner| look.rows(*owner)));
            // Flows beyond the bound may be the same at every look.
            let flows = sources.summaries(look).map(|summary| summary.beyond).fold(0, u32::saturating_add);
            beyond = beyond.max(flows);
            beyond_bytes +=
                sources.summaries(look).map(|summary| f64::from(summary.beyond_bytes)).sum::<f64>();
        }
        let bytes = rows.iter().map(|row| f64::from(row.bytes)).sum::<f64>() + beyond_bytes;
        let vpn: f64 = rows.iter().filter(|row| row.is(PortKind::Vpn)).map(|row| f64::from(row.bytes)).sum();
        let share = |part: f64| if bytes > 0.0 { (part / bytes).min(1.0) } else { 0.0 };
        let (hosts, top) = hosts(&mut rows);
        rows.sort_unstable_by_key(|row| row.port);
        let ports = rows.chunk_by(|one, other| one.port == other.port).count();
        rows.sort_unstable_by_key(|row| row.flow);
        rows.dedup_by_key(|row| row.flow);
        let peers = rows.iter().filter(|row| row.is(PortKind::Peer)).count();
        Self {
            count: count(rows.len()).saturating_add(beyond),
            hosts: count(hosts),
            ports: count(ports),
            peer_share: f64::from(count(peers)) / f64::from(count(rows.len()).max(1)),
            vpn_share: share(vpn),
            top_host: top.map(|(host, _)| host),
            top_share: top.map_or(0.0, |(_, bytes)| share(bytes)),
        }
    }
}

/// How many hosts there are, and the busiest with its bytes.
fn hosts(rows: &mut [Row]) -> (usize, Option<(u32, f64)>) {
    rows.sort_unstable_by_key(|row| row.host);
    let hosts = rows.chunk_by(|one, other| one.host == other.host);
    let bytes = |rows: &[Row]| rows.iter().map(|row| f64::from(row.bytes)).sum::<f64>();
    let sums = hosts.clone().filter_map(|rows| Some((rows.first()?.host, bytes(rows))));
    (hosts.count(), sums.max_by(|(_, one), (_, other)| one.total_cmp(other)))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Bytes as megabits.
pub(super) fn mbits(bytes: f64) -> f64 {
    bytes * 8.0 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "2^53 bytes are nine petabytes")]
const fn float(number: u64) -> f64 {
    number as f64
}
