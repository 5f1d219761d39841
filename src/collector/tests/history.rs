//! The last hour is remembered for whoever needs it, and for nobody else.

use super::traffic::{counted, write};
use super::*;
use crate::history::Interval;

thread_local! {
    /// The last minute of each device, as [`LastMinute`] found it in its last report; `None` if there was no history.
    static FOUND: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Notes what is remembered of the last minute, if it says that it needs it.
#[derive(Debug)]
struct LastMinute(bool);

impl Measurement for LastMinute {
    fn schema(&self) -> &'static Schema {
        &AT_INTERVAL
    }

    fn needs(&self) -> Needs {
        Needs { history: self.0, ..Needs::default() }
    }

    fn report(&mut self, tick: &Tick<'_>, _: &mut Series<'_>) {
        let found = tick.history.map(|history| {
            let devices = tick.owners.devices.iter();
            let recent = devices.flat_map(|row| history.recent(&row.owners, Duration::from_mins(1)));
            recent.map(|interval| shown(&interval)).collect()
        });
        FOUND.set(found);
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }
}

fn shown(interval: &Interval) -> String {
    let bytes = interval.bytes.map(|bytes| format!("{} down, {} up", bytes.rx, bytes.tx));
    let turnover = interval.turnover.map(|turnover| format!("+{} -{}", turnover.opened, turnover.closed));
    let [bytes, turnover] = [bytes, turnover].map(|known| known.unwrap_or_else(|| "?".to_owned()));
    let (connections, covered) = (interval.connections, interval.covered.as_secs());
    format!("{covered} s: {bytes}, {connections} connections {turnover}")
}

#[tokio::test]
async fn who_needs_the_last_hour_is_given_it_pass_by_pass() {
    let router = Router::new("history");
    let mut collector = collector(&router, vec![Box::new(LastMinute(true))]);
    assert_eq!(collector.pass_interval().as_secs(), 10, "at the pace of traffic");
    write(&router, &[counted(1, 1000, 0)]);
    take(&mut collector, 0, DueClocks::Both).await.unwrap();
    assert_eq!(FOUND.take().unwrap(), ["0 s: ?, 1 connections ?"]);
    write(&router, &[counted(1, 1010, 500), counted(2, 7, 0)]);
    take(&mut collector, 10, DueClocks::TrafficOnly).await.unwrap();
    router.remove_table();
    take(&mut collector, 20, DueClocks::TrafficOnly).await.unwrap_err();
    write(&router, &[counted(2, 7, 40)]);
    take(&mut collector, 30, DueClocks::Both).await.unwrap();
    let expected = [
        "0 s: ?, 1 connections ?",
        "10 s: 500 down, 17 up, 2 connections +1 -0",
        "20 s: 40 down, 0 up, 1 connections +0 -1",
    ];
    assert_eq!(FOUND.take().unwrap(), expected);
}

#[tokio::test]
async fn where_nobody_needs_the_last_hour_nothing_is_remembered() {
    let router = Router::new("no-history");
    write(&router, &[counted(1, 1000, 0)]);
    let mut without = collector(&router, vec![Box::new(LastMinute(false)), Seen::boxed(&AT_TRAFFIC)]);
    take(&mut without, 0, DueClocks::Both).await.unwrap();
    assert_eq!(FOUND.take(), None);
    let mut with = collector(&router, vec![Box::new(LastMinute(true))]);
    take(&mut with, 0, DueClocks::Both).await.unwrap();
    assert!(FOUND.take().is_some());
    with.reconfigure(Config::parse("[measurements]\ndevice_activity = false\n").unwrap());
    take(&mut with, 30, DueClocks::Both).await.unwrap();
    assert!(with.tracking.history().is_none(), "no measurement that is on needs it");
}
