//! By TLS, with a certificate of one's own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;

use super::{PORT, Road};

/// A certificate for `address` and its key.
fn certify(road: &Road, name: &str) -> [PathBuf; 2] {
    let files = ["crt", "key"].map(|kind| road.home.file(&format!("{name}.{kind}")));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args([
        "-days",
        "2",
        "-subj",
        "/CN=influxdb",
        "-addext",
        &format!("subjectAltName=IP:{}", road.address),
    ]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-out").arg(&files[0]).arg("-keyout").arg(&files[1]);
    let output = command.output().expect("the command openssl (Debian: openssl)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for file in &files {
        fs::set_permissions(file, Permissions::from_mode(0o644)).expect("its mode");
    }
    files
}

#[test]
fn all_arrives_by_tls_and_nothing_where_the_certificate_is_not_trusted() {
    let mut road = Road::new("spool-tls", "");
    let [certificate, key] = certify(&road, "influxdb");
    let [other, _] = certify(&road, "other");
    road.influx.stop();
    road.influx.start_by_tls(&road.place, &certificate, &key);
    let url = format!("https://{}:{PORT}", road.address);
    road.configure(&url, &format!("influxdb.ca_file = {other:?}"));
    road.start();
    road.await_said("invalid peer certificate");
    road.ticks(2);
    road.configure(&url, &format!("influxdb.ca_file = {certificate:?}"));
    road.exporter().signal(Signal::SIGHUP);
    road.await_said("works again");
    road.ticks(2);
    road.end(Signal::SIGTERM);
    // It is asked in the clear again.
    road.influx.stop();
    road.influx.start(&road.place);
    let arrived = road.insist_on_all();
    println!("by TLS: all of {arrived} snapshots arrived");
}
