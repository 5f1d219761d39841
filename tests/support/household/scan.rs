//! Something that has got in: it looks for others who let it in by Telnet, and finds none.

use std::net::Ipv4Addr;

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::Device;
use super::router::Server;

/// How many hosts it asks in a second, and in all: as many as are counted one by one.
const A_SECOND: u32 = 2;
const IN_ALL: u32 = 64;
/// Addresses in which nobody is (RFC 2544), from the first on.
const NOBODY: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);

#[derive(Default)]
pub(crate) struct Scan(u32);

impl Activity for Scan {
    fn second(&mut self, device: &mut Device<'_>) {
        for _ in 0..A_SECOND.min(IN_ALL - self.0) {
            self.0 += 1;
            let address = Ipv4Addr::from(NOBODY.to_bits() + self.0);
            device.knock(Server { protocol: Protocol::TCP, address, port: 23 });
        }
    }

    fn end(&mut self, _: &mut Device<'_>) {}
}
