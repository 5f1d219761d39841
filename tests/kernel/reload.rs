//! SIGHUP.

use std::fs;

use nix::sys::signal::Signal;

use crate::connections::{at, established, listen};
use crate::exporter::{Exporter, configure};
use crate::household::{Household, INTERNET};
use crate::lines::Line;
use crate::snapshot::{Receiver, count, counts};
use crate::wait::until;

fn tagged(line: &Line, site: &str) -> bool {
    line.tags.get("site").is_some_and(|tag| tag == site)
}

#[test]
fn a_bad_file_changes_nothing_and_a_good_one_does() {
    let home = Household::new("reload");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let config = configure(&home, &telegraf.to_string(), "tags.site = \"attic\"");
    let exporter = Exporter::start(&home, &config);
    let expected = counts(&[("laptop", "tcp", "ESTABLISHED", 1)]);
    assert_eq!(receiver.next().counts(), expected);

    fs::write(&config, "interval = \"1s\"\n[telegraf]\nadress = \"127.0.0.1:1\"\n")
        .expect("writing the file");
    exporter.signal(Signal::SIGHUP);
    let said = exporter.await_error(&format!("{}:3:1: ", config.display()));
    assert!(said.contains("adress") && said.contains("the running configuration is kept"), "{said}");
    let refused = receiver.next_where("the refusal", |snapshot| snapshot.figure("reload_errors") == 1);
    assert_eq!(refused.counts(), expected);
    assert!(refused.lines().iter().all(|line| tagged(line, "attic")));

    configure(&home, &telegraf.to_string(), "tags.site = \"cellar\"");
    exporter.signal(Signal::SIGHUP);
    until("the reload in the log", || exporter.output().contains("configuration read again").then_some(()));
    let is_new = |line: &Line| tagged(line, "cellar");
    let moved = receiver.next_where("the new tag", |snapshot| snapshot.lines().iter().any(is_new));
    let of = |site: &str| moved.states().filter(|line| tagged(line, site)).map(count).collect::<Vec<_>>();
    assert_eq!((of("attic"), of("cellar")), (vec![0], vec![1]), "the old series ends with a zero");
    let after = receiver.next();
    assert!(after.lines().iter().all(is_new));
    assert_eq!(after.counts(), expected);
    assert_eq!((after.figure("reload_errors"), after.figure("ticks_skipped")), (1, 0));
    assert_eq!(after.figure("sequence"), moved.figure("sequence") + 1);
    exporter.end(Signal::SIGTERM);
}
