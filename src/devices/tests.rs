mod claims;
mod leases;
mod neighbours;
mod owner;
mod vendors;

use std::fs;
use std::path::Path;

use super::name::Name;
use super::name_source::NameSource;
use super::*;
use crate::lan::interfaces::Interface;
use crate::test_directory::TestDirectory;

const HOUR: Duration = Duration::from_hours(1);

/// Devices that learn from text instead of files, each text a reading of its own.
fn devices() -> Devices {
    Devices::new(&Root::replay("/nonexistent"), settings())
}

fn settings() -> Settings {
    let router = Name::clean(b"gateway");
    let leases = vec!["leases".into()];
    Settings { leases, names: NameSource::ALL.to_vec(), remember: 24 * HOUR, router, ..Settings::default() }
}

/// A LAN of one IPv4 and one IPv6 prefix, and one of WireGuard.
fn lan() -> Lan {
    let mut lan = Lan::new(&["br-lan".into(), "wg*".into()], &[]);
    let interface = |name: &str, link_layer, nets: &[&str]| Interface {
        name: name.into(),
        link_layer,
        addresses: nets.iter().map(|net| net.parse().unwrap()).collect(),
        broadcast: None,
    };
    let lan_side = interface("br-lan", true, &["192.168.8.1/24", "2001:db8:aa:10::1/64", "fe80::1/64"]);
    lan.observe(vec![lan_side, interface("wg0", false, &["10.0.0.1/24"])], HOUR);
    lan
}

fn learn(devices: &mut Devices, text: &str) {
    devices.inventory.begin_reading();
    let file = Rc::from(Path::new("leases"));
    let Devices { inventory, bindings, .. } = devices;
    super::leases::learn_text(NameSource::Lease, &file, text.as_bytes(), inventory, bindings);
    devices.settle();
}

/// `2=phone 3=*` as lease lines: the number is the end of the MAC and of the address.
fn lease_lines(short: &str) -> String {
    let line = |word: &str| {
        let (number, name) = word.split_once('=').unwrap();
        let last: u8 = number.parse().unwrap();
        format!("1 02:00:00:a1:b2:{last:02x} 192.168.8.{last} {name} *\n")
    };
    short.split(' ').map(line).collect::<Vec<_>>().concat()
}

fn name(devices: &Devices, last: u8) -> String {
    name_at(devices, &format!("192.168.8.{last}")).unwrap()
}

/// What whoever is at `address` is called.
fn name_at(devices: &Devices, address: &str) -> Option<String> {
    Some(label_at(devices, address)?.name.to_string())
}

fn label_at(devices: &Devices, address: &str) -> Option<Label> {
    let who = identify(devices, address, true)?;
    devices.label(&who)
}

fn identify(devices: &Devices, address: &str, link_layer: bool) -> Option<Identity> {
    devices.identify(address.parse().unwrap(), link_layer)
}

/// What the devices of `readings` are called after the last of them.
fn names(readings: &[&str], devices_asked: &[u8]) -> Vec<String> {
    let mut devices = devices();
    for short in readings {
        learn(&mut devices, &lease_lines(short));
    }
    devices_asked.iter().map(|last| name(&devices, *last)).collect()
}

/// A router's files in a directory of its own.
struct Files(TestDirectory);

impl Files {
    fn new(test: &str) -> Self {
        Self(TestDirectory::new(&format!("devices-{test}")))
    }

    fn write(&self, path: &str, text: &str) {
        let path = Root::replay(&*self.0).path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(Root::replay(&*self.0).path(path)).unwrap();
    }

    fn devices(&self) -> Devices {
        let path = |path: &str| Path::new(path).to_path_buf();
        Devices::new(
            &Root::replay(&*self.0),
            Settings {
                leases: vec![path("/one"), path("/two"), path("/absent")],
                odhcpd: vec![path("/odhcpd")],
                registry: path("/registry"),
                vendors: vec![path("/absent"), path("/oui")],
                ..settings()
            },
        )
    }
}
