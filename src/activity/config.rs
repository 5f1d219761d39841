//! `[activity]`: the thresholds by which it is told what a device is doing.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::value::{number, whole_number};

/// `[activity]`. Rates are in Mbit/s, means over the last minute; those of music over the last three.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActivityConfig {
    /// Below this, down and up together, a device is idle.
    #[serde(deserialize_with = "rate")]
    pub idle_mbits: f64,
    /// Connections opened in a second, below which it is.
    #[serde(deserialize_with = "rate")]
    pub idle_opened: f64,
    /// With so many hosts at least does a torrent client exchange.
    #[serde(deserialize_with = "count")]
    pub p2p_hosts: usize,
    /// The least share of its connections that go to high ports of no known service.
    #[serde(deserialize_with = "share")]
    pub p2p_unlisted: f64,
    /// The fewest different ports for each host.
    #[serde(deserialize_with = "share")]
    pub p2p_ports_per_host: f64,
    /// The least that is sent for what is received.
    #[serde(deserialize_with = "rate")]
    pub p2p_up_per_down: f64,
    /// What a game that is rendered far away receives at least, by one flow of UDP.
    #[serde(deserialize_with = "rate")]
    pub cloud_gaming_mbits: f64,
    /// The least bytes of its packets.
    #[serde(deserialize_with = "rate")]
    pub cloud_gaming_packet: f64,
    /// The device sends less than this.
    #[serde(deserialize_with = "rate")]
    pub cloud_gaming_up: f64,
    /// Packets in a second, each way, that a call has at least.
    #[serde(deserialize_with = "rate")]
    pub call_packets: f64,
    /// What is sent for what is received.
    pub call_up_per_down: Between,
    /// What is sent at least.
    #[serde(deserialize_with = "rate")]
    pub call_up: f64,
    /// Packets in a second, each way, of a game or a voice.
    pub realtime_packets: Between,
    /// The most bytes of its packets.
    #[serde(deserialize_with = "rate")]
    pub realtime_packet: f64,
    /// What it moves: at least both ways together, at most each way.
    pub realtime_mbits: Between,
    /// What a film takes.
    pub video_mbits: Between,
    /// What is sent for what is received is less than this.
    #[serde(deserialize_with = "rate")]
    pub video_up_per_down: f64,
    /// The least share of the busiest host.
    #[serde(deserialize_with = "share")]
    pub video_share: f64,
    /// The most connections that move something.
    #[serde(deserialize_with = "count")]
    pub video_connections: usize,
    /// What varies more than this comes in pulses (standard deviation of the looks ÷ their mean).
    #[serde(deserialize_with = "rate")]
    pub video_pulsing: f64,
    /// What varies less than this, and is as fast as the device ever was, is at its limit: no film is.
    #[serde(deserialize_with = "rate")]
    pub video_steady: f64,
    /// What is below this share of a peak is well below it.
    #[serde(deserialize_with = "share")]
    pub video_below_peak: f64,
    /// The least share of the device's or the line's peak that a download has.
    #[serde(deserialize_with = "share")]
    pub download_of_peak: f64,
    /// What varies less than this is steady.
    #[serde(deserialize_with = "rate")]
    pub download_steady: f64,
    /// The least share of the busiest host.
    #[serde(deserialize_with = "share")]
    pub download_share: f64,
    /// What a download takes at least.
    #[serde(deserialize_with = "rate")]
    pub download_mbits: f64,
    /// What one takes at least while no peak is known.
    #[serde(deserialize_with = "rate")]
    pub download_without_peak: f64,
    /// What an upload sends at least.
    #[serde(deserialize_with = "rate")]
    pub upload_mbits: f64,
    /// It sends more than so many times what it receives.
    #[serde(deserialize_with = "rate")]
    pub upload_up_per_down: f64,
    /// What music takes.
    pub audio_mbits: Between,
    /// The most connections that move something.
    #[serde(deserialize_with = "few")]
    pub audio_connections: usize,
    /// The least share of the busiest host.
    #[serde(deserialize_with = "share")]
    pub audio_share: f64,
    /// For how many seconds it may be silent between two pieces.
    #[serde(deserialize_with = "count")]
    pub audio_pause: usize,
    /// Connections that browsing opens in a second at least, or …
    #[serde(deserialize_with = "rate")]
    pub browsing_opened: f64,
    /// … with how many hosts it exchanges at least.
    #[serde(deserialize_with = "count")]
    pub browsing_hosts: usize,
    /// It takes less than this.
    #[serde(deserialize_with = "rate")]
    pub browsing_mbits: f64,
    /// Who moves more than this share by the port of a VPN can't be seen into.
    #[serde(deserialize_with = "share")]
    pub vpn_share: f64,
    /// Below this share of the WAN's bytes that the table shows, hardware carries the rest.
    #[serde(deserialize_with = "share")]
    pub coverage: f64,
    /// That is judged only while the WAN moves more than this.
    #[serde(deserialize_with = "rate")]
    pub coverage_mbits: f64,
}

impl Default for ActivityConfig {
    fn default() -> Self {
        Self {
            idle_mbits: 0.02,
            idle_opened: 0.2,
            p2p_hosts: 40,
            p2p_unlisted: 0.6,
            p2p_ports_per_host: 0.5,
            p2p_up_per_down: 0.03,
            cloud_gaming_mbits: 6.0,
            cloud_gaming_packet: 900.0,
            cloud_gaming_up: 1.0,
            call_packets: 25.0,
            call_up_per_down: Between([0.2, 3.0]),
            call_up: 0.1,
            realtime_packets: Between([10.0, 130.0]),
            realtime_packet: 800.0,
            realtime_mbits: Between([0.02, 0.5]),
            video_mbits: Between([1.0, 40.0]),
            video_up_per_down: 0.06,
            video_share: 0.5,
            video_connections: 20,
            video_pulsing: 0.5,
            video_steady: 0.1,
            video_below_peak: 0.7,
            download_of_peak: 0.6,
            download_steady: 0.25,
            download_share: 0.4,
            download_mbits: 1.0,
            download_without_peak: 40.0,
            upload_mbits: 0.5,
            upload_up_per_down: 3.0,
            audio_mbits: Between([0.05, 1.5]),
            audio_connections: 6,
            audio_share: 0.6,
            audio_pause: 240,
            browsing_opened: 0.3,
            browsing_hosts: 8,
            browsing_mbits: 5.0,
            vpn_share: 0.8,
            coverage: 0.5,
            coverage_mbits: 0.5,
        }
    }
}

impl ActivityConfig {
    /// For how long music may be silent between two pieces.
    pub fn audio_pause(&self) -> Duration {
        Duration::from_secs(self.audio_pause.try_into().unwrap_or(u64::MAX))
    }
}

/// The least and the most of something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Between(pub [f64; 2]);

impl Between {
    /// The least.
    pub const fn least(self) -> f64 {
        let Self([least, _]) = self;
        least
    }

    /// The most.
    pub const fn most(self) -> f64 {
        let Self([_, most]) = self;
        most
    }

    /// Whether `value` is neither less nor more.
    pub fn contains(self, value: f64) -> bool {
        (self.least()..=self.most()).contains(&value)
    }
}

impl<'de> Deserialize<'de> for Between {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Number(#[serde(deserialize_with = "rate")] f64);

        let given: Vec<Number> = Vec::deserialize(deserializer)?;
        match given.as_slice() {
            [Number(least), Number(most)] if least <= most => Ok(Self([*least, *most])),
            [Number(least), Number(most)] => {
                Err(D::Error::custom(format!("the least, {least}, is more than the most, {most}")))
            }
            _ => Err(D::Error::custom("two numbers are needed: the least and the most, such as [0.3, 3.0]")),
        }
    }
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    number(deserializer, 0.0..=1e6, "a number from 0 to 1000000")
}

fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    number(deserializer, 0.0..=1.0, "a share from 0 to 1")
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    whole_number(deserializer, 1..=100_000, "a number from 1 to 100000")
}

/// Of what was before the last minute, so many connections are remembered.
pub const FEW: usize = 32;

fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    whole_number(deserializer, 1..=FEW, "a number from 1 to 32")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_others_are_understood() {
        let config: ActivityConfig =
            toml::from_str("cloud_gaming_mbits = 9\ncall_up_per_down = [0.5, 2]\naudio_connections = 32")
                .unwrap();
        assert_eq!((config.cloud_gaming_mbits, config.call_up_per_down), (9.0, Between([0.5, 2.0])));
        assert!(config.call_up_per_down.contains(2.0) && !config.call_up_per_down.contains(2.01));
        let same: ActivityConfig = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(same, config);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, said) in [
            ("video_share = 1.1", "a share from 0 to 1"),
            ("upload_mbits = -1", "a number from 0 to 1000000"),
            ("upload_mbits = nan", "a number from 0 to 1000000"),
            ("upload_mbits = \"1\"", "a number from 0 to 1000000"),
            ("audio_connections = 33", "a number from 1 to 32"),
            ("p2p_hosts = 0", "a number from 1 to 100000"),
            ("audio_mbits = [0.5, 0.03]", "the least, 0.5, is more than the most, 0.03"),
            ("audio_mbits = [0.5]", "two numbers are needed"),
        ] {
            let error = toml::from_str::<ActivityConfig>(text).unwrap_err();
            assert!(error.message().contains(said), "{text}: {error}");
        }
    }
}
