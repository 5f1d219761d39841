//! What the files of the cast's household say, reading by reading, and devices that learn it from memory.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use conntrack_exporter::devices::mac::Mac;
use conntrack_exporter::devices::name::Name;
use conntrack_exporter::devices::name_source::NameSource;
use conntrack_exporter::devices::neighbours::Neighbour;
use conntrack_exporter::devices::settings::{ETHERS, HOSTS};
use conntrack_exporter::devices::{Devices, Settings};
use conntrack_exporter::lan::Lan;
use conntrack_exporter::lan::interfaces;

use crate::cast;
use crate::household::Household;

const INTERFACES: &[u8] = b"2: br-lan: <UP>\n    link/ether 02:00:00:00:00:01\n    inet 192.168.8.1/24\n    \
    inet6 2001:db8:aa:10::1/64\n";
const READINGS_AT_MOST: usize = 4;
const RECORDS_AT_MOST: usize = 48;
const LEASES: &str = "/tmp/dhcp.leases";
const ODHCPD: &str = "/tmp/odhcpd.leases";
const REGISTRY: &str = "/etc/conntrack-exporter.devices";
const MAKERS: &str = "/usr/share/nmap/nmap-mac-prefixes";
/// The machine's time since boot before the first reading, and from one to the next: so long that each begins with
/// asking the neighbours.
const BOOT: Duration = Duration::from_hours(1);
const READINGS_APART: Duration = Duration::from_mins(6);
const REMEMBER: Duration = Duration::from_hours(24);

/// What the files say in one reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    leases: Vec<u8>,
    odhcpd: Vec<u8>,
    neighbours: Vec<Neighbour>,
    registry: OwnerFile,
    ethers: OwnerFile,
    hosts: OwnerFile,
}

/// A file of the owner's, and whom it may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OwnerFile {
    text: Vec<u8>,
    macs: Vec<Mac>,
    addresses: Vec<IpAddr>,
}

impl Reading {
    /// The readings that `records` of four bytes make up: what, who, where, which name; `own` is a name to be claimed.
    pub fn all(own: &[u8], records: &[u8]) -> Vec<Self> {
        let (mut readings, mut reading) = (Vec::new(), Self::default());
        for record in records.as_chunks::<4>().0.iter().take(RECORDS_AT_MOST) {
            let [what, who, ..] = *record;
            if what % 9 < 8 {
                reading.tell(*record, own);
            } else if readings.len() < READINGS_AT_MOST {
                readings.push(reading.clone());
                reading.forget(who);
            }
        }
        readings.push(reading);
        readings
    }

    /// Adds what a record says.
    fn tell(&mut self, [what, who, place, name]: [u8; 4], own: &[u8]) {
        let (mac, address, mut name) = (cast::mac(who), cast::address(place), cast::name(name, own));
        name.retain(|byte| *byte != b'\n');
        match what % 9 {
            0 | 1 if address.is_ipv4() => add(&mut self.leases, &format!("1 {mac} {address} "), &name, " *"),
            0 => {
                add(&mut self.leases, &format!("1 9 {address} "), &name, &format!(" 00:03:00:01:{mac}"));
            }
            1 => {
                add(&mut self.leases, &format!("1 9 {address} "), &name, &format!(" {}", cast::duid(who)));
            }
            2 if address.is_ipv4() => {
                let end = format!(" 1 1 32 {address}/32");
                add(&mut self.odhcpd, &format!("# br-lan {mac} ipv4 "), &name, &end);
            }
            2 => {
                let holder = cast::duid(who).replace(':', "");
                let end = format!(" 1 1 128 {address}/128");
                add(&mut self.odhcpd, &format!("# br-lan {holder} 7 "), &name, &end);
            }
            3 | 4 => {
                self.neighbours.push(Neighbour { address, interface: "br-lan".into(), mac, reachable: true });
            }
            5 if who >= 0x80 => self.registry.name_address(address, '=', &name),
            5 => self.registry.name_mac(mac, '=', &name),
            6 => self.ethers.name_mac(mac, ' ', &name),
            _ => self.hosts.name_address(address, ' ', &name),
        }
    }

    /// The next reading begins without what the bits of `what` say.
    fn forget(&mut self, what: u8) {
        let Self { leases, odhcpd, neighbours, registry, ethers, hosts } = self;
        let bit = |bit: u8| what >> bit & 1 == 1;
        [leases, odhcpd].into_iter().zip(0..).filter(|(_, n)| bit(*n)).for_each(|(file, _)| file.clear());
        if bit(2) {
            neighbours.clear();
        }
        let files = [registry, ethers, hosts].into_iter().zip(3..).filter(|(_, n)| bit(*n));
        files.for_each(|(file, _)| *file = OwnerFile::default());
    }

    /// The same with empty lease files, if they aren't: dnsmasq empties its file before it writes it anew.
    pub fn with_empty_leases(&self) -> Option<Self> {
        let is_silent = self.leases.is_empty() && self.odhcpd.is_empty();
        (!is_silent).then(|| Self { leases: Vec::new(), odhcpd: Vec::new(), ..self.clone() })
    }

    /// Whether the owner names this MAC.
    pub fn names_mac(&self, mac: Mac) -> bool {
        self.registry.macs.contains(&mac) || self.ethers.macs.contains(&mac)
    }

    /// Whether the owner names this address.
    pub fn names_address(&self, address: IpAddr) -> bool {
        self.registry.addresses.contains(&address) || self.hosts.addresses.contains(&address)
    }

    fn files(&self) -> [(&'static str, &[u8]); 5] {
        [
            (LEASES, &self.leases),
            (ODHCPD, &self.odhcpd),
            (REGISTRY, &self.registry.text),
            (ETHERS, &self.ethers.text),
            (HOSTS, &self.hosts.text),
        ]
    }
}

impl OwnerFile {
    fn name_mac(&mut self, mac: Mac, between: char, name: &[u8]) {
        add(&mut self.text, &format!("{mac}{between}"), name, "");
        self.macs.push(mac);
    }

    fn name_address(&mut self, address: IpAddr, between: char, name: &[u8]) {
        add(&mut self.text, &format!("{address}{between}"), name, "");
        self.addresses.push(address);
    }
}

fn add(file: &mut Vec<u8>, before: &str, name: &[u8], behind: &str) {
    for part in [before.as_bytes(), name, behind.as_bytes(), b"\n"] {
        file.extend_from_slice(part);
    }
}

/// Where the cast lives. Nothing of it changes, but the list of makers is a file, which the program reads as it needs it.
#[derive(Debug)]
pub struct Home {
    /// The LAN.
    pub lan: Lan,
    household: Household,
    settings: Settings,
}

impl Home {
    /// The only one.
    pub fn new() -> Self {
        let mut lan = Lan::new(&["br-lan".to_owned()], &[]);
        lan.observe(interfaces::parse(INTERFACES), BOOT);
        let mut household = Household::new();
        household.furnish([(MAKERS, cast::MAKERS)]);
        let settings = Settings {
            leases: vec![LEASES.into()],
            odhcpd: vec![ODHCPD.into()],
            registry: REGISTRY.into(),
            vendors: vec![PathBuf::from(MAKERS)],
            names: NameSource::ALL.to_vec(),
            remember: REMEMBER,
            router: Name::clean(cast::ROUTER.as_bytes()),
        };
        Self { lan, household, settings }
    }

    /// Somebody who knows nobody there yet.
    pub fn observer(&self) -> Observer {
        let devices = Devices::new(&self.household.root(), self.settings.clone());
        Observer { devices, boot: BOOT, last: Reading::default() }
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// Devices, and what they learned last.
#[derive(Debug)]
pub struct Observer {
    /// Those who are known.
    pub devices: Devices,
    /// The machine's time since boot.
    pub boot: Duration,
    last: Reading,
}

impl Observer {
    /// Takes in a reading some minutes after the last one. What has not changed is not read again.
    pub fn learn(&mut self, home: &Home, reading: &Reading) {
        self.boot += READINGS_APART;
        let both = reading.files().into_iter().zip(self.last.files());
        let changed = both
            .filter(|((_, text), (_, last))| text != last)
            .map(|((path, text), _)| (Path::new(path), text));
        let changed: Vec<(&Path, &[u8])> = changed.collect();
        self.devices.learn(&changed, &reading.neighbours, &home.lan, self.boot);
        self.last.clone_from(reading);
    }
}
