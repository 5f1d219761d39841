//! Where the receivers run: in a network namespace of their own, or on the machine itself.

use std::process::{Child, Command};

use crate::namespace::Namespace;

/// A place for processes and sockets.
pub(crate) enum Place {
    /// A host of the household's.
    Inside(Namespace),
    /// This machine, on its loopback.
    Here,
}

impl Place {
    /// Does something there.
    pub(crate) fn enter<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        match self {
            Self::Inside(namespace) => namespace.enter(action),
            Self::Here => action(),
        }
    }

    /// Starts a process there.
    pub(crate) fn spawn(&self, command: &mut Command) -> Child {
        self.enter(|| command.spawn()).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }
}
