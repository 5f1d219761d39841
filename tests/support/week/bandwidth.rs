//! `bandwidth`: what `device_traffic` has of 30 s, by services and looks of 10 s each.

use super::ledger::Sent;
use super::looks::{PARTS, SERVICES};
use super::resident::Resident;
use super::wiggle::between;
use super::{HOST, Point};

/// The three instants that a snapshot ends.
pub(super) fn report(of: &Resident, sent: &mut Sent, at: i64, into: &mut Vec<Point>) {
    let directions = [("rx", of.now.rx), ("tx", of.now.tx)];
    for ((direction, bytes), silences) in directions.into_iter().zip(&mut sent.bandwidth) {
        for ((service, silence), salt) in SERVICES.into_iter().zip(silences).zip(60..) {
            let theirs = bytes.iter().zip(PARTS).filter(|(_, part)| part.1 == service);
            let looks = looks(theirs.map(|(bytes, _)| bytes).sum(), [of.number, at, salt]);
            for (bytes, at) in looks.into_iter().zip([at - 20, at - 10, at]) {
                if silence.is_told(bytes) {
                    let tags = vec![
                        ("device_name", of.device.name),
                        ("direction", direction),
                        ("host", HOST),
                        ("protocol", service),
                    ];
                    let fields = vec![("bytes", bytes.into())];
                    into.push(Point { measurement: "bandwidth", tags, fields, at });
                }
            }
        }
    }
}

/// Three looks whose sum is `all`. What is little comes all at once.
fn looks(all: i64, of: [i64; 3]) -> [i64; 3] {
    if all < 1_500 {
        return match between(0, 2, of) {
            0 => [all, 0, 0],
            1 => [0, all, 0],
            _ => [0, 0, all],
        };
    }
    let [number, at, salt] = of;
    let first = all * between(25, 41, of) / 100;
    let second = all * between(25, 41, [number, at, salt + 10]) / 100;
    [first, second, all - first - second]
}
