//! The dashboard of many routers, asked as Grafana would ask it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fleet::rows::Sent;
use crate::network::listing;
use crate::place::Place;
use crate::victoria::{Victoria, window};

const FILE: &str = "vmagent/dashboard.json";
/// What a simulated router may have nothing to tell of: the inventory comes every five minutes, a recording holds no maximum of
/// the table, and most evenings have no alert.
const MAY_BE_EMPTY: [&str; 5] = ["Devices", "Full", "How full the tables are", "Alerts", "What is wrong"];

/// What a column of the table of routers shows, by router.
pub(crate) type Column = BTreeMap<String, f64>;

/// Asks every query at the newest instant, and insists that all routers are shown. Gives the table of routers by column.
pub(crate) fn look(victoria: &Victoria, place: &Place, sent: &Sent) -> BTreeMap<String, Column> {
    let routers: Vec<String> = sent.of_routers().into_keys().collect();
    let mut table = BTreeMap::new();
    for (title, query) in queries() {
        let query = query.replace("$router", ".*").replace("$__range", &window(sent));
        let shown = victoria.by_router(place, &query, sent);
        let here: Vec<String> = shown.keys().cloned().collect();
        assert!(here == routers || MAY_BE_EMPTY.contains(&&*title), "{title} by {query} shows {here:?}");
        table.insert(title, shown);
    }
    table
}

/// Every query, by the column or the panel that shows it.
fn queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&listing(FILE, &[])).expect("JSON");
    let panels = dashboard.pointer("/panels").and_then(Value::as_array).expect("panels");
    let mut queries = Vec::new();
    for panel in panels {
        for target in panel.pointer("/targets").and_then(Value::as_array).expect("targets") {
            let [query, reference] = ["expr", "refId"].map(|key| string(target, key));
            let renamed =
                panel.pointer(&format!("/transformations/1/options/renameByName/Value #{reference}"));
            let title = renamed.and_then(Value::as_str).map_or_else(|| string(panel, "title"), str::to_owned);
            queries.push((title, query));
        }
    }
    queries
}

fn string(object: &Value, key: &str) -> String {
    object.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("no {key} in {object}")).to_owned()
}
