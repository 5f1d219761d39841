//! `device`: who is known, and who is there.

use super::resident::Resident;
use super::{HOST, Point};

/// How often each is told of, and for how long who is silent is taken to be there.
const EVERY: i64 = 300;

/// Whether a device is there.
#[derive(Debug, Default)]
pub(super) struct Presence {
    last_seen: Option<i64>,
    is_online: bool,
    /// What was told last; `None` where nothing was since the start.
    told: Option<bool>,
}

impl Presence {
    /// Hears whether the device has connections.
    pub(super) fn step(&mut self, is_there: bool, at: i64) {
        if is_there {
            self.last_seen = Some(at);
        }
        self.is_online = self.last_seen.is_some_and(|seen| at - seen <= EVERY);
    }

    /// As after a start: all are told of anew.
    pub(super) fn forget(&mut self) {
        self.told = None;
    }
}

/// The point of a device, if it is time for one.
pub(super) fn report(of: &mut Resident, at: i64, into: &mut Vec<Point>) {
    let presence = &mut of.presence;
    let is_due = at % EVERY == 0 || presence.told != Some(presence.is_online);
    if of.device.kind.is_none() || at < of.arrival || !is_due {
        return;
    }
    presence.told = Some(presence.is_online);
    let mut fields = vec![("ip", of.device.ip.into()), ("mac", of.device.mac.into())];
    fields.extend(of.device.kind.map(|kind| ("device_type", kind.into())));
    fields.push(("named_by", of.device.named_by.into()));
    fields.push(("first_seen", of.arrival.into()));
    fields.extend(presence.last_seen.map(|seen| ("last_seen", seen.into())));
    fields.push(("online", i64::from(presence.is_online).into()));
    let tags = vec![("device_name", of.device.name), ("host", HOST)];
    into.push(Point { measurement: "device", tags, fields, at });
}
