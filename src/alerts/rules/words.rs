//! What messages call things.

use crate::attribution::labels::OwnerTags;
use crate::devices::device_type::DeviceType;
use crate::measurements::Tick;

/// The type of a device; `None` of the router, and of `other`.
pub(super) fn device_type(row: &OwnerTags) -> Option<DeviceType> {
    row.label.as_ref().map(|label| label.device_type.unwrap_or(DeviceType::Unknown))
}

/// Devices of a type.
pub(super) const fn devices_of(device_type: DeviceType) -> &'static str {
    match device_type {
        DeviceType::Iot => "smart devices",
        DeviceType::Mobile => "phones and tablets",
        DeviceType::Workstation => "computers",
        DeviceType::Streaming => "televisions and players",
        DeviceType::Network => "network devices",
        DeviceType::Server => "servers",
        DeviceType::Unknown => "devices of an unknown type",
    }
}

/// So many connections.
pub(super) fn connections(count: u32) -> String {
    crate::wording::counted(count, "connection", "connections")
}

/// What the router is called.
pub(super) fn router(tick: &Tick<'_>) -> std::rc::Rc<str> {
    tick.owners.router.name().map_or_else(|| "router".into(), std::rc::Rc::clone)
}

/// A number with as many decimals as tell something.
pub(super) fn number(number: f64) -> String {
    if number >= 10.0 || number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}
