use std::collections::VecDeque;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// What was asked of the server: the first line and the headers, and the lines that were written.
type Asked = (String, String);

/// A server that answers what it is told to, and then 204; gone when dropped.
struct Server {
    asked: UnboundedReceiver<Asked>,
    url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn answering(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::at(listener, answers)
    }

    fn at(listener: TcpListener, answers: &[&'static str]) -> Self {
        let url = format!("http://{}/influx", listener.local_addr().unwrap());
        let (told, asked) = unbounded_channel();
        let answers = answers.iter().copied().collect();
        Self { asked, url, task: tokio::spawn(serve(listener, answers, told)) }
    }

    async fn next(&mut self) -> Asked {
        timeout(Duration::from_secs(60), self.asked.recv()).await.expect("a request").unwrap()
    }
}

async fn serve(listener: TcpListener, mut answers: VecDeque<&'static str>, told: UnboundedSender<Asked>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        while let Some(asked) = read(&mut stream).await {
            let answer = answers.pop_front().unwrap_or("204 No Content\r\n\r\n");
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await;
            let _ = told.send(asked);
        }
    }
}

/// Reads one request; `None` at the end of the connection.
async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut text = Vec::new();
    loop {
        if let Some(end) = text.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8(text[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            let length: usize = length.parse().unwrap();
            let body = &text[end + 4..];
            if body.len() >= length {
                return Some((head, String::from_utf8(gzip::decompress(body).unwrap()).unwrap()));
            }
        }
        if stream.read_buf(&mut text).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

fn config(url: &str, more: &str) -> Config {
    let text = format!("[influxdb]\nurl = \"{url}\"\norg = \"home\"\nbucket = \"a & b\"\n{more}");
    Config::parse(&text).unwrap()
}

fn output(url: &str, more: &str) -> (Influxdb, Ledger) {
    (Influxdb::new(&config(url, more), &Root::live()).unwrap(), Ledger::default())
}

async fn deliver(influxdb: &mut Influxdb, ledger: &mut Ledger, lines: &str) {
    influxdb.deliver(lines.as_bytes(), true, ledger).await;
}

/// Works until so many snapshots were acknowledged.
async fn until_acknowledged(influxdb: &mut Influxdb, ledger: &mut Ledger, snapshots: u64) -> Acknowledged {
    let all = async {
        while ledger.acknowledged.is_none_or(|figures| figures.snapshots < snapshots) {
            if influxdb.under_way.is_none() {
                sleep_until(influxdb.next_at().expect("something to send")).await;
            }
            influxdb.step(ledger).await;
        }
    };
    timeout(Duration::from_secs(60), all).await.expect("acknowledgements");
    ledger.acknowledged.unwrap()
}

#[tokio::test]
async fn what_is_written_is_what_influxdb_is_asked_for() {
    let mut server = Server::answering(&[]).await;
    let token = crate::test_directory::TestDirectory::new("influxdb-token");
    std::fs::write(token.join("token"), "secret==\n").unwrap();
    let more = format!("token_file = {:?}\n", token.join("token"));
    let (mut influxdb, mut ledger) = output(&server.url, &more);
    for lines in ["a b=1i 1\n", "a b=2i 2\n"] {
        deliver(&mut influxdb, &mut ledger, lines).await;
    }
    let figures = until_acknowledged(&mut influxdb, &mut ledger, 2).await;
    assert_eq!(figures, Acknowledged { snapshots: 2, ..Acknowledged::default() });
    let (head, lines) = server.next().await;
    assert!(
        head.starts_with("POST /influx/api/v2/write?org=home&bucket=a%20%26%20b&precision=ns HTTP/1.1\r\n"),
        "{head}"
    );
    for header in
        ["authorization: Token secret==", "content-encoding: gzip", "user-agent: conntrack-exporter/"]
    {
        assert!(head.contains(header), "{head}");
    }
    assert_eq!([lines, server.next().await.1], ["a b=2i 2\n", "a b=1i 1\n"], "what is due now first");
}

#[tokio::test]
async fn what_is_not_taken_is_kept_and_what_is_refused_is_not() {
    let answers = [
        "401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        "404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "204 No Content\r\n\r\n",
        "400 Bad Request\r\nContent-Length: 19\r\n\r\n{\"message\": \"no!\"}\n",
        "422 Unprocessable Entity\r\nContent-Length: 0\r\n\r\n",
    ];
    let mut server = Server::answering(&answers).await;
    let (mut influxdb, mut ledger) = output(&server.url, "");
    influxdb.retry = Retry::default();
    for number in 1..=4 {
        deliver(&mut influxdb, &mut ledger, &format!("a b={number}i {number}\n")).await;
    }
    // Pauses of seconds are over at once.
    tokio::time::pause();
    let figures = until_acknowledged(&mut influxdb, &mut ledger, 2).await;
    tokio::time::resume();
    assert_eq!((figures.snapshots, figures.refused, figures.waiting, ledger.send_errors), (2, 2, 0, 5));
    let mut sent = Vec::new();
    for _ in 0..7 {
        sent.push(server.next().await.1);
    }
    let number = |lines: &String| lines.split(' ').nth(2).unwrap().trim().to_owned();
    let sent: Vec<_> = sent.iter().map(number).collect();
    assert_eq!(sent, ["4", "1", "1", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn what_is_too_large_is_halved() {
    let large = "413 Request Entity Too Large\r\nContent-Length: 0\r\n\r\n";
    let mut server = Server::answering(&[large, large]).await;
    let (mut influxdb, mut ledger) = output(&server.url, "");
    deliver(&mut influxdb, &mut ledger, "a b=1i 1\na b=2i 2\na b=3i 3\n").await;
    deliver(&mut influxdb, &mut ledger, "a b=4i 4\n").await;
    // The newest is a single line, which is refused.
    let figures = until_acknowledged(&mut influxdb, &mut ledger, 1).await;
    assert_eq!((figures.snapshots, figures.refused), (1, 1));
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.push(server.next().await.1);
    }
    assert_eq!(sent, ["a b=4i 4\n", "a b=1i 1\na b=2i 2\na b=3i 3\n", "a b=1i 1\na b=2i 2\n", "a b=3i 3\n"]);
}

#[tokio::test]
async fn a_server_that_is_away_gets_all_of_it_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (mut influxdb, mut ledger) = output(&format!("http://{address}"), "");
    for number in 1..=20 {
        deliver(&mut influxdb, &mut ledger, &format!("a b={number}i {number}\n")).await;
        // What comes while nobody answers is tried as well.
        influxdb.retry = Retry::default();
        while influxdb.next_at().is_some_and(|at| at <= Instant::now()) || influxdb.under_way.is_some() {
            influxdb.step(&mut ledger).await;
        }
    }
    assert_eq!(ledger.acknowledged.map(|figures| (figures.waiting, figures.lost)), Some((20, 0)));
    assert!(ledger.send_errors >= 20);
    let mut server = Server::at(TcpListener::bind(address).await.unwrap(), &[]);
    influxdb.retry = Retry::default();
    let figures = until_acknowledged(&mut influxdb, &mut ledger, 20).await;
    assert_eq!((figures.waiting, figures.lost), (0, 0));
    for number in 1..=20 {
        assert_eq!(server.next().await.1, format!("a b={number}i {number}\n"));
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_no_failure() {
    let close = "204 No Content\r\nConnection: close\r\n\r\n";
    let server = Server::answering(&[close, close]).await;
    let (mut influxdb, mut ledger) = output(&server.url, "");
    for number in 1..=3 {
        deliver(&mut influxdb, &mut ledger, &format!("a b={number}i {number}\n")).await;
        until_acknowledged(&mut influxdb, &mut ledger, number).await;
        influxdb.renew();
    }
    assert_eq!(ledger.send_errors, 0);
}

#[tokio::test]
async fn a_token_that_can_not_be_read_is_read_again() {
    let place = crate::test_directory::TestDirectory::new("influxdb-token-later");
    let mut server = Server::answering(&[]).await;
    let more = format!("token_file = {:?}\n", place.join("token"));
    let (mut influxdb, mut ledger) = output(&server.url, &more);
    deliver(&mut influxdb, &mut ledger, "a b=1i 1\n").await;
    influxdb.step(&mut ledger).await;
    assert_eq!((influxdb.spool.len(), ledger.send_errors), (1, 1));
    std::fs::write(place.join("token"), "abc").unwrap();
    influxdb.retry = Retry::default();
    until_acknowledged(&mut influxdb, &mut ledger, 1).await;
    assert!(server.next().await.0.contains("Token abc"));
}

#[tokio::test]
async fn a_stop_sends_what_is_new_and_keeps_the_rest_on_the_disk() {
    use std::os::unix::fs::PermissionsExt;
    let place = crate::test_directory::TestDirectory::new("influxdb-stop");
    std::fs::set_permissions(&*place, std::fs::Permissions::from_mode(0o700)).unwrap();
    let more = format!("[spool]\ndirectory = {:?}\n", &*place);
    let mut server = Server::answering(&[]).await;
    let (mut influxdb, mut ledger) = output(&server.url, &more);
    deliver(&mut influxdb, &mut ledger, "a b=1i 1\n").await;
    influxdb.stop(&mut ledger).await;
    assert_eq!(server.next().await.1, "a b=1i 1\n");
    drop(server);
    deliver(&mut influxdb, &mut ledger, "a b=2i 2\n").await;
    influxdb.stop(&mut ledger).await;
    drop(influxdb);
    let mut server = Server::answering(&[]).await;
    let (mut again, mut ledger) = output(&server.url, &more);
    until_acknowledged(&mut again, &mut ledger, 1).await;
    assert_eq!(server.next().await.1, "a b=2i 2\n");
}
