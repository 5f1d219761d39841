//! Lines of a golden file, without what depends on the machine or the version.

/// Figures that depend on the machine: they must be there and above zero, and are shown as 1.
pub(crate) const OF_THE_MACHINE: [&str; 3] = ["cpu_ns", "duration_ns", "resident_bytes"];

/// The measurements of a golden file whose configuration has no `[measurements]`.
pub(crate) const STANDING: [&str; 3] = ["connection_state", "conntrack", "conntrack_exporter"];

/// A line as it stands in a golden file.
pub(crate) fn shown(line: &str) -> String {
    if !line.starts_with("conntrack_exporter,") {
        return line.to_owned();
    }
    let figure = |word: &str| match word.split_once('=') {
        Some((name, _)) if OF_THE_MACHINE.contains(&name) => format!("{name}=1i"),
        _ => word.replace(env!("CARGO_PKG_VERSION"), "VERSION"),
    };
    line.split(',').map(figure).collect::<Vec<_>>().join(",")
}
