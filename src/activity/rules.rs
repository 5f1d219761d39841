//! The rules, in the order in which they are asked: the first that holds names the class.

use super::class::Class;
use super::config::ActivityConfig;
use super::facts::{Evidence, Facts, UdpFlow};
use super::judgement::{
    BY_CONNECTIONS, COARSE, Judgement, above, below, from_one_host, percent, rate, share_above,
};
use crate::wording::counted;

/// A rule: what it makes of the facts, if it holds.
type Rule = fn(&Facts, &ActivityConfig) -> Option<Judgement>;

/// All of them. What is surer comes first: a torrent also browses, and a download by one connection is also many packets.
const RULES: [Rule; 12] =
    [idle, tunnel, p2p, cloud_gaming, call, realtime, video, update, download, upload, audio, browsing];

/// What a device is doing, as far as the evidence goes.
pub fn judge(evidence: &Evidence, config: &ActivityConfig) -> Judgement {
    let facts = match evidence {
        Evidence::Nothing(why) => return Judgement::new(Class::Unknown, 0.0, why.clone()),
        Evidence::Connections(connections) => return by_connections(*connections),
        Evidence::Traffic(facts) => facts,
    };
    let judged = RULES.iter().find_map(|rule| rule(facts, config)).unwrap_or_else(|| mixed(facts));
    if facts.is_coarse { judged.at_most(COARSE) } else { judged }
}

/// Without bytes there is only how many connections are open. A player holds a few for an hour, a page opens many.
fn by_connections(connections: u32) -> Judgement {
    let (class, confidence) = match connections {
        0..2 => (Class::Idle, BY_CONNECTIONS),
        2..10 => (Class::Video, BY_CONNECTIONS / 2.0),
        10..=30 => (Class::Mixed, BY_CONNECTIONS / 2.0),
        _ => (Class::Browsing, BY_CONNECTIONS),
    };
    let open = counted(connections, "connection", "connections");
    Judgement::new(class, confidence, format!("{open}; what they carry is not counted"))
}

/// Keep-alives and news: next to nothing, and hardly a new connection.
fn idle(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let moved = facts.down + facts.up;
    let holds = moved < config.idle_mbits && facts.opened < config.idle_opened;
    let why = || format!("{} in all, {:.2} connections opened a second", rate(moved), facts.opened);
    let margins = [below(moved, config.idle_mbits), below(facts.opened, config.idle_opened)];
    holds.then(|| Judgement::by_margins(Class::Idle, &margins, why()))
}

/// Within a tunnel anything can be going on, and nobody but the device sees it.
fn tunnel(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let why = || format!("{} of {} down within a VPN", percent(facts.vpn_share), rate(facts.down));
    (facts.vpn_share > config.vpn_share).then(|| Judgement::new(Class::Mixed, 0.5, why()))
}

/// Everybody in a swarm is a server too: many hosts, each at a port of its own, and something is given back. Servers of the
/// web have few ports.
fn p2p(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let (hosts, least) = (facts.hosts as usize, config.p2p_hosts);
    let holds = hosts >= least
        && facts.peer_share >= config.p2p_unlisted
        && facts.ports_per_host() >= config.p2p_ports_per_host
        && facts.up >= config.p2p_up_per_down * facts.down;
    let why = || {
        let (down, up) = (rate(facts.down), rate(facts.up));
        let share = percent(facts.peer_share);
        format!(
            "{hosts} hosts at {} ports, {share} of the connections to peers, {down} down, {up} up",
            facts.ports
        )
    };
    #[expect(clippy::cast_precision_loss, reason = "nobody asks for 2^53 hosts")]
    let margins =
        [above(f64::from(facts.hosts), least as f64), share_above(facts.peer_share, config.p2p_unlisted)];
    holds.then(|| Judgement::by_margins(Class::PeerToPeer, &margins, why()))
}

/// A picture is sent as fast as it is drawn, in packets as large as they come, and only the player's hands go back.
fn cloud_gaming(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let is_it = |flow: &&UdpFlow| {
        flow.down >= config.cloud_gaming_mbits && flow.packet_down() >= config.cloud_gaming_packet
    };
    let flow = facts.udp.iter().find(is_it).filter(|_| facts.up < config.cloud_gaming_up)?;
    let (down, size) = (rate(flow.down), flow.packet_down());
    let margins = [above(flow.down, config.cloud_gaming_mbits), below(facts.up, config.cloud_gaming_up)];
    let why = format!("{down} down by one flow of UDP in packets of {size:.0} bytes, {} up", rate(facts.up));
    Some(Judgement::by_margins(Class::CloudGaming, &margins, why))
}

/// Sound and picture both ways, without a pause, by one flow.
fn call(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let least = config.call_packets;
    let is_it = |flow: &&UdpFlow| flow.packets_down >= least && flow.packets_up >= least;
    let flow = facts.udp.iter().find(is_it)?;
    let ratio = facts.up_per_down();
    if !config.call_up_per_down.contains(ratio) || facts.up < config.call_up {
        return None;
    }
    let margins = [above(flow.packets_down.min(flow.packets_up), least), above(facts.up, config.call_up)];
    let why = format!(
        "{:.0} packets of UDP a second down and {:.0} up by one flow, {} down, {} up",
        flow.packets_down,
        flow.packets_up,
        rate(facts.down),
        rate(facts.up)
    );
    let judged = Judgement::by_margins(Class::Call, &margins, why);
    Some(if flow.is_call_port {
        Judgement::new(Class::Call, judged.confidence + 0.25, judged.why + ", a port for calls")
    } else {
        judged
    })
}

/// A game tells every move, and a voice every 20 ms: small packets at an even pace.
fn realtime(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let is_it = |flow: &&UdpFlow| {
        let pace = config.realtime_packets;
        let (largest, mbits) = (flow.packet_down().max(flow.packet_up()), config.realtime_mbits);
        pace.contains(flow.packets_down)
            && pace.contains(flow.packets_up)
            && largest <= config.realtime_packet
            && flow.down + flow.up >= mbits.least()
            && flow.down.max(flow.up) <= mbits.most()
    };
    let flow = facts.udp.iter().find(is_it)?;
    let largest = flow.packet_down().max(flow.packet_up());
    let slowest = flow.packets_down.min(flow.packets_up);
    let margins = [above(slowest, config.realtime_packets.least()), below(largest, config.realtime_packet)];
    let why = format!(
        "{:.0} packets of UDP a second down and {:.0} up by one flow, of {largest:.0} bytes at most",
        flow.packets_down, flow.packets_up
    );
    Some(Judgement::by_margins(Class::Realtime, &margins, why))
}

/// Whether nearly all is fetched from one host by few connections, and hardly anything is sent: as a film is, and as slow
/// downloads are.
fn is_stream(facts: &Facts, config: &ActivityConfig) -> bool {
    config.video_mbits.contains(facts.down)
        && facts.up < config.video_up_per_down * facts.down
        && facts.top_share >= config.video_share
        && facts.flows as usize <= config.video_connections
}

/// A player fetches no more than is watched: in pulses, or well below what the way can carry. What that is, the device's
/// fastest look of a day shows: a player fetches each part at full speed, so its looks differ, while a download never gets
/// far above its own mean. The line's fastest look shows it too; but what is steady at the device's own limit is none.
fn video(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let limit = |peak: Option<f64>| peak.map_or(0.0, |peak| config.video_below_peak * peak);
    let is_pulsing = facts.variation.is_some_and(|variation| variation > config.video_pulsing);
    let is_steady = facts.variation.is_some_and(|variation| variation < config.video_steady);
    let line = facts.peaks.line_look.filter(|_| !is_steady);
    let limits = [
        is_pulsing.then_some((f64::INFINITY, None)),
        Some((limit(facts.peaks.own_look), facts.peaks.own_look)),
        Some((limit(line), line)),
    ];
    let (limit, peak) = limits.into_iter().flatten().find(|(limit, _)| facts.down < *limit)?;
    if facts.from_update_network || !is_stream(facts, config) {
        return None;
    }
    let margins = [
        if is_pulsing { 1.0 } else { below(facts.down, limit) },
        share_above(facts.top_share, config.video_share),
        below(facts.up_per_down(), config.video_up_per_down),
    ];
    let how = peak.map_or_else(|| ", in pulses".to_owned(), |peak| format!(", of a peak of {}", rate(peak)));
    Some(Judgement::by_margins(Class::Video, &margins, from_one_host(facts) + &how))
}

/// The owner has said that this network is where new software comes from. Such a download may be slower than the line.
fn update(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let holds = facts.from_update_network && (is_stream(facts, config) || download(facts, config).is_some());
    let why = || from_one_host(facts) + " in a network of updates";
    let margins = [share_above(facts.top_share, config.download_share)];
    holds.then(|| Judgement::by_margins(Class::Update, &margins, why()))
}

/// As much as the device or the line can take, without a break, from one host. Nothing else needs so much all the time.
fn download(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let peaks = [facts.peaks.own, facts.peaks.line];
    // The lower of the two decides: a device behind bad Wi-Fi never reaches the line's.
    let peak = peaks.into_iter().flatten().reduce(f64::min);
    let least = peak.map_or(config.download_without_peak, |peak| config.download_of_peak * peak);
    let steady = facts.variation.filter(|variation| *variation < config.download_steady)?;
    let is_fast = if peak.is_some() { facts.down >= least } else { facts.down > least };
    // What comes in while more is sent are acknowledgements.
    let is_received = facts.down >= config.download_mbits && facts.down > facts.up;
    if !is_fast || !is_received || facts.top_share < config.download_share {
        return None;
    }
    let margins =
        [below(steady, config.download_steady), share_above(facts.top_share, config.download_share)];
    let of = peak.map(|peak| format!(", of a peak of {}", rate(peak))).unwrap_or_default();
    Some(Judgement::by_margins(Class::Download, &margins, from_one_host(facts) + ", steady" + &of))
}

/// Far more is sent than received: what comes in are acknowledgements.
fn upload(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let holds = facts.up >= config.upload_mbits && facts.up > config.upload_up_per_down * facts.down;
    let why = || {
        format!(
            "{} up, {} down, {} with one host",
            rate(facts.up),
            rate(facts.down),
            percent(facts.top_share)
        )
    };
    let margins =
        [above(facts.up, config.upload_mbits), above(facts.up, config.upload_up_per_down * facts.down)];
    holds.then(|| Judgement::by_margins(Class::Upload, &margins, why()))
}

/// Music takes little, for long, from one host by few connections. It comes a song at a time, so three minutes are looked at.
fn audio(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let long = facts.long?;
    let holds = config.audio_mbits.contains(long.down)
        && long.flows as usize <= config.audio_connections
        && long.top_share >= config.audio_share;
    let margins =
        [above(long.down, config.audio_mbits.least()), share_above(long.top_share, config.audio_share)];
    let shown = Facts { down: long.down, flows: long.flows, top_share: long.top_share, ..Facts::default() };
    holds.then(|| Judgement::by_margins(Class::Audio, &margins, from_one_host(&shown) + " in three minutes"))
}

/// Every page opens connections, with many hosts, and then nothing comes until the next.
fn browsing(facts: &Facts, config: &ActivityConfig) -> Option<Judgement> {
    let opens = facts.opened >= config.browsing_opened;
    let meets = facts.hosts as usize >= config.browsing_hosts;
    let why = || {
        let (hosts, opened) = (counted(facts.hosts, "host", "hosts"), facts.opened);
        format!("{hosts}, {opened:.1} connections opened a second, {} down", rate(facts.down))
    };
    #[expect(clippy::cast_precision_loss, reason = "nobody asks for 2^53 hosts")]
    let how_many = above(facts.hosts.into(), config.browsing_hosts as f64);
    let margins =
        [above(facts.opened, config.browsing_opened).max(how_many), below(facts.down, config.browsing_mbits)];
    let holds = (opens || meets) && facts.down < config.browsing_mbits;
    holds.then(|| Judgement::by_margins(Class::Browsing, &margins, why()))
}

/// Several things at a time, or something that no rule knows.
fn mixed(facts: &Facts) -> Judgement {
    let why = format!("{}, {} up, as nothing known", from_one_host(facts), rate(facts.up));
    Judgement::new(Class::Mixed, 0.3, why)
}

#[cfg(test)]
mod tests;
