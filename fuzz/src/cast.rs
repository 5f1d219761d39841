//! A small cast of devices with names that get into each other's way, and how each file would tell of them.

use std::net::IpAddr;

use conntrack_exporter::devices::mac::Mac;

/// Some share their last octets; one has a maker in the list.
const MACS: [[u8; 6]; 8] = [
    [0x02, 0, 0, 0xa1, 0xb2, 0x02],
    [0x02, 0, 0, 0xa1, 0xb2, 0x03],
    [0x02, 0xff, 0, 0xa1, 0xb2, 0x02],
    [0x24, 0x0a, 0xc4, 0xa1, 0xb2, 0x04],
    [0x24, 0x0a, 0xc4, 0, 0, 0x02],
    [0x02, 0, 0, 0, 0, 0x02],
    [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
    [0x02, 0, 0, 0xdd, 0xee, 0xff],
];

/// What is reserved besides `router` and `other`.
pub const ROUTER: &str = "gateway";

/// The maker that the list of makers knows.
pub const MAKERS: &[u8] = b"240AC4 Espressif\n";

const WORDS: [&str; 29] = [
    "phone",
    "Phone",
    "PHONE",
    "tv",
    "router",
    "Other",
    "gateway",
    "GateWay-a1b202",
    "*",
    "",
    " ",
    "-",
    "aabbcc",
    "020000",
    "AA:BB:CC",
    "phone-a1b202",
    "phone-A1B203",
    "phone-a1b202-a1b203",
    "0.0.0.0",
    "10.0.0.2",
    "::1",
    "00:02:00:00:ab:11:22",
    "two words",
    "\u{202e}phone",
    "Büro",
    "BU\u{308}RO",
    "\u{212b}-a1b202",
    "A\u{30a}-A1B202",
    "phone-00\u{fb00}02",
];

/// The MAC of the device of this number.
pub fn mac(number: u8) -> Mac {
    Mac(MACS[usize::from(number) % MACS.len()])
}

/// An address that may be anybody's: of the LAN's two prefixes.
pub fn address(number: u8) -> IpAddr {
    let last = number / 2 % (ADDRESSES / 2) + 2;
    if number.is_multiple_of(2) {
        IpAddr::from([192, 168, 8, last])
    } else {
        IpAddr::from([0x2001, 0xdb8, 0xaa, 0x10, 0, 0, 0, u16::from(last)])
    }
}

/// How many addresses there are.
pub const ADDRESSES: u8 = 12;

/// A name to get into somebody's way with.
pub fn name(number: u8, own: &[u8]) -> Vec<u8> {
    let of = number / 8;
    let [.., a, b, c] = mac(of).0;
    let shaped = match number % 8 {
        0 | 1 => return WORDS[usize::from(of) % WORDS.len()].into(),
        2 => return own.to_vec(),
        3 => mac(of).to_string(),
        4 => mac(of).to_string().replace(':', "-").to_uppercase(),
        5 => format!("Espressif-{a:02x}{b:02x}{c:02x}"),
        6 => address(of).to_string(),
        _ => format!("{}-{a:02x}{b:02x}{c:02x}", "x".repeat(50 + usize::from(of % 16))),
    };
    shaped.into_bytes()
}

/// A DUID that carries no MAC, but may look like one or end like one.
pub fn duid(number: u8) -> String {
    let mac = mac(number / 4);
    match number % 4 {
        0 => format!("00:02:00:00:ab:11:{:02x}", number / 4 % 4),
        1 => format!("00:02:{mac}"),
        2 => format!("00:04:{mac}"),
        _ => mac.to_string(),
    }
}
