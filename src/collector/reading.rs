//! The table is read: from the cheaper source that can be had, once more where a text fell short.

use std::time::{Duration, Instant};

use tokio::task::yield_now;

use super::{Collector, Moment};
use crate::attribution::owners::OwnerId;
use crate::census::{Census, Pass};
use crate::conntrack::backend::TableBackend;
use crate::conntrack::{Gauges, Progress, TableError};
use crate::measurements::{Attempt, Due, Flows, Measurement};

/// How long a reading may hold on to the processor before signals are attended to.
const WITHOUT_YIELDING: Duration = Duration::from_millis(20);

impl Collector {
    /// Passes once over the table, in the way that is the cheapest now and succeeds.
    pub(super) async fn pass(&mut self, gauges: Gauges, moment: &Moment) -> Result<Census, TableError> {
        let generation = (self.surroundings.devices.generation(), self.surroundings.lan.generation());
        let measurements = &self.measurements;
        let remembers = |owner: OwnerId| measurements.iter().any(|measurement| measurement.remembers(owner));
        self.owners.begin(generation, remembers);
        let (first, source) = self.read_by_any(gauges, moment).await?;
        let (census, kept) = self.fuller(first, source, gauges, moment).await;
        self.table.succeeded();
        for measurement in observing(&mut self.measurements, moment.due) {
            measurement.complete(kept);
        }
        Ok(census)
    }

    /// Reads the table from the source that is the cheapest now, or else from the other.
    async fn read_by_any(
        &mut self,
        gauges: Gauges,
        moment: &Moment,
    ) -> Result<(Census, TableBackend), TableError> {
        let mut source = self.table.choose(gauges, moment.boot);
        let mut first = None;
        loop {
            let error = match self.read(source, Attempt::First, moment.due).await {
                Ok(census) => return Ok((census, source)),
                Err(error) => error,
            };
            let next = self.table.after_failure(&error, moment.boot);
            // Where neither source can be read, the text is the one to see to: it takes the least.
            let is_of_text = |first: &TableError| first.backend == TableBackend::Procfs;
            let error = first.filter(is_of_text).unwrap_or(error);
            let Some(next) = next else { return Err(error) };
            (source, first) = (next, Some(error));
        }
    }

    /// Reads a text that came out short once more, and gives the fuller of the two readings.
    async fn fuller(
        &mut self,
        first: Census,
        source: TableBackend,
        gauges: Gauges,
        moment: &Moment,
    ) -> (Census, Attempt) {
        let entries = |census: &Census| census.read + census.unreadable;
        let count = gauges.count.filter(|_| self.table.can_skip_entries(source));
        let (Some(count), true) = (count, self.rereads.wants_another(entries(&first), count, moment.boot))
        else {
            return (first, Attempt::First);
        };
        // One that breaks off is as good as an empty one: the first was whole.
        let second = self.read(source, Attempt::Second, moment.due).await.unwrap_or_default();
        if self.rereads.note(entries(&first), entries(&second), count, moment.boot) {
            (second, Attempt::Second)
        } else {
            (first, Attempt::First)
        }
    }

    /// Reads the table from one source: every flow is shown to every measurement that needs it.
    async fn read(&mut self, source: TableBackend, attempt: Attempt, due: Due) -> Result<Census, TableError> {
        let places = self.owners.places();
        let mut reading = self.table.open(source)?;
        let mut observers: Vec<_> = observing(&mut self.measurements, due).collect();
        for measurement in &mut observers {
            measurement.begin(attempt, places);
        }
        let mut pass = Pass {
            lan: &self.surroundings.lan,
            devices: &self.surroundings.devices,
            owners: &mut self.owners,
            labels: &self.labels,
            observers,
            census: Census::default(),
        };
        let mut yielded = Instant::now();
        loop {
            match reading.step(&mut |entry| pass.see(&entry)) {
                Ok(Progress::Done) => return Ok(pass.census),
                Ok(Progress::More) => {}
                Err(error) => return Err(self.table.error(source, error)),
            }
            if yielded.elapsed() >= WITHOUT_YIELDING {
                yield_now().await;
                yielded = Instant::now();
            }
        }
    }
}

/// The measurements that need to see the flows of a pass.
fn observing(
    measurements: &mut [Box<dyn Measurement>],
    due: Due,
) -> impl Iterator<Item = &mut (dyn Measurement + 'static)> {
    let measurements = measurements.iter_mut().map(|measurement| &mut **measurement);
    measurements.filter(move |measurement| match measurement.needs().flows {
        Flows::Unneeded => false,
        Flows::WhenDue => due.includes(measurement.schema().every),
        Flows::EveryPass => true,
    })
}
