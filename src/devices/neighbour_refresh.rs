//! When the neighbours are asked, and where unnamed devices' vendors are looked up.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing::{info, warn};

use super::formats::vendors;
use super::mac::Mac;
use super::neighbours::{self, AT_MOST, Neighbour};
use crate::root::Root;

/// How often the neighbours are asked without a cause.
const ASK_EVERY: Duration = Duration::from_mins(5);
/// How many addresses are remembered about which they were asked.
const ASKED_AT_MOST: usize = 8192;

/// What was asked, and when.
#[derive(Debug, Default)]
pub(super) struct NeighbourRefresh {
    /// When the neighbours were last asked, since boot.
    last: Option<Duration>,
    /// Addresses about which they were asked already.
    asked: HashSet<IpAddr>,
    asked_in_this_tick: bool,
    failing: bool,
    /// Whether there were too many, and that was said.
    crowded: bool,
}

impl NeighbourRefresh {
    /// Another tick begins, in which the neighbours may be asked once.
    pub(super) const fn begin_tick(&mut self) {
        self.asked_in_this_tick = false;
    }

    /// Whether it is time to ask without a cause.
    pub(super) fn is_due(&self, boot: Duration) -> bool {
        self.last.is_none_or(|last| boot.saturating_sub(last) >= ASK_EVERY)
    }

    /// Whether to ask about `address`: it is new, and one answer in a tick holds for all addresses.
    pub(super) fn about(&mut self, address: IpAddr) -> bool {
        if self.asked_in_this_tick || self.asked.contains(&address) {
            return false;
        }
        if self.asked.len() == ASKED_AT_MOST {
            self.asked.clear();
        }
        self.asked.insert(address)
    }

    /// Asks. Says when that begins and ceases to fail.
    pub(super) fn ask(&mut self, root: &Root, boot: Duration) -> Option<Vec<Neighbour>> {
        self.last = Some(boot);
        self.asked_in_this_tick = true;
        let answer = neighbours::read(root);
        match &answer {
            Err(error) if !self.failing => {
                warn!(
                    "the neighbours can't be read, so addresses that no lease tells may lack names: {error}"
                );
            }
            Ok(_) if self.failing => info!("the neighbours can be read again"),
            Ok(found) if found.len() >= AT_MOST && !self.crowded => {
                warn!("there are more neighbours than the {AT_MOST} that are heard");
                self.crowded = true;
            }
            _ => {}
        }
        self.failing = answer.is_err();
        answer.ok()
    }
}

/// The vendors of `wanted`, out of the first of the files that is there.
pub(super) fn vendors(root: &Root, files: &[PathBuf], wanted: &[Mac]) -> BTreeMap<Mac, String> {
    // A pipe would hold up everything until somebody writes into it.
    let regular = |path: &PathBuf| Some(root.path(path)).filter(|path| path.is_file());
    let Some(file) = files.iter().filter_map(regular).find_map(|path| File::open(path).ok()) else {
        return BTreeMap::new();
    };
    vendors::find(BufReader::new(file), wanted).unwrap_or_else(|error| {
        warn!("the file of vendors can't be read: {error}");
        BTreeMap::new()
    })
}
