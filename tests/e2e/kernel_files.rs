//! What the kernel counts, by its own files: read as plainly as can be.

use std::collections::BTreeMap;
use std::fs;

use crate::namespace::Namespace;

/// The kernel's files that both read.
const FILES: [&str; 4] = ["snmp", "netstat", "snmp6", "dev"];

/// What they say, by their names.
pub(crate) type KernelFiles = BTreeMap<&'static str, String>;

/// What the kernel's own files say.
pub(crate) fn kernel(host: &Namespace) -> KernelFiles {
    // /proc/net is the whole process's namespace, not the thread's.
    let read =
        |file| fs::read_to_string(format!("/proc/thread-self/net/{file}")).expect("the kernel's figures");
    host.enter(|| FILES.map(|file| (file, read(file)))).into()
}

/// One of the kernel's counters, by the name that nstat gives it.
pub(crate) fn counter(kernel: &KernelFiles, name: &str) -> Option<f64> {
    let texts = ["snmp", "netstat"].map(|file| kernel.get(file).map_or("", String::as_str));
    let lines: Vec<_> = texts.iter().flat_map(|text| text.lines()).collect();
    lines.chunks_exact(2).find_map(|pair| {
        let [names, values] = pair else { return None };
        let (prefix, names) = names.split_once(": ")?;
        let place = names.split(' ').position(|column| name.strip_prefix(prefix) == Some(column))?;
        values.split(' ').nth(place + 1)?.parse().ok()
    })
}

/// How many columns a file of the kernel's has.
pub(crate) fn columns(kernel: &KernelFiles, file: &str) -> usize {
    let text = kernel.get(file).map_or("", String::as_str);
    text.lines().step_by(2).map(|names| names.split_whitespace().count() - 1).sum()
}
