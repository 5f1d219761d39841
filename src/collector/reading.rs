//! The table is read: from the cheaper source that can be had, once more where a text fell short.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::yield_now;

use super::running::Running;
use super::surroundings::Surroundings;
use super::tracking::Conditions;
use super::{Collector, Moment};
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::Grace;
use crate::census::{Attempt, Census, Pass};
use crate::conntrack::backend::TableBackend;
use crate::conntrack::{Gauges, Progress, TableError};
use crate::measurements::{DueClocks, Needs};
use crate::recorder::PassTime;

/// How long a reading may hold on to the processor before signals are attended to.
const WITHOUT_YIELDING: Duration = Duration::from_millis(20);

impl Collector {
    /// Passes once over the table, in the way that is the cheapest now and succeeds.
    pub(super) async fn pass(&mut self, gauges: Gauges, moment: &Moment) -> Result<Census, TableError> {
        let generation = (self.surroundings.devices.generation(), self.surroundings.lan.generation());
        let (measurements, tracker) = (&self.measurements, &self.tracking.tracker);
        let remembers = |owner: OwnerId| {
            tracker.remembers(owner) || measurements.iter().any(|one| one.measurement.remembers(owner))
        };
        self.owners.begin(generation, remembers);
        self.expect(gauges, moment.boot);
        if let Some(recorder) = &mut self.recorder {
            recorder.expect(PassTime { boot: moment.boot, wall: moment.wall, count: gauges.count });
        }
        let (first, source) = self.read_by_any(gauges, moment).await?;
        let count = gauges.count.filter(|_| self.table.can_skip_entries(source));
        let (census, kept) = self.fuller(first, source, count, moment).await;
        self.table.succeeded();
        self.complete(kept, source, moment);
        Ok(census)
    }

    /// Makes ready for what flows did, if a measurement needs that.
    pub(super) fn expect(&mut self, gauges: Gauges, boot: Duration) {
        let needs = |figure: fn(Needs) -> bool| self.measurements.iter().any(|one| figure(one.needs()));
        let history = needs(|needs| needs.history);
        if history || needs(|needs| needs.changes) {
            self.tracking.expect(Conditions {
                count: gauges.count,
                boot,
                pass_interval: self.sampling.pass_interval(),
                at_most: self.config.limits.max_flows,
                history,
            });
        } else {
            self.tracking.rest();
        }
    }

    /// The table was read to its end: whatever is not in it any more has ended.
    pub(super) fn complete(&mut self, kept: Attempt, source: TableBackend, moment: &Moment) {
        let grace = if self.table.can_overlook_entries(source) { Grace::OnePass } else { Grace::None };
        let Self { measurements, tracking, .. } = self;
        let pass = tracking.complete(kept, moment.boot, grace, moment.due, |flow| {
            for one in observing(measurements, moment.due) {
                one.measurement.ended(flow);
            }
        });
        for one in observing(&mut self.measurements, moment.due) {
            one.complete(&pass);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.complete(kept);
        }
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

    /// Reads once more what came out short of `count`, the kernel's own, and gives the fuller of the two readings.
    pub(super) async fn fuller(
        &mut self,
        first: Census,
        source: TableBackend,
        count: Option<u64>,
        moment: &Moment,
    ) -> (Census, Attempt) {
        let entries = |census: &Census| census.read + census.unreadable;
        let wanted = |count: &u64| self.rereads.wants_another(entries(&first), Some(*count), moment.boot);
        let Some(count) = count.filter(wanted) else { return (first, Attempt::First) };
        // One that breaks off is as good as an empty one: the first was whole.
        let mut second = self.read(source, Attempt::Second, moment.due).await.unwrap_or_default();
        if self.rereads.note(entries(&first), entries(&second), count, moment.boot) {
            second.unknown.extend(first.unknown);
            (second, Attempt::Second)
        } else {
            (first, Attempt::First)
        }
    }

    /// Reads the table from one source.
    pub(super) async fn read(
        &mut self,
        source: TableBackend,
        attempt: Attempt,
        due: DueClocks,
    ) -> Result<Census, TableError> {
        let mut reading = self.table.open(source)?;
        let outcome = self.show(attempt, due, |pass| reading.step(&mut |entry| pass.see(&entry))).await;
        outcome.map_err(|error| self.table.error(source, error))
    }

    /// Shows every flow that `step` hands out to every measurement that needs it, until there are no more.
    pub(super) async fn show(
        &mut self,
        attempt: Attempt,
        due: DueClocks,
        mut step: impl FnMut(&mut Pass<'_>) -> io::Result<Progress>,
    ) -> io::Result<Census> {
        let places = self.owners.places();
        let observers = observing(&mut self.measurements, due).map(|one| &mut *one.measurement);
        let mut observers: Vec<_> = observers.collect();
        for measurement in &mut observers {
            measurement.begin(attempt, places);
        }
        let Surroundings { lan, devices, services, networks, .. } = &self.surroundings;
        let memory = self.tracking.begin(attempt, places);
        let recorder = self.recorder.as_mut().map(|recorder| {
            recorder.begin(attempt);
            (recorder, attempt)
        });
        let pass =
            Pass::new(lan, devices, &mut self.owners, &self.labels, services.table(), networks.networks());
        let mut pass = Pass { observers, memory, recorder, ..pass };
        let mut yielded = Instant::now();
        while step(&mut pass)? == Progress::More {
            if yielded.elapsed() >= WITHOUT_YIELDING {
                yield_now().await;
                yielded = Instant::now();
            }
        }
        Ok(pass.end())
    }
}

/// The measurements that need to see the flows of a pass.
fn observing(measurements: &mut [Running], due: DueClocks) -> impl Iterator<Item = &mut Running> {
    measurements.iter_mut().filter(move |one| one.observes(due))
}
