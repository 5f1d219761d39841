//! One router of many: the points of a recording under its own name and its own sequence.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::rc::Rc;

use conntrack_exporter::series::point::{Point, Value};
use conntrack_exporter::snapshot::by_output;

use super::recording::Recording;

/// The tag that tells routers apart, as `router.name` sets it.
pub(crate) const TAG: &str = "router";

pub(crate) struct Router {
    name: Rc<str>,
    socket: UdpSocket,
    /// The number of its first snapshot within the recording.
    place: u64,
}

impl Router {
    pub(crate) fn new(name: &str, address: Ipv4Addr, receiver: SocketAddr, place: u64) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap_or_else(|error| panic!("{address}: {error}"));
        socket.connect(receiver).unwrap();
        Self { name: name.into(), socket, place }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sends one datagram; whether the kernel took it.
    pub(crate) fn send(&self, datagram: &[u8]) -> bool {
        self.socket.send(datagram).is_ok()
    }

    /// The points of its look of this number, which is the first at 0; `started` in seconds since 1970.
    pub(crate) fn points(&self, recording: &Recording, look: u64, started: u64) -> Vec<Point> {
        let per_snapshot = recording.looks_per_snapshot();
        let points = recording.look(self.place * per_snapshot + look).iter();
        let counted =
            [("sequence", look / per_snapshot + 1), ("traffic_sequence", look + 1), ("started", started)];
        let mut points: Vec<Point> = points.cloned().collect();
        for point in &mut points {
            point.tags = Rc::new(point.tags.with((TAG, Rc::clone(&self.name))));
            if point.measurement == by_output::MEASUREMENT {
                for (field, value) in &mut point.fields {
                    if let Some((_, counted)) = counted.iter().find(|(name, _)| name == field) {
                        *value = Value::count(*counted);
                    }
                }
            }
        }
        points
    }
}
