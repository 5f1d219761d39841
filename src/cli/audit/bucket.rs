//! The bucket, and how it is read.

use bytes::Bytes;

use super::error::AuditError;
use super::flux::Questions;
use super::page::Page;
use super::report::{Audit, Range};
use super::series_index::SeriesIndex;
use super::windows::Windows;
use crate::influxdb::client::{Client, ClientError};
use crate::influxdb::config::InfluxdbConfig;
use crate::influxdb::query::{QueryRequest, TableError, in_words};
use crate::root::Root;

/// So many bytes of an answer are read. What is more is asked for in pieces.
const ANSWER_AT_MOST: usize = 8 << 20;
/// So many series of `conntrack_exporter` are told apart: for each there are numbers to be kept.
const SERIES_AT_MOST: usize = 10_000;

/// A bucket of a server.
#[derive(Debug)]
pub(super) struct Bucket {
    client: Client,
    request: QueryRequest,
    questions: Questions,
    tag: String,
    root: Root,
}

impl Bucket {
    /// The bucket of `config`, in which `tag` tells routers apart; the token's file is below `root`.
    pub(super) fn new(config: &InfluxdbConfig, tag: &str, root: &Root) -> Option<Self> {
        let client = Client::new(config)?;
        let request = QueryRequest::new(client.url(), &config.org, ANSWER_AT_MOST);
        let questions = Questions::new(config.bucket.as_str(), tag);
        Some(Self { client, request, questions, tag: tag.to_owned(), root: root.clone() })
    }

    /// Reads all of `range`, and counts what is missing.
    pub(super) async fn audit(&mut self, range: Range) -> Result<Audit, AuditError> {
        let index = self.index(range).await?;
        if index.keys().is_empty() {
            return Err(AuditError::Empty { url: self.url() });
        }
        if index.keys().len() > SERIES_AT_MOST {
            return Err(AuditError::TooManySeries { url: self.url(), at_most: SERIES_AT_MOST });
        }
        let mut audit = Audit::new(range, index);
        let mut windows = Windows::of(range);
        while let Some(window) = windows.next() {
            match self.page(window).await? {
                Some((page, largest)) => {
                    audit.take(&page);
                    windows.advance(window, share(largest));
                }
                None if windows.halve() => {}
                None => return Err(AuditError::TooMuch { url: self.url(), at_most: ANSWER_AT_MOST }),
            }
        }
        if audit.has_any() { Ok(audit) } else { Err(AuditError::Empty { url: self.url() }) }
    }

    async fn index(&mut self, range: Range) -> Result<SeriesIndex, AuditError> {
        let answer = self.ask(self.questions.series(range.since, range.until)).await?;
        let too_many = || AuditError::TooManySeries { url: self.url(), at_most: SERIES_AT_MOST };
        SeriesIndex::parse(&self.tag, &answer.ok_or_else(too_many)?).map_err(|error| self.unreadable(error))
    }

    /// A page, and the bytes of its largest answer; `None` if it is too much at once.
    async fn page(&mut self, window: Range) -> Result<Option<(Page, usize)>, AuditError> {
        let Range { since, until } = window;
        let Some(records) = self.ask(self.questions.records(since, until)).await? else { return Ok(None) };
        let Some(rows) = self.ask(self.questions.rows(since, until)).await? else { return Ok(None) };
        let Some(looks) = self.ask(self.questions.looks(since, until)).await? else { return Ok(None) };
        let page = Page::parse(&self.tag, window, [&records, &rows, &looks]);
        let page = page.map_err(|error| self.unreadable(error))?;
        Ok(Some((page, records.len().max(rows.len()).max(looks.len()))))
    }

    /// Asks; `None` if the answer is too long, or long in coming.
    async fn ask(&mut self, flux: String) -> Result<Option<Bytes>, AuditError> {
        let question = self.request.of(flux);
        let answered = match self.client.prepare(&self.root) {
            Ok(()) => self.client.ask(&question).await,
            Err(error) => Err(error),
        };
        let answer = match answered {
            Err(ClientError::Late) => return Ok(None),
            answer => answer.map_err(|source| AuditError::Ask { url: self.url(), source })?,
        };
        if !answer.status.is_success() {
            return Err(AuditError::Refused {
                url: self.url(),
                words: self.client.without_token(&in_words(&answer)),
            });
        }
        Ok((!self.request.is_cut(&answer)).then_some(answer.body))
    }

    fn unreadable(&self, source: TableError) -> AuditError {
        let source = match source {
            TableError::Broken(words) => TableError::Broken(self.client.without_token(&words)),
            TableError::Csv(_) => source,
        };
        AuditError::Unreadable { url: self.url(), source }
    }

    fn url(&self) -> String {
        self.client.url().to_string()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of a few megabytes")]
fn share(bytes: usize) -> f64 {
    bytes as f64 / ANSWER_AT_MOST as f64
}
