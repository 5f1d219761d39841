//! The vendors of devices that nobody has named, each looked up once.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::PathBuf;

use tracing::warn;

use super::Map;
use super::formats::vendors;
use super::last_seen::KNOWN_AT_MOST;
use super::mac::Mac;
use super::name::Name;
use crate::root::Root;

/// How much of a list is read, in bytes. IEEE's, the largest, has some 6 MiB.
const LIST_AT_MOST: u64 = 64 << 20;

/// What was looked up so far.
#[derive(Debug, Default)]
pub(super) struct VendorNames {
    names: Map<Mac, Option<Name>>,
}

impl VendorNames {
    /// The vendor's name, if it was looked up and found.
    pub(super) fn of(&self, mac: Mac) -> Option<&Name> {
        self.names.get(&mac)?.as_ref()
    }

    /// Whether it makes sense to look for the vendor of `mac`: nobody sold a MAC that was made up.
    pub(super) fn lacks(&self, mac: Mac) -> bool {
        !mac.is_local() && !self.names.contains_key(&mac)
    }

    /// Finds the vendors of `wanted` in the first of `files` that is there. Where there are too many, those that `keep`
    /// doesn't know are forgotten.
    pub(super) fn look_up(
        &mut self,
        root: &Root,
        files: &[PathBuf],
        wanted: Vec<Mac>,
        keep: impl Fn(Mac) -> bool,
    ) {
        if wanted.is_empty() {
            return;
        }
        let found = find(root, files, &wanted);
        if self.names.len() > KNOWN_AT_MOST {
            self.names.retain(|mac, _| keep(*mac));
        }
        for mac in wanted {
            let name = found.get(&mac).and_then(|vendor| Name::clean(vendor.as_bytes()));
            self.names.insert(mac, name);
        }
    }

    /// Everything is to be looked up again: another list may have been installed.
    pub(super) fn forget(&mut self) {
        self.names.clear();
    }
}

fn find(root: &Root, files: &[PathBuf], wanted: &[Mac]) -> BTreeMap<Mac, String> {
    let Some(file) = files.iter().find_map(|path| root.open(path).ok()) else {
        return BTreeMap::new();
    };
    vendors::find(BufReader::new(file.take(LIST_AT_MOST)), wanted).unwrap_or_else(|error| {
        warn!("the file of vendors can't be read: {error}");
        BTreeMap::new()
    })
}
