//! `[alerts.RULE]`: a section for each rule.

use serde::{Deserialize, Deserializer, Serialize};

use super::threshold::{Hold, Steps, Threshold};
use crate::config::value::whole_number;

/// Makes the section of a rule: whether it is judged, its thresholds, and for how many seconds one must be passed before
/// it fires, all with their defaults. There are sixteen of them, and each has the first and the last key.
macro_rules! rule_section {
    (
        $(#[$documentation:meta])*
        $name:ident for $seconds:literal {
            $($(#[$key_documentation:meta])* $key:ident: $type:ty = $default:expr,)*
        }
    ) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// Whether it is judged.
            pub enabled: bool,
            $($(#[$key_documentation])* pub $key: $type,)*
            /// For how long it must be so before it fires, and be over before it clears.
            #[serde(rename = "for")]
            pub hold: Hold,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { enabled: true, $($key: $default,)* hold: Hold::of_ours($seconds) }
            }
        }
    };
}

const fn number(number: f64) -> Threshold {
    Threshold::of_ours(number)
}

rule_section! {
    /// `[alerts.connections_high]`.
    ConnectionsHigh for 120 {
        /// More connections than this, of televisions, things and devices of an unknown type.
        connections: Threshold = number(100.0),
        /// The same of all others.
        connections_others: Threshold = number(500.0),
    }
}

rule_section! {
    /// `[alerts.above_normal]`.
    AboveNormal for 300 {
        /// Of a hundred that are normal.
        percent: Steps = Steps::of_ours(150.0, 200.0),
        /// And at least so many more than normal.
        more: Threshold = number(20.0),
    }
}

rule_section! {
    /// `[alerts.spike]`.
    Spike for 60 {
        /// So many times the average of the last hour.
        factor: Threshold = number(5.0),
        /// And at least so many connections opened in a second.
        per_second: Threshold = number(10.0),
    }
}

rule_section! {
    /// `[alerts.leak]`.
    Leak for 0 {
        /// How certain it is that they rise: the statistic of Mann and Kendall.
        certainty: Threshold = number(2.3),
        /// At least so many connections more in six hours.
        rise: Threshold = number(20.0),
        /// And either so many of a hundred more than there were…
        rise_percent: Threshold = number(50.0),
        /// …or so many more.
        or_rise: Threshold = number(25.0),
        /// And so many more of those that are idle.
        idle_rise: Threshold = number(18.0),
    }
}

rule_section! {
    /// `[alerts.too_many_for_type]`.
    TooManyForType for 600 {
        /// More connections than this, of a thing.
        iot: Threshold = number(5.0),
        /// Of a television.
        streaming: Threshold = number(20.0),
    }
}

rule_section! {
    /// `[alerts.half_open]`.
    HalfOpen for 60 {
        /// More than so many.
        entries: Threshold = number(20.0),
        /// And at least so many of a hundred of the device's TCP entries.
        percent: Threshold = number(50.0),
    }
}

rule_section! {
    /// `[alerts.scan]`.
    Scan for 0 {
        /// So many hosts on one port: at most 64, for they are counted up to there.
        #[serde(deserialize_with = "up_to_64")]
        hosts: usize = 64,
        /// So many ports of one host.
        #[serde(deserialize_with = "up_to_64")]
        ports: usize = 64,
        /// And at least so many of a hundred unanswered.
        unanswered_percent: Threshold = number(80.0),
    }
}

rule_section! {
    /// `[alerts.table_filling]`.
    TableFilling for 60 {
        /// How full the table is, of a hundred.
        percent: Steps = Steps::of_ours(75.0, 90.0),
        /// Or it will be full within this time.
        full_within: Hold = Hold::of_ours(3600),
    }
}

rule_section! {
    /// `[alerts.new_device]`.
    NewDevice for 0 {
        /// Whether those are told, too, that have made up their MAC.
        made_up_macs: bool = true,
    }
}

rule_section! {
    /// `[alerts.upload_high]`: Mbit/s sent, by the type of the device.
    UploadHigh for 300 {
        /// Things.
        iot: Steps = Steps::of_ours(1.0, 5.0),
        /// Phones and tablets.
        mobile: Steps = Steps::of_ours(10.0, 25.0),
        /// Computers that people sit at.
        workstation: Steps = Steps::of_ours(25.0, 50.0),
        /// Televisions.
        streaming: Steps = Steps::of_ours(5.0, 15.0),
        /// Devices of an unknown type.
        unknown: Steps = Steps::of_ours(5.0, 10.0),
    }
}

rule_section! {
    /// `[alerts.buffering]`.
    Buffering for 0 {
        /// For how long a film must have played.
        after: Hold = Hold::of_ours(180),
        /// It stalls below so many of a hundred of what came in that time.
        stalled_percent: Threshold = number(20.0),
        /// Or its connections double to at least so many.
        connections: Threshold = number(20.0),
    }
}

rule_section! {
    /// `[alerts.churn]`.
    Churn for 300 {
        /// More than so many connections opened, and as many closed, in a second.
        per_second: Threshold = number(2.0),
    }
}

rule_section! {
    /// `[alerts.retransmissions]`.
    Retransmissions for 300 {
        /// Segments of a hundred that were sent again.
        percent: Steps = Steps::of_ours(1.0, 5.0),
        /// Of at least so many.
        segments: Threshold = number(1000.0),
    }
}

rule_section! {
    /// `[alerts.listen_drops]`.
    ListenDrops for 60 {
        /// Connections refused in a second.
        per_second: Threshold = number(0.1),
    }
}

rule_section! {
    /// `[alerts.interface_errors]`.
    InterfaceErrors for 300 {
        /// Packets of a hundred in error.
        percent: Threshold = number(1.0),
    }
}

rule_section! {
    /// `[alerts.interface_busy]`.
    InterfaceBusy for 300 {
        /// How much of its speed is used, of a hundred.
        percent: Threshold = number(80.0),
    }
}

fn up_to_64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    whole_number(deserializer, 1..=64, "a number from 1 to 64")
}
