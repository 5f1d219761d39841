//! What is answered.

use std::fs;

use serde_json::Value;

use crate::http_client::{Answer, ask};
use crate::served::{Served, free_address, until};

fn names(devices: &Value) -> Vec<&str> {
    devices.as_array().unwrap().iter().map(|device| device["name"].as_str().unwrap()).collect()
}

/// What every answer has, and what none has.
fn check_headers(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
        assert!(policy.contains(part), "{}", answer.head);
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{}", answer.head);
    }
    for name in ["server", "set-cookie", "access-control-allow-origin", "x-powered-by"] {
        assert_eq!(answer.header(name), None, "{}", answer.head);
    }
}

#[test]
fn every_route_answers() {
    let served = Served::start("http-routes", "");
    let status = served.json("/api/v1/status");
    assert!(status["entries"].as_f64().unwrap() > 0.0 && status["sequence"].is_i64(), "{status}");
    let all = served.json("/api/v1/devices");
    let devices = &all["devices"];
    assert!(names(devices).contains(&"Living Room TV"), "{devices}");
    let television =
        &devices.as_array().unwrap().iter().find(|device| device["name"] == "Living Room TV").unwrap();
    assert!(television["sparkline"].as_array().unwrap().len() <= 60, "{television}");
    let one = served.json("/api/v1/devices?device=Living%20Room+TV");
    assert_eq!((&one["name"], &one["connections"]), (&"Living Room TV".into(), &television["connections"]));
    assert_eq!(
        one["hour"]["connections"].as_array().unwrap().len(),
        one["hour"]["seconds_ago"].as_array().unwrap().len()
    );
    assert!(served.json("/api/v1/alerts")["alerts"].is_array());
    let overview = served.json("/api/v1/overview");
    assert_eq!(names(&overview["devices"]), names(devices));
    assert!(overview["status"]["version"].is_string() && overview["alerts"].is_array());
    for path in ["status", "devices", "alerts", "overview", "flows"] {
        let answer = served.get(&format!("/api/v1/{path}")).unwrap();
        check_headers(&answer);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let head =
            ask(served.address, "HEAD", &format!("/api/v1/{path}"), &served.address.to_string(), "").unwrap();
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
}

#[test]
fn flows_are_those_that_were_asked_for() {
    let served = Served::start("http-flows", "");
    let all = until("flows", || Some(served.json("/api/v1/flows")).filter(|all| all["flows"][0].is_object()));
    assert_eq!((all["flows"].as_array().unwrap().len(), &all["left_out"]), (88, &0.into()));
    let of_one = served.json("/api/v1/flows?device=Living%20Room%20TV");
    let flows = of_one["flows"].as_array().unwrap();
    assert!(flows.len() == 7 && flows.iter().all(|flow| flow["device"] == "Living Room TV"), "{flows:?}");
    let filtered =
        served.json("/api/v1/flows?device=Living+Room+TV&filter=port%3D443%20protocol%3Dtcp&limit=1");
    let flow = &filtered["flows"][0];
    assert_eq!((&flow["remote_port"], &flow["protocol"]), (&443.into(), &"tcp".into()));
    assert_eq!(filtered["flows"].as_array().unwrap().len(), 1);
    assert!(filtered["left_out"].as_u64().unwrap() > 0, "{filtered}");
    assert_eq!(served.json("/api/v1/flows?limit=0")["left_out"], 88);
    assert_eq!(served.json("/api/v1/flows?device=nobody"), serde_json::json!({"flows": [], "left_out": 0}));
    for query in [
        "limit=16385",
        "limit=-1",
        "limit=x",
        "filter=colour%3D1",
        "filter=%22",
        "what=1",
        "device=a&device=b",
    ] {
        let answer = served.get(&format!("/api/v1/flows?{query}")).unwrap();
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        assert!(answer.json()["error"].is_string() && !answer.text().contains("colour"), "{answer:?}");
        check_headers(&answer);
    }
}

#[cfg(feature = "page")]
#[test]
fn the_page_is_three_files_that_browsers_keep() {
    let served = Served::start("http-page", "");
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = served.get(path).unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        check_headers(&answer);
        let tag = answer.header("etag").unwrap();
        let known = format!("If-None-Match: W/\"x\", {tag}\r\n");
        let again = ask(served.address, "GET", path, &served.address.to_string(), &known).unwrap();
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)));
    }
}

#[test]
fn nothing_else_is_there_and_nothing_comes_back_of_what_was_asked() {
    let served = Served::start("http-paths", "");
    for path in [
        "/../etc/passwd",
        "/%2e%2e/etc/passwd",
        "/..%2fetc%2fpasswd",
        "//etc/passwd",
        "/%00",
        "/page.css/",
        "/PAGE.CSS",
        "/./page.js",
        "/page%2ejs",
        "/src/http/page/index.html",
        "/api",
        "/api/v1/",
        "/api/v1/status/",
        "/api/v2/status",
        "/favicon.ico",
    ] {
        let answer = served.get(path).unwrap();
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(answer.json()["error"].is_string() && !answer.text().contains("passwd"), "{answer:?}");
        assert!(answer.body.len() < 200, "{answer:?}");
        check_headers(&answer);
    }
    let unknown = served.get("/api/v1/devices?device=%3Cscript%3E").unwrap();
    assert_eq!(unknown.status, 404);
    assert!(!unknown.text().contains("script") && !unknown.text().contains(served.sample.to_str().unwrap()));
}

#[test]
fn hostile_names_are_data() {
    let name = "</script><img src=x onerror=alert(1)>\"'&";
    let served = Served::start_without_waiting("http-names", "", |sample| {
        let registry = sample.root().join("etc/conntrack-exporter.devices");
        fs::write(registry, format!("192.168.8.20={name}\n")).unwrap();
    });
    served.wait_for_a_snapshot();
    let answer = served.get("/api/v1/overview").unwrap();
    assert!(names(&answer.json()["devices"]).contains(&name), "{}", answer.text());
    // Within JSON, which no browser takes for anything else.
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let target = "/api/v1/devices?device=%3C%2Fscript%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%22%27%26";
    assert_eq!(served.json(target)["name"], name);
}

#[test]
fn a_reload_moves_it_and_switches_it_off() {
    let mut served = Served::start("http-reload", "");
    let (old, new) = (served.address, free_address());
    served.reload(new, "http.names = [\"router.lan\"]");
    served.address = new;
    served.wait_for_a_snapshot();
    assert!(std::net::TcpStream::connect(old).is_err(), "it listens there still");
    assert_eq!(ask(new, "GET", "/api/v1/status", "Router.LAN:80", "").unwrap().status, 200);
    // A port that is taken: it goes on, and takes it as soon as it can.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    served.reload(taken.local_addr().unwrap(), "");
    until("the end of the old address", || std::net::TcpStream::connect(new).is_err().then_some(()));
    served.address = taken.local_addr().unwrap();
    drop(taken);
    served.wait_for_a_snapshot();
    served.wait_for_snapshots(1);
}
