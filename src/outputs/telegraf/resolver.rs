//! Telegraf's name, which is resolved again and again: an address may have moved.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::config::Address;
use crate::lookup::{Lookup, RESOLVING_AT_MOST, literal};

/// How often a name is resolved again while all is well, and at most while it isn't.
const RESOLVE_EVERY: Duration = Duration::from_mins(5);
const RETRY_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked whether the first answer has come.
const LOOK_FOR_ANSWER_EVERY: Duration = Duration::from_secs(1);

/// Asks for the addresses of a name. There is never more than one lookup at a time, for each holds a thread.
#[derive(Debug)]
pub(super) struct Resolver {
    address: Address,
    lookup: Option<Lookup>,
    /// Why the last lookup gave no address.
    failure: Option<io::Error>,
    /// When it was begun, since boot.
    asked: Option<Duration>,
}

/// Why there is no address.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("{0} is not resolved yet")]
    NotYet(String),
    #[error("{0} is not resolved: the name server does not answer")]
    NoAnswer(String),
    #[error("{0} is not resolved: {1}")]
    Failed(String, String),
}

impl Resolver {
    /// Nothing is asked yet.
    pub(super) const fn new(address: Address) -> Self {
        Self { address, lookup: None, failure: None, asked: None }
    }

    /// One for another name. A lookup of this one holds its thread until it has ended, so that it is kept: the next
    /// begins only then.
    pub(super) fn redirected(&mut self, address: Address) -> Self {
        Self { lookup: self.lookup.take(), ..Self::new(address) }
    }

    /// What it resolves.
    pub(super) const fn address(&self) -> &Address {
        &self.address
    }

    /// The address, if it is written as one and nobody is asked.
    pub(super) fn literal(&self) -> Option<SocketAddr> {
        literal(&self.address)
    }

    /// The answer, if one has come since the last call.
    pub(super) async fn take_answer(&mut self) -> Option<Vec<SocketAddr>> {
        let lookup = self.lookup.take_if(|lookup| lookup.is_finished())?;
        if !lookup.is_for(&self.address) {
            return None;
        }
        match lookup.answer().await {
            Ok(found) => {
                self.failure = None;
                Some(found)
            }
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    /// Asks again if that is due at `boot` (time since boot); sooner while something is `wrong`.
    pub(super) fn ask(&mut self, boot: Duration, wrong: bool) {
        let every = if wrong { RETRY_EVERY } else { RESOLVE_EVERY };
        let due = self.asked.is_none_or(|asked| boot.saturating_sub(asked) >= every);
        // A lookup that is given up would still hold its thread: the next begins only when it has ended.
        if self.literal().is_some() || self.lookup.is_some() || !due {
            return;
        }
        self.asked = Some(boot);
        match Lookup::begin(&self.address) {
            Ok(lookup) => self.lookup = Some(lookup),
            Err(error) => self.failure = Some(error),
        }
    }

    /// When there will be something to do.
    pub(super) const fn attention_within(&self) -> Duration {
        if self.is_asking() { LOOK_FOR_ANSWER_EVERY } else { RETRY_EVERY }
    }

    /// Whether a lookup has not been seen to end.
    pub(super) const fn is_asking(&self) -> bool {
        self.lookup.is_some()
    }

    /// Why there is no address.
    pub(super) fn error(&self) -> ResolveError {
        let host = self.address.host().to_owned();
        let lookup = self.lookup.as_ref().filter(|lookup| lookup.is_for(&self.address));
        match (&self.failure, lookup) {
            (_, Some(lookup)) if lookup.elapsed() > RESOLVING_AT_MOST => ResolveError::NoAnswer(host),
            (Some(failure), _) => ResolveError::Failed(host, failure.to_string()),
            (None, _) => ResolveError::NotYet(host),
        }
    }
}
