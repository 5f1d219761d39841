use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::encode::prometheus::{Format, text};
use crate::measurements;
use crate::overview::fixture::{latest, part, take};
use crate::series::schema::FieldKind;

use measurements::{
    connection_rate, connection_state, conntrack, device_traffic, net, netstat, network_interface, nstat,
};

/// The lines of the samples, without what describes them.
fn lines(latest: &Latest, node_names: bool) -> Vec<String> {
    let mut ledger = Ledger::default();
    (ledger.datagrams_sent, ledger.send_errors) = (7, 1);
    let text = text(&families(latest, Some(&ledger), node_names), Format::Text);
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn figures_of_devices_and_of_the_table_are_told() {
    let mut latest = latest();
    let parts = || {
        vec![
            part(&connection_state::SCHEMA, &["device_name=a\"b\\c protocol=tcp state=ESTABLISHED count=5i"]),
            part(&connection_rate::SCHEMA, &["device_name=tv protocol=udp opened=3i closed=1i"]),
            part(&device_traffic::SCHEMA, &["device_name=tv rx_bytes=1000i tx_bytes=10i remote_hosts=4i"]),
            part(&device_activity::SCHEMA, &["device_name=tv activity=video confidence=0.9"]),
            part(
                &connection_alert::SCHEMA,
                &["device_name=tv rule=leak severity=warning firing=1i value=40"],
            ),
            part(&conntrack::SCHEMA, &["host=gw ip_conntrack_count=15 ip_conntrack_max=16384 drop=3i"]),
            part(
                &conntrack_exporter::SCHEMA,
                &["host=gw sequence=7i cpu_ns=1500000000i source=procfs version=1.2.3 clock=set"],
            ),
        ]
    };
    (0..2).for_each(|_| take(&mut latest, parts(), std::time::Duration::from_mins(1)));
    let expected = r#"conntrack_connections{device_name="a\"b\\c",protocol="tcp",state="ESTABLISHED"} 5
conntrack_remote_hosts{device_name="tv"} 4
conntrack_entries 15
conntrack_entries_limit 16384
conntrack_drop_total 3
conntrack_exporter_snapshots_total 7
conntrack_exporter_cpu_seconds_total 1.5
conntrack_opened_total{device_name="tv",protocol="udp"} 6
conntrack_closed_total{device_name="tv",protocol="udp"} 2
conntrack_receive_bytes_total{device_name="tv"} 2000
conntrack_transmit_bytes_total{device_name="tv"} 20
conntrack_device_activity_info{device_name="tv",activity="video"} 1
conntrack_alert_firing{device_name="tv",rule="leak",severity="warning"} 1
conntrack_exporter_datagrams_sent_total 7
conntrack_exporter_send_errors_total 1
conntrack_exporter_build_info{clock="set",source="procfs",version="1.2.3"} 1"#;
    assert_eq!(lines(&latest, false).join("\n"), expected);
}

#[test]
fn the_routers_own_figures_have_names_of_node_exporter_if_asked_for() {
    let mut latest = latest();
    let parts = vec![
        part(
            &nstat::SCHEMA,
            &[
                "host=gw name=snmp TcpOutSegs=9i TcpCurrEstab=2i UdpLiteInErrors=1i",
                "host=gw name=netstat TcpExtListenDrops=3i",
                "host=gw name=snmp6 Ip6InReceives=4i Icmp6InMsgs=1i UnheardOf=1i",
            ],
        ),
        part(&net::SCHEMA, &["host=gw interface=eth0 bytes_recv=5i err_out=6i"]),
        part(&netstat::SCHEMA, &["host=gw tcp_established=3i tcp_none=1i udp_socket=2i"]),
        part(&network_interface::SCHEMA, &["host=gw interface=eth0 up=1i speed_mbps=1000i"]),
        part(&conntrack::SCHEMA, &["host=gw ip_conntrack_count=15"]),
    ];
    take(&mut latest, parts, std::time::Duration::from_mins(1));
    assert_eq!(lines(&latest, false), ["conntrack_entries 15"]);
    let expected = r#"conntrack_entries 15
node_nf_conntrack_entries 15
node_network_up{device="eth0"} 1
node_network_speed_bytes{device="eth0"} 125000000
node_network_receive_bytes_total{device="eth0"} 5
node_network_transmit_errs_total{device="eth0"} 6
node_netstat_Icmp6_InMsgs 1
node_netstat_Ip6_InReceives 4
node_netstat_TcpExt_ListenDrops 3
node_netstat_Tcp_CurrEstab 2
node_netstat_Tcp_OutSegs 9
node_netstat_UdpLite_InErrors 1
node_tcp_connection_states{state="established"} 3"#;
    assert_eq!(lines(&latest, true).join("\n"), expected);
}

#[test]
fn every_figure_is_a_number_of_its_measurement() {
    let mut names = BTreeMap::new();
    for figure in figures::ALL {
        let schema = measurements::schemas().find(|schema| schema.name == figure.measurement).unwrap();
        let field = schema.fields.iter().find(|field| field.name == figure.field);
        assert!(!matches!(field.unwrap().kind, FieldKind::Text(_)), "{figure:?}");
        let tags: BTreeSet<_> = schema.tags.iter().map(|tag| tag.key).collect();
        assert!(
            figure.labels.iter().all(|(label, tag)| tags.contains(tag) && *label != "device"),
            "{figure:?}"
        );
        assert_eq!(figure.name.ends_with("_total"), figure.kind == Kind::Counter, "{figure:?}");
        assert_eq!(names.insert(figure.name, figure.field), None, "twice: {figure:?}");
    }
}

#[test]
fn the_page_of_documentation_has_every_metric() {
    let page = include_str!("../../docs/prometheus.md");
    let all = families(&latest(), Some(&Ledger::default()), false);
    for family in &all {
        // Those of the exporter are those of the measurement, by a rule that the page states.
        let of_exporter =
            family.name.strip_prefix("conntrack_exporter_").is_some_and(|name| name != "build_info");
        assert!(of_exporter || page.contains(&format!("`{}`", family.name)), "{}", family.name);
    }
    for named in
        page.split('`').filter(|word| word.starts_with("conntrack_") && !word.contains([' ', '(', '…']))
    {
        let is_known = all.iter().any(|family| family.name == named) || named == "conntrack_exporter";
        assert!(is_known, "{named} is no metric");
    }
}
