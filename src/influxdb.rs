//! The HTTP API of InfluxDB 2, which InfluxDB 3, VictoriaMetrics and Telegraf's `influxdb_v2_listener` understand as well.
//!
//! What is asked and answered, and the way there. Who writes and what becomes of that is the business of
//! `outputs::influxdb`; `audit` reads back.

pub mod answer;
pub mod client;
pub mod config;
mod connection;
pub(crate) mod query;
pub(crate) mod token;
pub mod url;
pub(crate) mod write;
