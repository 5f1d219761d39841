//! What is lost and sent again on the way, service by service.

use super::*;

/// Every fourth segment of the server's is lost on its way to the client.
const LOSS: &str = "table inet loss {
    chain input {
        type filter hook input priority 0
        tcp sport 8080 numgen inc mod 4 0 drop
    }
}";

/// How often the connections of port 8080 have sent again, as `ss` tells it (`retrans:now/ever`).
fn sent_again(told: &[Told]) -> [i64; 2] {
    let ever = |one: &Told| {
        let (_, ever) = one.figures.get("retrans")?.split_once('/')?;
        ever.parse::<i64>().ok()
    };
    let sum = |is_of: &dyn Fn(&&Told) -> bool| told.iter().filter(is_of).filter_map(ever).sum();
    [sum(&|one| one.local == 8080), sum(&|one| one.remote == 8080)]
}

#[test]
fn what_is_sent_again_is_the_difference_that_ss_tells() {
    let home = Household::new("own-loss");
    let (_listeners, mut pairs) = connections(&home.router);
    let before = sent_again(&told_at_rest(&home.router));
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let first = services(&receiver.next());
    assert!(first.values().all(|line| integer(line, "retransmitted").is_none()), "since when?");

    home.router.nft(LOSS);
    let (near, far) = &mut pairs[0];
    for _ in 0..24 {
        send(far, near, 3_000);
    }
    home.router.nft("delete table inet loss");
    let after = sent_again(&told_at_rest(&home.router));
    let wanted = [after[0] - before[0], after[1] - before[1]];
    assert!(wanted[0] > 3, "{wanted:?}: nothing was lost");
    let (mut found, mut percentages) = ([0; 2], Vec::new());
    until("all that was sent again", || {
        let services = services(&receiver.next());
        for (sum, role) in found.iter_mut().zip(["server", "client"]) {
            let line = &services[&(role.to_owned(), 8080)];
            *sum += integer(line, "retransmitted").expect("it is known since when");
            percentages.extend(line.fields.get("retransmitted_percent").cloned());
        }
        (found == wanted).then_some(())
    });
    let is_share = |value: &Value| matches!(value, Value::Float(share) if *share > 0.0 && *share < 100.0);
    assert!(percentages.iter().any(is_share), "{percentages:?}");
    exporter.end(Signal::SIGTERM);
}
