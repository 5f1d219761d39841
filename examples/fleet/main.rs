//! Many simulated routers that send to a receiver of yours, to see whether it can take so many, and that all of it is
//! stored.
//!
//! ```sh
//! cargo run --release --example fleet -- 127.0.0.1:8094 --routers 500 --snapshots 20
//! ```
//!
//! Each sends what the daemon makes of a recording, under its own name (the tag `router`) and from its own address. To a
//! receiver on this machine that is one of loopback's. At the end stands how many rows a query must find.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "modules of the tests are used, whose failures are panics"
)]

#[path = "../../tests/support/place.rs"]
mod directory;
#[path = "../../tests/support/fleet/mod.rs"]
mod fleet;
#[expect(dead_code, reason = "the tests look at more of it")]
#[path = "../../tests/support/household/mod.rs"]
mod household;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use clap::Parser;

use fleet::rows::Sent;
use fleet::{Fleet, Pace, recorded};

#[derive(Debug, Parser)]
#[command(name = "fleet", about = "Many simulated routers")]
struct Args {
    /// Where they send: routers in turn, if there are several
    #[arg(value_name = "ADDRESS:PORT", required = true)]
    receivers: Vec<SocketAddr>,
    /// How many routers
    #[arg(long, default_value_t = 50)]
    routers: u32,
    /// From one snapshot to the next, in seconds
    #[arg(long, default_value_t = 30)]
    interval: u64,
    /// How many snapshots each router sends
    #[arg(long, default_value_t = 2)]
    snapshots: u64,
    /// Within how many milliseconds after an instant all routers send
    #[arg(long, default_value_t = 100)]
    spread: u64,
    /// Send all at once, of instants that have passed
    #[arg(long)]
    fast: bool,
    /// A directory that `record` has written, with looks ten seconds apart; else a made-up evening
    #[arg(long)]
    recording: Option<PathBuf>,
    /// The first router's address, which this machine must have, and those that follow it
    #[arg(long, default_value_t = Ipv4Addr::new(127, 77, 1, 1))]
    first_address: Ipv4Addr,
}

fn main() {
    let args = Args::parse();
    let fleet = Fleet {
        routers: args.routers,
        first_address: args.first_address,
        recording: args.recording.unwrap_or_else(|| recorded("10-an-evening")),
        interval: args.interval,
        snapshots: args.snapshots,
        spread: Duration::from_millis(args.spread),
        pace: if args.fast { Pace::Fast } else { Pace::Real },
        receivers: args.receivers,
    };
    let sent = fleet.run(&AtomicU64::new(0));
    say(&sent);
}

/// What was sent, and how to see whether all of it is there.
fn say(sent: &Sent) {
    let Sent { lines, bytes, datagrams, refused, burst, sending, late, .. } = sent;
    println!("{lines} lines in {datagrams} datagrams, {bytes} bytes; {refused} datagrams were refused");
    println!("at most {burst} at one instant, sent within {sending:.1?}, begun {late:.1?} late at most");
    let Some((first, last)) = sent.instants else { return };
    println!("{} rows. In InfluxDB, how many there are of each router is told by", sent.total());
    println!("from(bucket: \"network\") |> range(start: time(v: {first}), stop: time(v: {}))", last + 1);
    println!("  |> group(columns: [\"router\", \"_measurement\", \"_field\"]) |> count()");
    println!("  |> group(columns: [\"router\"]) |> sum()");
    for (router, rows) in sent.of_routers() {
        println!("{router} {rows}");
    }
}
