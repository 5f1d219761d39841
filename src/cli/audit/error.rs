//! Why a bucket can't be read back.

use thiserror::Error;

use crate::influxdb::client::{ANSWERING_AT_MOST, ClientError};
use crate::influxdb::query::TableError;

/// What stands in the way.
#[derive(Debug, Error)]
pub(in crate::cli) enum AuditError {
    /// There is no answer.
    #[error("{url} can't be asked: {source}")]
    Ask {
        /// The server.
        url: String,
        /// Why.
        source: ClientError,
    },
    /// The server doesn't want to.
    #[error("{url} doesn't answer queries: {words}")]
    Refused {
        /// The server.
        url: String,
        /// Its own words.
        words: String,
    },
    /// The answer is something else than tables.
    #[error("what {url} answers can't be understood: {source}")]
    Unreadable {
        /// The server.
        url: String,
        /// Why.
        source: TableError,
    },
    /// However little is asked for, it is too much.
    #[error(
        "{url}: ten seconds of the bucket are more than {} MiB, or take the server more than {} s",
        at_most >> 20, ANSWERING_AT_MOST.as_secs()
    )]
    TooMuch {
        /// The server.
        url: String,
        /// So many bytes are read.
        at_most: usize,
    },
    /// There are too many series, or it takes the server too long to tell them.
    #[error(
        "{url}: more than {at_most} routers write into the bucket, or it takes the server more than {} s to name them: \
         try a shorter --since",
        ANSWERING_AT_MOST.as_secs()
    )]
    TooManySeries {
        /// The server.
        url: String,
        /// So many are told apart.
        at_most: usize,
    },
    /// There is nothing to count.
    #[error(
        "{url}: the bucket has no snapshot of that time: no point of conntrack_exporter that is this program's"
    )]
    Empty {
        /// The server.
        url: String,
    },
}
