//! `[http]`: what is served, where and to whom, or why it isn't.

use std::time::Duration;

use super::report::Report;
use crate::config::Config;
use crate::http::permission::{ListenError, audience, may_listen};
use crate::lan::{Lan, interfaces, is_private};
use crate::root::Root;

/// Ports below this are for root, and the daemon is nobody when it listens.
const FIRST_OF_EVERYBODY: u16 = 1024;

/// Tells of it, if it is on. Nothing is listened on: the daemon may be there already.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    let Some(address) = config.http.listen.address() else { return };
    let mut lan = Lan::new(&config.lan.patterns(), &config.lan.prefixes());
    if let Ok(found) = interfaces::read(root) {
        lan.observe(found, Duration::ZERO);
    }
    match may_listen(&config.http, &lan) {
        Ok(()) => {}
        Err(error @ ListenError::NotOurs(_)) => {
            return report
                .warning("http", format!("nothing is served before there is such an address: {error}"));
        }
        Err(error) => return report.warning("http", format!("nothing is served: {error}")),
    }
    if address.port() < FIRST_OF_EVERYBODY {
        let text =
            format!("{address}: ports below {FIRST_OF_EVERYBODY} are root's, one above would be right");
        report.warning("http", text);
    }
    let prefixes = audience(&config.http, &lan);
    let outside = prefixes.iter().find(|net| !is_private(net.addr()) && !net.addr().is_loopback());
    let shown: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
    let shown = if address.ip().is_loopback() {
        "this machine itself".to_owned()
    } else {
        format!("{} and this machine itself", shown.join(", "))
    };
    let text = format!("http://{address} is served to {shown}: {}", what());
    match outside.filter(|_| !config.http.allow.is_empty()) {
        Some(outside) => {
            report.warning("http", format!("{text}; {outside} in http.allow is not a private network"));
        }
        None => report.ok("http", text),
    }
}

/// What this program serves.
const fn what() -> &'static str {
    match (cfg!(feature = "page"), cfg!(feature = "prometheus")) {
        (true, true) => "the page, /api/v1 and /metrics",
        (true, false) => "the page and /api/v1",
        (false, true) => "/api/v1 and /metrics",
        (false, false) => "/api/v1",
    }
}

#[cfg(feature = "http")]
#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::test_directory::TestDirectory;

    fn lines(text: &str) -> String {
        let directory = TestDirectory::new("check-http");
        fs::write(
            directory.join("ip-address"),
            "1: br-lan: <UP>\n    link/ether 02:00:00:00:00:01\n    inet 192.168.8.1/24\n2: eth0: <UP>\n    inet 203.0.113.10/24\n",
        )
        .unwrap();
        let mut report = Report::default();
        check(&mut report, &Config::parse(text).unwrap(), &Root::replay(&*directory));
        report.to_string()
    }

    #[test]
    fn where_and_to_whom_or_why_not() {
        for (text, grade, words) in [
            ("", "", ""),
            (
                "http.listen = \"192.168.8.1:9479\"",
                "ok",
                "http://192.168.8.1:9479 is served to 192.168.8.0/24 and this",
            ),
            (
                "http.listen = \"127.0.0.1:9479\"",
                "ok",
                "http://127.0.0.1:9479 is served to this machine itself",
            ),
            ("http.listen = \"0.0.0.0:9479\"", "warning", "nothing is served: 0.0.0.0 is every address"),
            ("http.listen = \"203.0.113.10:9479\"", "warning", "203.0.113.10 is not on the LAN"),
            (
                "http.listen = \"192.168.9.1:9479\"",
                "warning",
                "nothing is served before there is such an address",
            ),
            ("http.listen = \"192.168.8.1:80\"", "warning", "ports below 1024 are root's"),
            (
                "http = { listen = \"[::]:9479\", allow = [\"10.8.0.0/24\"] }",
                "ok",
                "is served to 10.8.0.0/24 and",
            ),
            (
                "http = { listen = \"[::]:9479\", allow = [\"0.0.0.0/0\"] }",
                "warning",
                "0.0.0.0/0 in http.allow is not a private",
            ),
        ] {
            let lines = lines(text);
            assert!(lines.starts_with(grade) && lines.contains(words), "{text}: {lines}");
        }
    }
}
