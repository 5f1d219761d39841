//! A bucket as a server might tell of it, by a script.

use std::collections::VecDeque;
use std::fmt::Write as _;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::report::{Range, Report};
use super::time::{DAY, SECOND, rfc3339};
use super::*;
use crate::config::Config;
use crate::root::Root;
use crate::test_directory::TestDirectory;

const RANGE: Range = Range { since: 20_000 * DAY, until: 20_000 * DAY + 3600 * SECOND };
const SERIES: &str = ",result,table,router,host,_value\r\n,_result,0,attic,gw,120\r\n\r\n";

/// An answer of tables.
fn tables(csv: &str) -> String {
    format!("200 OK\r\nContent-Length: {}\r\n\r\n{csv}", csv.len())
}

/// Answers as it is told to, and gives what was asked: the head and the query.
async fn serve(listener: TcpListener, answers: Vec<String>) -> Vec<(String, String)> {
    let (mut answers, mut asked) = (VecDeque::from(answers), Vec::new());
    while !answers.is_empty() {
        let (mut stream, _) = listener.accept().await.unwrap();
        while let Some(question) = read(&mut stream).await {
            asked.push(question);
            let Some(answer) = answers.pop_front() else { break };
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await;
            if answers.is_empty() {
                break;
            }
        }
    }
    asked
}

async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut text = Vec::new();
    loop {
        if let Some(end) = text.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8(text[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            let body = &text[end + 4..];
            if body.len() >= length.parse().unwrap() {
                return Some((head, String::from_utf8(body.to_vec()).unwrap()));
            }
        }
        if stream.read_buf(&mut text).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// What becomes of these answers, and what was asked.
async fn audit(answers: Vec<String>) -> (Result<Report, AuditError>, Vec<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let directory = TestDirectory::new(&format!("audit-{}", listener.local_addr().unwrap().port()));
    std::fs::write(directory.join("token"), "secret==\n").unwrap();
    let text = format!(
        "[influxdb]\nurl = \"http://{}\"\norg = \"home\"\nbucket = \"a\\\"b\"\ntoken_file = \"{}/token\"\n",
        listener.local_addr().unwrap(),
        directory.display()
    );
    let config = Config::parse(&text).unwrap();
    let mut bucket = Bucket::new(&config.influxdb, "router", &Root::live()).unwrap();
    let server = tokio::spawn(serve(listener, answers));
    let audited = bucket.audit(RANGE).await;
    let asked = server.await.unwrap();
    (audited.map(|audit| audit.report("router")), asked)
}

/// Points and rows of an hour by the minute, without the number 7, and without a row of number 9.
fn an_hour() -> [String; 3] {
    let mut records = ",result,table,_time,router,host,points,sequence,started\r\n".to_owned();
    let mut rows = ",result,table,_time,router\r\n".to_owned();
    for number in (1..=60).filter(|number| *number != 7) {
        let time = rfc3339(RANGE.since + (number - 1) * 60 * SECOND);
        write!(records, ",_result,0,{time},attic,gw,2,{number},{}\r\n", RANGE.since / SECOND).unwrap();
        for _ in 0..(if number == 9 { 1 } else { 2 }) {
            write!(rows, ",_result,0,{time},attic\r\n").unwrap();
        }
    }
    // Somebody else's.
    records += "\r\n,result,table,_time,host,sequence\r\n,_result,1,2024-10-04T00:00:07Z,x,seven\r\n";
    [records, rows, "\r\n".to_owned()]
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let answers = [SERIES.to_owned()].into_iter().chain(an_hour()).map(|csv| tables(&csv)).collect();
    let (report, asked) = audit(answers).await;
    let report = report.unwrap();
    assert_eq!((report.snapshots_missing, report.rows_missing, report.points_not_understood), (1, 1, 1));
    assert_eq!(report.routers[0].router, "attic");
    assert_eq!(asked.len(), 4);
    for (head, query) in asked {
        assert!(head.starts_with("POST /api/v2/query?org=home HTTP/1.1\r\n"), "{head}");
        for header in
            ["authorization: Token secret==", "content-type: application/vnd.flux", "accept: application/csv"]
        {
            assert!(head.contains(header), "{head}");
        }
        assert!(
            query.starts_with("from(bucket: \"a\\\"b\")\n  |> range(start: 2024-10-04T00:00:00Z, "),
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_is_too_much_at_once_is_asked_for_in_pieces() {
    let too_much = format!("200 OK\r\nContent-Length: {}\r\n\r\n{}", 9 << 20, "x".repeat(9 << 20));
    let [records, rows, looks] = an_hour().map(|csv| tables(&csv));
    // In each half it tells all, of which what was asked for is counted.
    let [first, second] =
        [records.clone(), records.clone()].map(|records| [records, rows.clone(), looks.clone()]);
    let answers = [vec![tables(SERIES), records, too_much], first.into(), second.into()].concat();
    let (report, asked) = audit(answers).await;
    let report = report.unwrap();
    assert_eq!(
        (report.snapshots_missing, report.rows_missing, report.routers[0].days[0].snapshots),
        (1, 1, 59)
    );
    let stops: Vec<_> =
        asked.iter().filter_map(|(_, query)| query.split("stop: 2024-10-04T").nth(1)?.get(..5)).collect();
    assert_eq!(stops, ["01:00", "01:00", "01:00", "00:30", "00:30", "00:30", "01:00", "01:00", "01:00"]);
}

#[tokio::test]
async fn a_server_that_never_ends_is_given_up() {
    let endless = format!("200 OK\r\nContent-Length: {}\r\n\r\n{}", 1_u64 << 40, "x".repeat(9 << 20));
    let (told, asked) = audit(vec![endless.clone()]).await;
    let told = told.unwrap_err().to_string();
    assert!(told.contains(": more than 10000 routers write into the bucket, or it takes"), "{told}");
    assert_eq!(asked.len(), 1);
    // 3600 s are halved down to 10.
    let answers = [vec![tables(SERIES)], vec![endless; 10]].concat();
    let (told, asked) = audit(answers).await;
    let told = told.unwrap_err().to_string();
    assert!(
        told.contains(": ten seconds of the bucket are more than 8 MiB, or take the server more"),
        "{told}"
    );
    assert_eq!(asked.len(), 11);
}

#[tokio::test]
async fn why_not_is_one_sentence() {
    let refused = "401 Unauthorized\r\nContent-Length: 55\r\n\r\n{\"code\":\"unauthorized\",\"message\":\"unauthorized access\"}\n";
    let broken = tables("error,reference\r\nno memory,897\r\n");
    for (answers, told, exit) in [
        (
            vec![refused.to_owned()],
            " doesn't answer queries: 401 Unauthorized: unauthorized access; does the token allow to read the bucket?",
            Exit::Unavailable,
        ),
        (
            vec!["400 Bad Request\r\nContent-Length: 29\r\n\r\nAuthorization: Token secret==\n".to_owned()],
            " doesn't answer queries: 400 Bad Request: Authorization: Token …",
            Exit::Unavailable,
        ),
        (
            vec![tables("\r\n")],
            ": the bucket has no snapshot of that time: no point of conntrack_exporter",
            Exit::Failure,
        ),
        (
            vec![tables(SERIES), tables("\r\n"), tables("\r\n"), tables("\r\n")],
            ": the bucket has no snapshot of that time: no point of conntrack_exporter",
            Exit::Failure,
        ),
        (
            vec![tables(SERIES), broken, tables("\r\n"), tables("\r\n")],
            " answers can't be understood: no memory",
            Exit::Unavailable,
        ),
        (vec!["200 OK\r\nContent-Length: 99\r\n\r\n,".to_owned()], " can't be asked: ", Exit::Unavailable),
    ] {
        let error = CommandError::from(audit(answers).await.0.unwrap_err());
        let text = error.to_string();
        assert!(text.contains(told) && text.contains("http://127.0.0.1:") && !text.contains('\n'), "{text}");
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(error.exit(), exit, "{text}");
    }
}
