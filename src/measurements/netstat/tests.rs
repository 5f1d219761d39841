use super::*;
use crate::measurements::fixture::Fixture;
use crate::proc_net::sockets::SocketSource;
use crate::proc_net::sockets::text::parse_row;

/// A socket in the state of this number.
fn socket(transport: Transport, state: u8) -> Socket {
    let row =
        format!("0: 00000000:0016 00000000:0000 {state:02X} 00000000:00000000 00:00000000 00000000 0 0 1");
    parse_row(row.as_bytes(), transport).unwrap()
}

#[test]
fn each_state_has_its_field() {
    let (mut fixture, mut measurement) = (Fixture::new(), Netstat::default());
    fixture.sample.sockets = Some(SocketSource::Text);
    measurement.begin_sockets();
    // So many of each state as its number is.
    for state in 1..=11 {
        for _ in 0..state {
            measurement.observe_socket(&socket(Transport::Tcp, state));
        }
    }
    for state in [1, 7, 7] {
        measurement.observe_socket(&socket(Transport::Udp, state));
    }
    let point = fixture.report(&mut measurement).points.remove(0);
    let expected = [
        ("tcp_established", 1),
        ("tcp_syn_sent", 2),
        ("tcp_syn_recv", 3),
        ("tcp_fin_wait1", 4),
        ("tcp_fin_wait2", 5),
        ("tcp_time_wait", 6),
        ("tcp_close", 7),
        ("tcp_close_wait", 8),
        ("tcp_last_ack", 9),
        ("tcp_listen", 10),
        ("tcp_closing", 11),
        ("tcp_none", 0),
        ("udp_socket", 3),
    ];
    assert_eq!(point.fields, expected.map(|(name, count)| (name.into(), Value::Integer(count))));
    assert_eq!(point.tags.iter().collect::<Vec<_>>(), [("host", "router")]);
}

#[test]
fn a_reading_that_broke_off_counts_for_nothing() {
    let (mut fixture, mut measurement) = (Fixture::new(), Netstat::default());
    measurement.begin_sockets();
    measurement.observe_socket(&socket(Transport::Tcp, 1));
    assert!(fixture.report(&mut measurement).points.is_empty());
    fixture.sample.sockets = Some(SocketSource::Diag);
    measurement.begin_sockets();
    let point = fixture.report(&mut measurement).points.remove(0);
    assert!(point.fields.iter().all(|(_, value)| *value == Value::Integer(0)));
}
