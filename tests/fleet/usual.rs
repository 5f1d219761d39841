//! What `make e2e` runs as well, by small numbers.

mod outage;
mod replicas;
