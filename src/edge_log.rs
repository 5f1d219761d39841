//! Something that goes wrong for a while: told when it begins and when it ends, not at every tick.

/// Whether something is wrong at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EdgeLog {
    present: bool,
}

impl EdgeLog {
    /// It is wrong now; true if it wasn't before.
    pub(crate) fn begins(&mut self) -> bool {
        !std::mem::replace(&mut self.present, true)
    }

    /// Whether it is wrong now.
    #[cfg(test)]
    pub(crate) const fn present(self) -> bool {
        self.present
    }

    /// It is right now; true if it wasn't before.
    pub(crate) fn ends(&mut self) -> bool {
        std::mem::replace(&mut self.present, false)
    }
}
