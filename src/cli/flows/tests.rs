use super::*;
use crate::conntrack::flow::{Protocol, State};
use crate::flow_list::ListedFlow;
use crate::flow_list::fixture::{flow, inbound};

/// Three flows of two devices, of which one has no ports and one isn't counted.
fn flows() -> Vec<ListedFlow> {
    let laptop = flow("laptop", "192.168.8.2:40000", "198.51.100.7:443");
    let nas = inbound("nas, \"big\"", "192.168.8.5:22", "198.51.100.9:5000");
    let mut gre = flow("laptop", "192.168.8.2:0", "198.51.100.8:0");
    (gre.flow.protocol, gre.flow.state) = (Protocol(47), State::Active);
    (gre.flow.original.counters, gre.flow.reply.counters, gre.idle) = (None, None, None);
    gre.service = "unlisted".into();
    vec![laptop, nas, gre]
}

#[test]
fn the_table_leaves_out_what_is_not_known_of_any() {
    let text = table::text(&flows());
    let expected = "\
DEVICE      PROTO  STATE        LOCAL              REMOTE                  SERVICE   RECEIVED  SENT    IDLE  LEFT
laptop      tcp    ESTABLISHED  192.168.8.2:40000  198.51.100.7:443        HTTPS     2.0 kB    1.0 kB  5 s   7435 s
nas, \"big\"  tcp    ESTABLISHED  192.168.8.5:22     from 198.51.100.9:5000  HTTPS     1.0 kB    2.0 kB  5 s   7435 s
laptop      gre    ACTIVE       192.168.8.2:0      198.51.100.8:0          unlisted                          7435 s
3 connections
";
    assert_eq!(text, expected, "{text}");
    let gre = &flows()[2..];
    assert!(!table::text(gre).contains("RECEIVED") && !table::text(gre).contains("IDLE"));
    assert_eq!(table::text(&[]), "0 connections\n");
}

#[test]
fn a_spreadsheet_has_quotes_where_they_are_needed() {
    let text = csv::text(&flows()).unwrap();
    let mut lines = text.split("\r\n");
    let header =
        "device,protocol,state,local,remote,direction,service,rx_bytes,tx_bytes,idle_seconds,timeout_seconds";
    assert_eq!(lines.next(), Some(header));
    let laptop = "laptop,tcp,ESTABLISHED,192.168.8.2:40000,198.51.100.7:443,outbound,HTTPS,2000,1000,5,7435";
    assert_eq!(lines.next(), Some(laptop));
    assert!(lines.next().unwrap().starts_with("\"nas, \"\"big\"\"\",tcp"), "{text}");
    assert_eq!(
        lines.next(),
        Some("laptop,gre,ACTIVE,192.168.8.2:0,198.51.100.8:0,outbound,unlisted,,,,7435")
    );
    assert_eq!((lines.next(), lines.next()), (Some(""), None));
    assert_eq!(csv::text(&[]).unwrap(), "");
}

#[test]
fn json_is_an_array_or_one_object_to_a_line() {
    let (array, lines) = (json::array(&flows()).unwrap(), json::lines(&flows()).unwrap());
    let array: Vec<serde_json::Value> = serde_json::from_str(&array).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(array, lines);
    let [_, nas, gre] = array.as_slice() else { panic!("{array:?}") };
    assert_eq!(
        (&nas["direction"], &nas["rx_bytes"], &nas["tx_packets"]),
        (&"inbound".into(), &1000.into(), &20.into())
    );
    assert_eq!((&nas["local_port"], &nas["remote_address"]), (&22.into(), &"198.51.100.9".into()));
    assert_eq!(
        (&gre["protocol_number"], gre.get("rx_bytes"), gre.get("idle_seconds")),
        (&47.into(), None, None)
    );
}

#[test]
fn the_greatest_come_first_and_what_is_not_known_last() {
    let order = |key: SortKey| {
        let mut flows = flows();
        flows[1].flow.reply.counters.as_mut().unwrap().bytes = 9_000;
        key.sort(&mut flows);
        flows.iter().map(|flow| flow.remote.port).collect::<Vec<_>>()
    };
    for (key, expected) in [
        (SortKey::Bytes, [5000, 443, 0]),
        (SortKey::Rx, [443, 5000, 0]),
        (SortKey::Tx, [5000, 443, 0]),
        (SortKey::Idle, [443, 5000, 0]),
        (SortKey::Device, [443, 0, 5000]),
        (SortKey::State, [0, 443, 5000]),
        (SortKey::Service, [443, 5000, 0]),
        (SortKey::Remote, [443, 0, 5000]),
        (SortKey::Port, [0, 443, 5000]),
    ] {
        assert_eq!(order(key), expected, "{key:?}");
    }
}

#[test]
fn a_capture_is_of_one_connection_or_of_one_device() {
    let flows = flows();
    let of = |places: &[usize]| {
        let chosen: Vec<ListedFlow> = places.iter().map(|place| flows[*place].clone()).collect();
        capture_filter::of(&chosen).map_err(|error| error.to_string())
    };
    let expected = "tcp and host 192.168.8.2 and host 198.51.100.7 and port 40000 and port 443\n";
    assert_eq!(of(&[0]).as_deref(), Ok(expected));
    let expected = "tcp and host 192.168.8.5 and host 198.51.100.9 and port 22 and port 5000\n";
    assert_eq!(of(&[1]).as_deref(), Ok(expected));
    assert_eq!(of(&[2]).as_deref(), Ok("host 192.168.8.2 and host 198.51.100.8 and ip proto 47\n"));
    assert_eq!(of(&[0, 2]).as_deref(), Ok("host 192.168.8.2\n"));
    assert!(of(&[]).unwrap_err().starts_with("no connection"));
    assert!(of(&[0, 1]).unwrap_err().starts_with("2 connections of 2 devices"));
}
