//! A database of networks in `MaxMind`'s format (`.mmdb`), held in memory.
//!
//! It is read whole rather than mapped: a file that is cut while it is mapped kills whoever reads there.

use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use maxminddb::{PathElement, Reader};

use super::networks::safe_name;

/// How large a database may be, in bytes: that of all autonomous systems has 8 to 12 MB.
pub const DATABASE_AT_MOST: u64 = 16 * 1024 * 1024;

/// Where a record has its network's name, the first that is there: that of an autonomous system, or that of a country.
const NAMES: [&[PathElement<'static>]; 3] = [
    &[PathElement::Key("autonomous_system_organization")],
    &[PathElement::Key("country"), PathElement::Key("names"), PathElement::Key("en")],
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
];

/// The last second that a date of four digits can show, in seconds since 1970.
const LAST_SECOND: u64 = 253_402_300_799;

/// A database of networks.
pub struct Database {
    reader: Reader<Vec<u8>>,
}

/// Why some bytes are no database.
#[derive(Debug, thiserror::Error)]
#[error("not a whole .mmdb file: {0}")]
pub struct DatabaseError(String);

impl Database {
    /// Understands the bytes of a database. What lies within is looked at only when it is asked for.
    pub fn new(bytes: Vec<u8>) -> Result<Self, DatabaseError> {
        let reader = Reader::from_source(bytes).map_err(|error| DatabaseError(error.to_string()))?;
        Ok(Self { reader })
    }

    /// What the network is called in which an address lies. A record that can't be understood has no name.
    pub fn name(&self, address: IpAddr) -> Option<Rc<str>> {
        let found = self.reader.lookup(address).ok()?;
        NAMES.iter().find_map(|path| safe_name(found.decode_path::<&str>(path).ok()??.as_bytes()))
    }

    /// What it calls itself, such as `GeoLite2-ASN`; safe to show.
    pub fn kind(&self) -> Rc<str> {
        safe_name(self.reader.metadata().database_type.as_bytes()).unwrap_or_else(|| "unknown".into())
    }

    /// When it was made, if it says so.
    pub fn built(&self) -> Option<SystemTime> {
        let seconds = self.reader.metadata().build_epoch;
        (1..=LAST_SECOND).contains(&seconds).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind())?;
        match self.built() {
            Some(built) => write!(f, " of {:.10}", humantime::format_rfc3339_seconds(built).to_string()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
