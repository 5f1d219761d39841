//! Flows as JSON.

use crate::flow_list::ListedFlow;
use crate::flow_list::json::FlowObject;

/// An array.
pub(super) fn array(flows: &[ListedFlow]) -> Result<String, serde_json::Error> {
    let objects: Vec<FlowObject<'_>> = flows.iter().map(FlowObject::from).collect();
    Ok(serde_json::to_string_pretty(&objects)? + "\n")
}

/// One object to a line.
pub(super) fn lines(flows: &[ListedFlow]) -> Result<String, serde_json::Error> {
    flows.iter().map(|flow| Ok(serde_json::to_string(&FlowObject::from(flow))? + "\n")).collect()
}
