//! The neighbour tables: which MAC answers at which address.
//!
//! They know what no lease does: addresses that devices gave themselves. Live they come from the kernel, of a replayed
//! router from a text in the form that `ip neigh` prints.

mod live;

use std::io;

use super::formats::ip_neigh;
use crate::files::PRINTED_AT_MOST;
use crate::root::Root;

pub use super::formats::ip_neigh::{AT_MOST, Neighbour};
pub use live::read_live;

/// Where a replayed router's `ip neigh` output lies.
pub const REPLAYED: &str = "/ip-neigh";

/// Reads the neighbours of the router below `root`; a replayed one need not have any.
pub fn read(root: &Root) -> io::Result<Vec<Neighbour>> {
    if root.is_live() {
        return read_live();
    }
    match root.read(REPLAYED, PRINTED_AT_MOST) {
        Ok(text) => Ok(ip_neigh::parse(&text).filter_map(Result::ok).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
