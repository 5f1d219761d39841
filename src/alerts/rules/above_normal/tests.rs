use super::*;
use crate::alerts::fixture::Judged;
use crate::measurements::fixture::Fixture;

#[test]
fn it_takes_a_share_more_and_so_many_more() {
    let (mut fixture, mut judged) =
        (Fixture::new(), Judged::new(AboveNormal::new(&config::AboveNormal::default())));
    // What is normal, and the fewest connections that are told as a warning and as critical.
    for (normal, warning, critical) in
        [(0.0, 20, 20), (4.0, 24, 24), (30.0, 50, 61), (40.0, 61, 81), (200.0, 301, 401)]
    {
        for connections in [warning - 1, warning, critical - 1, critical] {
            let trend = Trend { connections, normal_peak: Some(normal), ..Trend::default() };
            fixture.found.trends = [("TV".into(), trend)].into_iter().collect();
            fixture.report(&mut judged);
            let (value, warns, alarms) = judged.figures("TV").unwrap();
            let passes = (value > warns.unwrap(), value > alarms.unwrap());
            assert_eq!(
                passes,
                (connections >= warning, connections >= critical),
                "{connections} of {normal}"
            );
        }
    }
    let what = &judged.reading("TV").unwrap().what;
    assert_eq!(what, "TV has 401 connections; at this hour of the week it usually has at most 200");
}

#[test]
fn while_it_is_not_known_what_is_normal_nothing_is_said() {
    let (mut fixture, mut judged) =
        (Fixture::new(), Judged::new(AboveNormal::new(&config::AboveNormal::default())));
    fixture.found.trends.insert("TV".into(), Trend { connections: 1000, ..Trend::default() });
    fixture.report(&mut judged);
    assert!(judged.readings.is_empty());
}
