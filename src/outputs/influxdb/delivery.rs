//! One snapshot on its way to the server, and what became of it.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::gzip;
use crate::influxdb::client::Client;
use crate::influxdb::config::InfluxdbConfig;
use crate::influxdb::write::{self, Meaning, WriteRequest};
use crate::spool::Number;

/// What became of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server has it.
    Taken,
    /// The server will never take it, or all of it, for this reason.
    Refused(String),
    /// It may later.
    NotTaken {
        /// What stood in the way.
        why: String,
        /// For how long the server asks to be left in peace.
        retry_after: Option<Duration>,
    },
}

/// A snapshot under way: a task of its own, so that it goes on while the table is read. It ends with this.
#[derive(Debug)]
pub(super) struct Delivery {
    number: Number,
    task: JoinHandle<(Client, Outcome)>,
}

impl Delivery {
    /// Sends the compressed lines `body` of the entry `number`.
    pub(super) fn begin(client: Client, config: &InfluxdbConfig, number: Number, body: Bytes) -> Self {
        let request = WriteRequest::new(client.url(), config);
        Self { number, task: tokio::spawn(deliver(client, request, body)) }
    }

    /// Which entry.
    pub(super) const fn number(&self) -> Number {
        self.number
    }

    /// Waits for the end, and gives the client back. May be dropped and called again, but not after it has ended.
    pub(super) async fn outcome(&mut self) -> (Client, Outcome) {
        match (&mut self.task).await {
            Ok(ended) => ended,
            // It is ended by whoever drops this, and nobody asks after that; a panic ends the program.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is too large for the server goes in halves, each of which may be again.
async fn deliver(mut client: Client, request: WriteRequest, body: Bytes) -> (Client, Outcome) {
    let mut parts = VecDeque::from([body]);
    let mut refusal = None;
    while let Some(part) = parts.pop_front() {
        let answer = match client.ask(&request.of(part.clone())).await {
            Ok(answer) => answer,
            Err(error) => return (client, Outcome::NotTaken { why: error.to_string(), retry_after: None }),
        };
        match Meaning::of(&answer) {
            Meaning::Taken => {}
            Meaning::TooLarge => match gzip::halves(&part).await {
                Some(halves) => halves.into_iter().rev().for_each(|half| parts.push_front(half)),
                None => refusal = Some(answer.words()),
            },
            Meaning::Refused => refusal = Some(answer.words()),
            Meaning::NotNow => {
                let why = write::in_words(&answer);
                return (client, Outcome::NotTaken { why, retry_after: answer.retry_after });
            }
        }
    }
    (client, refusal.map_or(Outcome::Taken, Outcome::Refused))
}
