//! How many connections a device has, against what it had.

/// What is known of one device at an instant. Connections are entries that are ESTABLISHED or ACTIVE.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// Connections now.
    pub connections: u32,
    /// The most that it usually has at this hour of the week.
    pub normal_peak: Option<f64>,
    /// The least connections in each quarter of an hour of the last six hours, the oldest first.
    pub quarter_minima: Vec<u32>,
}
