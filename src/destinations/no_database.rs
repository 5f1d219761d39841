//! What stands for databases of networks in a program that was built without them: there is none.

use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

/// How large a database may be, in bytes.
pub const DATABASE_AT_MOST: u64 = 0;

/// A database of networks, of which this program has none.
#[derive(Debug)]
pub enum Database {}

/// Why some bytes are no database.
#[derive(Debug, thiserror::Error)]
#[error("this program was built without databases of networks")]
pub struct DatabaseError;

impl Database {
    /// There is none.
    pub fn new(bytes: Vec<u8>) -> Result<Self, DatabaseError> {
        drop(bytes);
        Err(DatabaseError)
    }

    /// Never called.
    pub const fn name(&self, _: IpAddr) -> Option<Rc<str>> {
        match *self {}
    }
}

impl fmt::Display for Database {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
