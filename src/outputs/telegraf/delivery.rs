//! What became of a snapshot's datagrams.

/// What became of a snapshot's datagrams.
///
/// That nobody took one is not told of each, for a kernel limits the rate of its ICMP. So what is told of one holds for
/// all of its snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// For each datagram, whether the kernel took it and the network has refused none of the snapshot.
    pub delivered: Vec<bool>,
    /// Whether what was handed over with the snapshot before may not have arrived after all: it was refused, or went to
    /// an address that may swallow all.
    pub doubt: bool,
    /// Datagrams that the kernel took.
    pub taken: u64,
    /// Refusals, at once or later.
    pub errors: u64,
    /// Whether the network has said that nobody took one of the snapshot.
    refused_late: bool,
}

impl Delivery {
    /// One more datagram, which the kernel took or not.
    pub(super) fn push(&mut self, taken: bool) {
        self.delivered.push(taken && !self.refused_late);
        self.taken += u64::from(taken);
        self.errors += u64::from(!taken);
    }

    /// The network says that nobody took a datagram before: of this snapshot, or if it has none yet, of the one before.
    pub(super) fn refuse_late(&mut self) {
        self.errors += 1;
        self.doubt |= self.delivered.is_empty();
        self.refused_late |= !self.delivered.is_empty();
        self.delivered.fill(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcomes: &[bool]) -> Delivery {
        let mut delivery = Delivery::default();
        for taken in outcomes {
            delivery.push(*taken);
        }
        delivery
    }

    #[test]
    fn what_the_kernel_refuses_is_refused_alone() {
        let delivery = after(&[true, false, true]);
        assert_eq!((delivery.delivered, delivery.taken, delivery.errors), (vec![true, false, true], 2, 1));
    }

    #[test]
    fn what_the_network_refuses_is_all_of_the_snapshot() {
        let mut delivery = after(&[true, true]);
        delivery.refuse_late();
        delivery.push(true);
        assert_eq!(delivery.delivered, [false; 3]);
        assert_eq!((delivery.doubt, delivery.taken, delivery.errors), (false, 3, 1));
    }

    #[test]
    fn what_it_refuses_before_was_of_the_snapshot_before() {
        let mut delivery = after(&[]);
        delivery.refuse_late();
        delivery.push(true);
        assert_eq!((delivery.delivered, delivery.doubt, delivery.errors), (vec![true], true, 1));
    }
}
