//! Makes small databases for tests, as the specification of `MaxMind`'s format (version 2.0) has them: a tree of nodes of two
//! records of 24 bits, sixteen zeros, the data, and behind a marker what is told of the whole.

use std::net::IpAddr;

use ipnet::IpNet;

/// A value of the data.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(&'static str),
    Short(u16),
    Long(u32),
    Number(u64),
    Map(Vec<(&'static str, Value)>),
    List(Vec<Value>),
}

/// The record of an autonomous system.
pub(crate) fn system(organization: &'static str) -> Value {
    Value::Map(vec![
        ("autonomous_system_number", Value::Long(64_500)),
        ("autonomous_system_organization", Value::Text(organization)),
    ])
}

/// The record of a country, with its name in English if that is told.
pub(crate) fn country(code: &'static str, name: Option<&'static str>) -> Value {
    let english =
        name.map(|name| ("names", Value::Map(vec![("de", Value::Text("?")), ("en", Value::Text(name))])));
    let own = [("iso_code", Value::Text(code))].into_iter().chain(english);
    Value::Map(vec![("continent", Value::Map(Vec::new())), ("country", Value::Map(own.collect()))])
}

/// A database of this type and build date (in seconds since 1970), of networks none of which is within another.
pub(crate) fn database(kind: &'static str, built: u64, networks: &[(&str, Value)]) -> Vec<u8> {
    let (mut tree, mut data) = (vec![[Record::Empty; 2]], Vec::new());
    for (prefix, value) in networks {
        insert(&mut tree, prefix.parse().unwrap(), data.len());
        encode(value, &mut data);
    }
    let mut bytes = Vec::new();
    for record in tree.iter().flatten() {
        let number = match record {
            Record::Empty => tree.len(),
            Record::Node(node) => *node,
            Record::Data(offset) => tree.len() + 16 + offset,
        };
        bytes.extend(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    let about = vec![
        ("binary_format_major_version", Value::Short(2)),
        ("binary_format_minor_version", Value::Short(0)),
        ("build_epoch", Value::Number(built)),
        ("database_type", Value::Text(kind)),
        ("description", Value::Map(vec![("en", Value::Text("made up"))])),
        ("ip_version", Value::Short(6)),
        ("languages", Value::List(vec![Value::Text("en")])),
        ("node_count", Value::Long(u32::try_from(tree.len()).unwrap())),
        ("record_size", Value::Short(24)),
    ];
    encode(&Value::Map(about), &mut bytes);
    bytes
}

#[derive(Clone, Copy)]
enum Record {
    Empty,
    Node(usize),
    Data(usize),
}

fn insert(tree: &mut Vec<[Record; 2]>, prefix: IpNet, data: usize) {
    // IPv4 lies in the first 96 zeros of IPv6.
    let (bits, length) = match prefix.addr() {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), prefix.prefix_len() + 96),
        IpAddr::V6(v6) => (v6.to_bits(), prefix.prefix_len()),
    };
    let mut node = 0;
    for place in 0..length {
        let side = usize::from(bits & (1 << (127 - place)) != 0);
        if place + 1 == length {
            tree[node][side] = Record::Data(data);
        } else if let Record::Node(next) = tree[node][side] {
            node = next;
        } else {
            tree.push([Record::Empty; 2]);
            tree[node][side] = Record::Node(tree.len() - 1);
            node = tree.len() - 1;
        }
    }
}

/// A control byte says the type (3 bits) and the size (5 bits, up to 28 as it is); type 0 stands for one whose number
/// follows, less 7.
fn encode(value: &Value, to: &mut Vec<u8>) {
    let mut begin = |kind: u8, size: usize| {
        let (size, more) = if size < 29 { (size, None) } else { (29, Some(size - 29)) };
        let size = u8::try_from(size).unwrap();
        to.extend(if kind < 8 { vec![kind << 5 | size] } else { vec![size, kind - 7] });
        to.extend(more.map(|more| u8::try_from(more).unwrap()));
    };
    match value {
        Value::Text(text) => {
            begin(2, text.len());
            to.extend(text.bytes());
        }
        Value::Short(number) => {
            begin(5, 2);
            to.extend(number.to_be_bytes());
        }
        Value::Long(number) => {
            begin(6, 4);
            to.extend(number.to_be_bytes());
        }
        Value::Number(number) => {
            begin(9, 8);
            to.extend(number.to_be_bytes());
        }
        Value::Map(entries) => {
            begin(7, entries.len());
            for (key, value) in entries {
                encode(&Value::Text(key), to);
                encode(value, to);
            }
        }
        Value::List(values) => {
            begin(11, values.len());
            values.iter().for_each(|value| encode(value, to));
        }
    }
}
