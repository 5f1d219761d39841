//! A measurement of one's own: [`connection_direction`] is all of it. `cargo run --example custom_measurement` takes one
//! snapshot of the sample household by it.

mod connection_direction;

use std::error::Error;
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::encode::line_protocol::Lines;
use conntrack_exporter::measurements::{DueClocks, Measurement};
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::root::Root;

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", String::from_utf8_lossy(lines()?.text()));
    Ok(())
}

fn lines() -> Result<Lines, Box<dyn Error>> {
    let root = Root::replay(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/household/root"));
    let measurement: Box<dyn Measurement> = Box::<connection_direction::ConnectionDirection>::default();
    let mut collector = Collector::with_measurements(Config::default(), &root, 0, vec![measurement]);
    let boot = Duration::from_hours(1);
    let moment = Moment { boot, timestamp: None, wall: Some(boot), due: DueClocks::Both };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let snapshot = runtime.block_on(collector.snapshot(&moment))?;
    let mut lines = Lines::default();
    lines.write(&Ledger::default().complete(&snapshot), snapshot.timestamp);
    Ok(lines)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_household_has_connections_both_ways() {
        let lines = super::lines().unwrap();
        let text = str::from_utf8(lines.text()).unwrap();
        assert!(text.contains("connection_direction,device_name=nas outbound=1i,inbound=2i\n"), "{text}");
        assert!(text.lines().count() > 10, "{text}");
    }
}
