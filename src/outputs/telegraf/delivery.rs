//! What became of a snapshot's datagrams.

/// What became of a snapshot's datagrams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// For each datagram, whether the kernel took it and has not said since that nobody did.
    pub delivered: Vec<bool>,
    /// Whether it turned out that datagrams of the snapshot before were refused.
    pub doubt: bool,
    /// Datagrams that the kernel took.
    pub taken: u64,
    /// Refusals, at once or later.
    pub errors: u64,
}

impl Delivery {
    /// One more datagram, which the kernel took or not.
    pub(super) fn push(&mut self, taken: bool) {
        self.delivered.push(taken);
        self.taken += u64::from(taken);
        self.errors += u64::from(!taken);
    }

    /// The network says that nobody took a datagram before: the last that isn't known to be lost; if there is none, it
    /// was of the snapshot before.
    pub(super) fn refuse_last(&mut self) {
        self.errors += 1;
        match self.delivered.iter_mut().rev().find(|delivered| **delivered) {
            Some(last) => *last = false,
            None => self.doubt = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_of_a_datagram_of_its_own() {
        let mut delivery = Delivery::default();
        delivery.refuse_last();
        for taken in [true, true, false, true] {
            delivery.push(taken);
        }
        delivery.refuse_last();
        delivery.refuse_last();
        let expected =
            Delivery { delivered: vec![true, false, false, false], doubt: true, taken: 3, errors: 4 };
        assert_eq!(delivery, expected);
    }
}
