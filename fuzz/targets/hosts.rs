//! `/etc/hosts` and `/etc/ethers`: every line is understood by itself, and what was understood is understood again
//! when written.

#![no_main]

use std::fmt::Debug;

use conntrack_exporter::devices::assignments::AssignmentList;
use conntrack_exporter::devices::formats::LineError;
use conntrack_exporter::devices::formats::hosts::{Is, first_label, parse_ethers, parse_hosts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let hosts: Vec<_> = parse_hosts(text).collect();
    each_alone(text, &hosts, |line| parse_hosts(line).next());
    for host in hosts.iter().flatten() {
        let (address, name) = (host.address, host.name);
        assert!(!address.is_loopback() && !address.is_multicast() && !address.is_unspecified());
        assert!(!name.is_empty() && !name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b'#'));
        assert!(!first_label(name).is_empty() && name.starts_with(first_label(name)));
        let written = [address.to_string().as_bytes(), b"\t", name, b" localhost # comment"].concat();
        assert_eq!(parse_hosts(&written).collect::<Vec<_>>(), [Ok(host.clone())]);
    }
    let ethers: Vec<_> = parse_ethers(text).collect();
    each_alone(text, &ethers, |line| parse_ethers(line).next());
    for ether in ethers.iter().flatten() {
        let written = match &ether.is {
            Is::Named(name) => [ether.mac.to_string().as_bytes(), b" ", name].concat(),
            Is::At(address) => format!("{} {address}", ether.mac).into_bytes(),
        };
        assert_eq!(parse_ethers(&written).collect::<Vec<_>>(), [Ok(ether.clone())]);
    }
    assert!(AssignmentList::hosts(text).entries() <= hosts.len());
    assert!(AssignmentList::ethers(text).entries() <= ethers.len());
});

fn each_alone<'a, T: PartialEq + Debug + Clone>(
    text: &'a [u8],
    found: &[Result<T, LineError>],
    alone: impl Fn(&'a [u8]) -> Option<Result<T, LineError>>,
) {
    let lines = (1..).zip(text.split(|byte| *byte == b'\n'));
    let alone =
        lines.filter_map(|(line, text)| Some(alone(text)?.map_err(|_| LineError::not_understood(line))));
    assert!(found.iter().cloned().eq(alone), "a line stands for itself");
}
