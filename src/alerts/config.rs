//! `[alerts]`: what is told when something is wrong, and from which figures on.

mod command;
mod mute;
mod sections;
mod threshold;

use serde::{Deserialize, Serialize};

use crate::config::value::section;

pub use command::CommandPath;
pub use mute::Mute;
pub use sections::{
    AboveNormal, Buffering, Churn, ConnectionsHigh, HalfOpen, InterfaceBusy, InterfaceErrors, Leak,
    ListenDrops, NewDevice, Retransmissions, Scan, Spike, TableFilling, TooManyForType, UploadHigh,
};
pub use threshold::{Hold, Steps, Threshold};

/// `[alerts]`, with a section for each rule. Whether alerts are judged at all, `measurements.connection_alert` says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsConfig {
    /// The program that is run when an alert begins, changes or ends.
    pub command: CommandPath,
    /// Which alerts nobody wants to hear of.
    pub mute: Vec<Mute>,
    /// Many connections.
    #[serde(deserialize_with = "section")]
    pub connections_high: ConnectionsHigh,
    /// More connections than is normal for the device.
    #[serde(deserialize_with = "section")]
    pub above_normal: AboveNormal,
    /// Many new connections at once.
    #[serde(deserialize_with = "section")]
    pub spike: Spike,
    /// More and more connections.
    #[serde(deserialize_with = "section")]
    pub leak: Leak,
    /// More connections than such a device needs.
    #[serde(deserialize_with = "section")]
    pub too_many_for_type: TooManyForType,
    /// Connections that nobody answers.
    #[serde(deserialize_with = "section")]
    pub half_open: HalfOpen,
    /// A device that tries one host or port after the other.
    #[serde(deserialize_with = "section")]
    pub scan: Scan,
    /// A table that is filling.
    #[serde(deserialize_with = "section")]
    pub table_filling: TableFilling,
    /// A device that was never seen.
    #[serde(deserialize_with = "section")]
    pub new_device: NewDevice,
    /// A device that sends much.
    #[serde(deserialize_with = "section")]
    pub upload_high: UploadHigh,
    /// A film that stands still.
    #[serde(deserialize_with = "section")]
    pub buffering: Buffering,
    /// Connections that come and go at once.
    #[serde(deserialize_with = "section")]
    pub churn: Churn,
    /// What the router itself has to send again.
    #[serde(deserialize_with = "section")]
    pub retransmissions: Retransmissions,
    /// Connections that the router itself refuses for want of room.
    #[serde(deserialize_with = "section")]
    pub listen_drops: ListenDrops,
    /// An interface that garbles packets.
    #[serde(deserialize_with = "section")]
    pub interface_errors: InterfaceErrors,
    /// An interface that is used up.
    #[serde(deserialize_with = "section")]
    pub interface_busy: InterfaceBusy,
}

#[cfg(test)]
mod tests;
