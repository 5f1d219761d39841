//! Who made a device, by the first digits of its MAC.
//!
//! The lists are IEEE's `oui.txt`, Wireshark's `manuf` and nmap's `nmap-mac-prefixes` (arp-scan's are of the same form
//! as nmap's). They have tens of thousands of lines, so they are read once, line by line, for the MACs at hand, and
//! nothing else is kept of them.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::lines;
use crate::devices::mac::Mac;

/// How much of a line is looked at.
const LONGEST_LINE: usize = 512;
/// The bits of a MAC.
const MAC_BITS: u32 = 48;
/// The shortest prefix that IEEE sells.
const SHORTEST_PREFIX: u32 = 24;

/// Words that don't tell one organisation from another, as the first of its name: legal forms and the places where
/// hundreds of them are.
const NOT_TELLING: &str = "the a inc incorporated co company corp corporation ltd limited llc \
    gmbh ag kg sa srl spa bv ab oy plc pte pty \
    beijing chengdu china dongguan fujian guangdong guangzhou hangzhou jiangsu nanjing ningbo qingdao \
    shanghai shenzhen sichuan suzhou wuhan xiamen zhejiang zhuhai";

/// What a line of a list says: whose are the MACs that begin like this.
#[derive(Debug, PartialEq, Eq)]
struct Block<'a> {
    prefix: u64,
    length: u32,
    owner: Owner<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Owner<'a> {
    /// A short name that the list's authors made.
    Short(&'a str),
    /// The whole name of an organisation.
    Organisation(&'a str),
}

/// The vendors of `wanted` that a list knows; MACs that were made up and those of groups have none. The longest prefix
/// wins, and among equal ones the first.
pub fn find(mut reader: impl BufRead, wanted: &[Mac]) -> io::Result<BTreeMap<Mac, String>> {
    let sold = wanted.iter().filter(|mac| !mac.is_local() && !mac.is_group());
    let mut wanted: Vec<(u64, Mac)> = sold.map(|mac| (number(*mac), *mac)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found: BTreeMap<Mac, (u32, Option<String>)> = BTreeMap::new();
    let mut line = Vec::new();
    while !wanted.is_empty() && lines::next(&mut reader, LONGEST_LINE, &mut line)?.is_some() {
        let line = String::from_utf8_lossy(&line);
        let Some(block) = block(&line) else { continue };
        let end = block.prefix + (1 << (MAC_BITS - block.length));
        let first = wanted.partition_point(|(number, _)| *number < block.prefix);
        for (_, mac) in wanted.iter().skip(first).take_while(|(number, _)| *number < end) {
            let best = found.entry(*mac).or_default();
            if block.length > best.0 {
                *best = (block.length, block.owner.name());
            }
        }
    }
    Ok(found.into_iter().filter_map(|(mac, (_, name))| Some((mac, name?))).collect())
}

fn block(line: &str) -> Option<Block<'_>> {
    // In oui.txt the lines of an organisation's postal address are indented.
    let (digits, owner) = line.split_at_checked(line.find(char::is_whitespace)?)?;
    let (prefix, length) = prefix(digits)?;
    let owner = match owner.trim_start() {
        owner if owner.starts_with("(base 16)") => return None,
        owner => owner.strip_prefix("(hex)").unwrap_or(owner),
    };
    let bare = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let owner = if bare || digits.contains('-') {
        Owner::Organisation(owner.trim())
    } else {
        let mut columns = owner.split('\t').map(str::trim).filter(|column| !column.is_empty());
        // Older lists have one column and the whole name in a comment.
        let short = columns.next()?.split('#').next()?.trim();
        Owner::Short(short)
    };
    Some(Block { prefix, length, owner })
}

/// The first bits of the MACs of a block, and how many they are: as many as digits are written, or as a `/28` says.
fn prefix(text: &str) -> Option<(u64, u32)> {
    let (text, length) = match text.split_once('/') {
        Some((text, length)) => (text, Some(length.parse().ok()?)),
        None => (text, None),
    };
    let (mut prefix, mut digits) = (0, 0);
    for char in text.chars().filter(|char| !matches!(char, ':' | '-' | '.')) {
        prefix = prefix << 4 | u64::from(char.to_digit(16)?);
        digits += 1;
        if digits > MAC_BITS / 4 {
            return None;
        }
    }
    let length = length.unwrap_or(digits * 4);
    let prefix = prefix << (MAC_BITS - digits * 4);
    let mask = u64::MAX << MAC_BITS.checked_sub(length)?;
    (length >= SHORTEST_PREFIX && digits * 4 >= SHORTEST_PREFIX).then_some((prefix & mask, length))
}

fn number(mac: Mac) -> u64 {
    mac.0.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

impl Owner<'_> {
    /// A short name. Blocks that IEEE resells in parts, and owners who don't want to be known, have none.
    fn name(&self) -> Option<String> {
        let (Self::Short(whole) | Self::Organisation(whole)) = self;
        let folded: String =
            whole.chars().filter(|char| *char != ' ').collect::<String>().to_ascii_lowercase();
        let anonymous = folded.starts_with("ieeereg") || folded == "private";
        let name = match self {
            Self::Short(short) => short,
            Self::Organisation(organisation) => short(organisation),
        };
        (!anonymous && !name.is_empty()).then(|| name.to_owned())
    }
}

/// The first word of an organisation's name that tells it from others, or else the first.
fn short(organisation: &str) -> &str {
    let words =
        organisation.split(|char: char| char.is_whitespace() || matches!(char, ',' | '(' | ')' | ';' | '/'));
    let words = words.map(|word| word.trim_matches(|char: char| !char.is_alphanumeric()));
    let mut words = words.filter(|word| !word.is_empty());
    let telling = |word: &&str| !NOT_TELLING.split(' ').any(|known| known.eq_ignore_ascii_case(word));
    words.clone().find(telling).or_else(|| words.next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mac(text: &str) -> Mac {
        Mac::parse(text.as_bytes()).unwrap()
    }

    fn found(list: &[u8], wanted: &str) -> Option<String> {
        find(list, &[mac(wanted)]).unwrap().remove(&mac(wanted))
    }

    const IEEE: &[u8] = b"OUI/MA-L                                                    Organization\r\n\
        company_id                                                  Organization\r\n\
        \r\n\
        28-6F-B9   (hex)\t\tNokia Shanghai Bell Co., Ltd.\r\n\
        286FB9     (base 16)\t\tNot this\r\n\
        \t\t\t\tNo.388 Ning Qiao Road,Jin Qiao Pudong Shanghai\r\n\
        \r\n\
        70-B3-D5   (hex)\t\tIEEE Registration Authority\r\n\
        24-0A-C4   (hex)\t\tEspressif Inc.\r\n\
        24-0A-C4   (hex)\t\tSomebody else\r\n\
        F8-D1-11   (hex)\t\tTP-LINK TECHNOLOGIES CO.,LTD.\r\n\
        AC-DE-48   (hex)\t\tPrivate";

    #[test]
    fn ieee() {
        assert_eq!(found(IEEE, "28:6f:b9:00:00:01").as_deref(), Some("Nokia"));
        assert_eq!(found(IEEE, "24:0a:c4:ff:ff:ff").as_deref(), Some("Espressif"));
        assert_eq!(found(IEEE, "f8:d1:11:00:00:00").as_deref(), Some("TP-LINK"));
        for nobody in ["70:b3:d5:00:00:01", "ac:de:48:00:00:01", "24:0a:c5:00:00:00", "2a:6f:b9:00:00:01"] {
            assert_eq!(found(IEEE, nobody), None, "{nobody}");
        }
    }

    #[test]
    fn wireshark_and_the_longest_prefix() {
        let list = b"# a comment\n\n00:00:0C\tCisco\tCisco Systems, Inc\n\
            00:1B:C5              \tIEEERegistra  \tIEEE Registration Authority\n\
            00:1B:C5:01:00:00/36\tConverging\tConverging Systems Inc.\n\
            8C:1F:64:00:00:00/28\tWide\tWide Prefix\n8C:1F:64\tNarrow\tNarrow Prefix\n\
            00:10:A4\tXircom                 # RealPort\n01-80-C2-00-00-00\tSpanning\n00:00:0D\n";
        assert_eq!(found(list, "00:00:0c:12:34:56").as_deref(), Some("Cisco"));
        assert_eq!(found(list, "00:1b:c5:01:0f:ff").as_deref(), Some("Converging"));
        assert_eq!(found(list, "00:1b:c5:01:10:00"), None);
        assert_eq!(found(list, "8c:1f:64:0f:ff:ff").as_deref(), Some("Wide"));
        assert_eq!(found(list, "8c:1f:64:10:00:00").as_deref(), Some("Narrow"));
        assert_eq!(found(list, "00:10:a4:00:00:01").as_deref(), Some("Xircom"));
        assert_eq!(found(list, "00:00:0d:00:00:01"), None);
    }

    #[test]
    fn nmap() {
        let list = b"# $Id$\n00000C Cisco Systems\n0055DA0 Shinko Technos\n8C1F64123 Longest prefix\n8C1F64 IEEE Registration Authority\n\
            525400 QEMU virtual NIC\nB0C420\tBochs\n";
        assert_eq!(found(list, "00:00:0c:12:34:56").as_deref(), Some("Cisco"));
        assert_eq!(found(list, "00:55:da:0f:00:00").as_deref(), Some("Shinko"));
        assert_eq!(found(list, "00:55:da:10:00:00"), None);
        assert_eq!(found(list, "8c:1f:64:12:3f:ff").as_deref(), Some("Longest"));
        assert_eq!(found(list, "b0:c4:20:00:00:00").as_deref(), Some("Bochs"));
        assert_eq!(found(list, "52:54:00:00:00:01"), None, "made up by its owner, whatever a list says");
    }

    #[test]
    fn short_names() {
        for (organisation, name) in [
            ("Espressif Inc.", "Espressif"),
            ("TP-LINK TECHNOLOGIES CO.,LTD.", "TP-LINK"),
            ("Apple, Inc.", "Apple"),
            ("Hangzhou Hikvision Digital Technology Co.,Ltd.", "Hikvision"),
            ("Shenzhen Co., Ltd.", "Shenzhen"),
            ("The LEGO Group", "LEGO"),
            ("\"Quoted\" (Asia) Pte. Ltd.", "Quoted"),
            ("AT&T", "AT&T"),
            ("zte corporation", "zte"),
            ("b.b.v. s.p.a.", "b.b.v"),
            ("Fürst GmbH", "Fürst"),
            ("...", ""),
            ("", ""),
        ] {
            assert_eq!(short(organisation), name, "{organisation}");
        }
    }

    #[test]
    fn hostile_lists() {
        let mut list = vec![b'x'; 1_000_000];
        list.extend(b"\n240AC4 \0Espressif\xff\n");
        list.extend([b"240AC5 ", &[b'y'; 10_000][..], b"\n240AC6 last"].concat());
        let reader = io::BufReader::with_capacity(7, &list[..]);
        let wanted = ["24:0a:c4:00:00:00", "24:0a:c5:00:00:00", "24:0a:c6:00:00:00"].map(mac);
        let names: Vec<String> = find(reader, &wanted).unwrap().into_values().collect();
        assert_eq!(names, ["Espressif".to_owned(), "y".repeat(LONGEST_LINE - 7), "last".into()]);
        for bad in [
            "24:0A:C4/49\tx",
            "24:0A:C4/23\tx",
            "24:0A\tx",
            "24:0A:C4:00:00:00:0\tx",
            "24:0A:C4/\tx",
            "/24\tx",
        ] {
            assert_eq!(block(bad), None, "{bad}");
        }
        assert_eq!(find(IEEE, &[]).unwrap(), BTreeMap::new());
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "[0-9A-F:/\t \n-]{0,60}", macs: Vec<[u8; 6]>) {
            let macs: Vec<Mac> = macs.into_iter().map(Mac).collect();
            for text in [text.as_slice(), likely.as_bytes()] {
                prop_assert!(find(text, &macs).unwrap().len() <= macs.len());
                let _ = block(&String::from_utf8_lossy(text));
            }
        }

        #[test]
        fn every_form_is_found(octets: [u8; 6], length in 6..=12usize, name in "[A-Z][a-z]{8}[A-Z]{3}") {
            let octets = [octets[0] & 0xfc, octets[1], octets[2], octets[3], octets[4], octets[5]];
            let bare = Mac(octets).to_string().to_uppercase().replace(':', "");
            let mac = Mac(octets);
            let shown = mac.to_string();
            for list in [
                format!("{} {name} Inc\n", &bare[..length]),
                format!("{shown}/{}\t{name}\tX\n", 4 * length),
                format!("{}   (hex)\t\t{name} Ltd\r\n", shown[..8].replace(':', "-")),
            ] {
                let found = find(list.as_bytes(), &[mac]).unwrap();
                prop_assert_eq!(found.get(&mac), Some(&name), "{}", list);
            }
        }
    }
}
