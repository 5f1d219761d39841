//! `/api/v1/flows`: single flows, written while they are sent. However many ask for however many at once, no answer is ever in
//! memory whole.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use serde::Deserialize;

use super::FLOWS_AT_MOST;
use crate::flow_list::ListedFlows;
use crate::flow_list::filter::{Filter, FilterError};
use crate::flow_list::json::FlowObject;

/// A frame is about this long.
const FRAME: usize = 8 * 1024;
/// So many flows are looked at before others have their turn.
const LOOKED_AT_IN_TURN: usize = 1024;
/// How many are shown unless somebody asks for more.
const USUAL_LIMIT: usize = 1000;

/// Which flows somebody asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    /// Those of this device, by its exact name.
    device: Option<String>,
    /// Those that this filter shows.
    filter: Option<String>,
    /// How many at most.
    limit: Option<usize>,
}

/// A query that can't be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueryError(pub(super) &'static str);

/// Which flows are shown.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    device: Option<String>,
    filter: Filter,
    limit: usize,
}

impl TryFrom<Query> for Selection {
    type Error = QueryError;

    fn try_from(query: Query) -> Result<Self, QueryError> {
        let limit = query.limit.unwrap_or(USUAL_LIMIT);
        if limit > FLOWS_AT_MOST {
            return Err(QueryError("limit is at most 16384"));
        }
        let filter: Filter =
            query.filter.unwrap_or_default().parse().map_err(|error| QueryError(in_words(&error)))?;
        Ok(Self { device: query.device, filter, limit })
    }
}

/// What is wrong with a filter, without a word of it.
const fn in_words(error: &FilterError) -> &'static str {
    match error {
        FilterError::UnknownKey(_) => {
            "filter: flows have device, address, local, remote, port, protocol, state, service, direction, offloaded, rx, \
             tx, bytes and idle"
        }
        FilterError::NotAFigure { .. } => "filter: \"<\" and \">\" are for rx, tx, bytes, idle and port",
        FilterError::Value { .. } => "filter: a value is not of the kind that its key has",
        FilterError::OpenQuote => "filter: a quote is opened and not closed",
    }
}

/// `{"flows":[…],"left_out":…}`, piece by piece.
#[derive(Debug)]
struct FlowsBody {
    flows: Arc<ListedFlows>,
    selection: Selection,
    /// The next flow to be looked at.
    next: usize,
    /// How many were written.
    written: usize,
    left_out: u64,
    has_begun: bool,
    has_ended: bool,
}

/// The flows that are shown, as a body. How many are not is said at its end.
pub(super) fn body(flows: Arc<ListedFlows>, selection: Selection) -> Body {
    let left_out = flows.left_out;
    Body::new(FlowsBody {
        flows,
        selection,
        next: 0,
        written: 0,
        left_out,
        has_begun: false,
        has_ended: false,
    })
}

impl FlowsBody {
    /// Looks at some more flows, and writes those that are shown.
    fn write_more(&mut self) -> Vec<u8> {
        let mut text = if self.has_begun { Vec::new() } else { b"{\"flows\":[".to_vec() };
        self.has_begun = true;
        let flows = Arc::clone(&self.flows);
        let turn = flows.flows.iter().skip(self.next).take(LOOKED_AT_IN_TURN);
        for flow in turn {
            self.next += 1;
            let Selection { device, filter, limit } = &self.selection;
            if device.as_ref().is_some_and(|device| **device != *flow.device) || !filter.shows(flow) {
                continue;
            }
            if self.written == *limit {
                self.left_out += 1;
                continue;
            }
            if self.written > 0 {
                text.push(b',');
            }
            self.written += 1;
            // Only what can't be written fails, which a flow has nothing of.
            if serde_json::to_writer(&mut text, &FlowObject::from(flow)).is_err() || text.len() >= FRAME {
                break;
            }
        }
        if self.next >= flows.flows.len() {
            self.has_ended = true;
            text.extend_from_slice(format!("],\"left_out\":{}}}", self.left_out).as_bytes());
        }
        text
    }
}

impl HttpBody for FlowsBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let text = self.write_more();
        if text.is_empty() {
            // None of those was shown: the next turn is as soon as others had theirs.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(text.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
    }
}

#[cfg(test)]
mod tests;
