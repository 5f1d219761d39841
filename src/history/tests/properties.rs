//! What is remembered, beside a plain list of all that was.

use proptest::prelude::*;

use super::*;

const OWNERS: usize = 3;

/// What one pass shows of each owner, and what it knows.
#[derive(Clone, Debug)]
struct Shown {
    /// Since the pass before.
    seconds: u64,
    flows: bool,
    bytes: bool,
    /// Whether a reading broke off before; it told the same.
    broke_off: bool,
    owners: Vec<OwnerShown>,
}

#[derive(Clone, Debug)]
struct OwnerShown {
    /// Of each entry, what was received and sent.
    moved: Vec<[u64; 2]>,
    opened: usize,
    closed: u32,
    is_accounted: bool,
}

fn owner_shown(accounted: f64) -> impl Strategy<Value = OwnerShown> {
    // Sums of so few and so small numbers are exact.
    let moved = prop::collection::vec([0_u64..1000, 0_u64..1000], 0..4);
    (moved, 0_usize..4, 0_u32..4, prop::bool::weighted(accounted)).prop_map(
        |(moved, opened, closed, is_accounted)| OwnerShown {
            opened: opened.min(moved.len()),
            moved,
            closed,
            is_accounted,
        },
    )
}

/// Passes, in which the kernel counts the bytes of so many owners.
fn passes(seconds: std::ops::Range<u64>, accounted: f64) -> impl Strategy<Value = Vec<Shown>> {
    let owners = prop::collection::vec(owner_shown(accounted), OWNERS);
    let shown = (seconds, prop::bool::weighted(0.9), prop::bool::weighted(0.9), any::<bool>(), owners);
    let shown = shown.prop_map(|(seconds, flows, bytes, broke_off, owners)| Shown {
        seconds,
        flows,
        bytes: flows && bytes,
        broke_off,
        owners,
    });
    prop::collection::vec(shown, 1..60)
}

/// The entries of a pass; what they did is told in one reading only.
fn entries(shown: &Shown, ids: &[OwnerId], told: bool) -> Vec<Seen> {
    let of_owner = |(owner, id): (&OwnerShown, &OwnerId)| -> Vec<Seen> {
        let entry = |(place, moved): (usize, &[u64; 2])| {
            let traffic = traffic(if told && owner.is_accounted { *moved } else { [0, 0] });
            let is_new = told && place < owner.opened;
            let change = if is_new { Change::New(traffic) } else { Change::Delta(traffic) };
            Seen(*id, State::Established, change, owner.is_accounted)
        };
        owner.moved.iter().enumerate().map(entry).collect()
    };
    shown.owners.iter().zip(ids).flat_map(of_owner).collect()
}

fn remembered(passes: &[Shown], ids: &[OwnerId]) -> History {
    let (mut history, mut boot) = (History::default(), HOUR);
    for shown in passes {
        boot += Duration::from_secs(shown.seconds);
        if shown.broke_off {
            reading(&mut history, Attempt::First, &entries(shown, ids, true));
        }
        reading(&mut history, Attempt::First, &entries(shown, ids, !shown.broke_off));
        for (owner, id) in shown.owners.iter().zip(ids) {
            (0..owner.closed).for_each(|_| history.ended(&tracked(*id)));
        }
        let pass = CompletedPass {
            kept: Attempt::First,
            flows: shown.flows,
            bytes: shown.bytes,
            since_last: Duration::from_secs(10),
        };
        history.complete(&pass, boot);
    }
    history
}

/// The same of some owners, from a plain list.
fn expected(passes: &[Shown], owners: &[usize]) -> Vec<Interval> {
    let (mut boot, mut covered) = (HOUR, Duration::ZERO);
    let mut intervals = Vec::new();
    for (place, shown) in passes.iter().enumerate() {
        boot += Duration::from_secs(shown.seconds);
        if place > 0 {
            covered = Duration::from_secs(shown.seconds);
        }
        let of: Vec<&OwnerShown> = owners.iter().map(|owner| &shown.owners[*owner]).collect();
        let entries = u32::try_from(of.iter().map(|owner| owner.moved.len()).sum::<usize>()).unwrap();
        let opened = u32::try_from(of.iter().map(|owner| owner.opened).sum::<usize>()).unwrap();
        let closed = of.iter().map(|owner| owner.closed).sum();
        let counted = of.iter().filter(|owner| owner.is_accounted).flat_map(|owner| &owner.moved);
        let [rx, tx] = counted.fold([0, 0], |[rx, tx], moved| [rx + moved[0], tx + moved[1]]);
        let has_counted = of.iter().any(|owner| owner.is_accounted && !owner.moved.is_empty());
        let exact = |bytes: u64| f64::from(u32::try_from(bytes).unwrap());
        intervals.push(Interval {
            boot,
            covered,
            bytes: (place > 0 && shown.bytes && (has_counted || entries == 0))
                .then(|| Bytes { rx: exact(rx), tx: exact(tx) }),
            turnover: (place > 0 && shown.flows).then_some(Turnover { opened, closed }),
            connections: entries,
            entries,
        });
    }
    intervals
}

/// The same where an interval of less than 9.5 s takes in the next, if of both the same is known.
fn shared(intervals: &[Interval]) -> Vec<Interval> {
    let mut shared: Vec<Interval> = Vec::new();
    let knows = |interval: &Interval| (interval.bytes.is_some(), interval.turnover.is_some());
    for next in intervals {
        match shared.last_mut() {
            Some(last) if (1..=9).contains(&last.covered.as_secs()) && knows(last) == knows(next) => {
                let earlier = std::mem::replace(last, *next);
                last.covered += earlier.covered;
                last.bytes.iter_mut().zip(earlier.bytes).for_each(|(sum, more)| *sum += more);
                last.turnover.iter_mut().zip(earlier.turnover).for_each(|(sum, more)| *sum += more);
            }
            _ => shared.push(*next),
        }
    }
    shared
}

/// What lies within `window` before the end.
fn within(mut intervals: Vec<Interval>, window: Duration) -> Vec<Interval> {
    let now = intervals.last().unwrap().boot;
    intervals.retain(|interval| {
        interval.boot == now || now.saturating_sub(interval.boot) + interval.covered / 2 < window
    });
    intervals
}

/// Whether a device had anything in the last hour.
fn was_there(intervals: &[Interval]) -> bool {
    let now = intervals.last().unwrap().boot;
    let has_any = |of: &Interval| of.entries > 0 || of.turnover.is_some_and(|of| of.opened + of.closed > 0);
    intervals.iter().any(|interval| now.saturating_sub(interval.boot) < HOUR && has_any(interval))
}

proptest! {
    #[test]
    fn intervals_are_those_of_a_plain_list(
        passes in passes(10..400, 0.8),
        owners in prop::sample::subsequence(vec![0, 1, 2], 1..=OWNERS),
        window in 0_u64..3000,
    ) {
        let ids = super::owners(3);
        let history = remembered(&passes, &ids);
        let chosen: Vec<OwnerId> = owners.iter().map(|owner| ids[*owner]).collect();
        let window = Duration::from_secs(window);
        let found: Vec<Interval> = history.recent(&chosen, window).collect();
        let expected = expected(&passes, &owners);
        if was_there(&expected) {
            prop_assert_eq!(found, within(expected, window));
        } else {
            prop_assert_eq!(found, []);
        }
    }

    #[test]
    fn passes_that_share_places_are_added_up(passes in passes(1..25, 1.0), window in 0_u64..3000) {
        let ids = owners(3);
        let history = remembered(&passes, &ids);
        let window = Duration::from_secs(window);
        let found: Vec<Interval> = history.recent(&ids, window).collect();
        let expected = expected(&passes, &[0, 1, 2]);
        if was_there(&expected) {
            prop_assert_eq!(found, within(shared(&expected), window));
        } else {
            prop_assert_eq!(found, []);
        }
    }
}
