use super::super::interfaces::tests::{count, field, line};
use super::*;
use crate::lan::wan::WanInterfaces;
use crate::measurements::fixture::Fixture;

/// What is told after so many bytes have come in since the interface was made.
fn told(measurement: &mut WanBandwidth, fixture: &mut Fixture, bytes: u64) -> Option<(f64, f64)> {
    count(fixture, &[line("ppp0", [bytes, 0, 0, 0], [0; 4])]);
    let report = fixture.report(measurement);
    let figure = |name| match report.points.first().and_then(|point| field(point, name)) {
        Some(Value::Float(figure)) => Some(*figure),
        _ => None,
    };
    figure("rx_rate").zip(figure("rx_avg"))
}

fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.report_every = Duration::from_secs(10);
    fixture.sample.wan = Some(WanInterfaces::among(["ppp0".to_owned()], &[]));
    fixture
}

#[test]
fn the_average_is_of_five_minutes_and_of_what_is_known() {
    let (mut fixture, mut measurement) = (fixture(), WanBandwidth::default());
    assert_eq!(told(&mut measurement, &mut fixture, 1000), None, "from the second time on");
    assert_eq!(told(&mut measurement, &mut fixture, 2000), Some((100.0, 100.0)));
    assert_eq!(told(&mut measurement, &mut fixture, 5000), Some((300.0, 200.0)));
    assert_eq!(told(&mut measurement, &mut fixture, 0), None, "it was made anew");
    assert_eq!(told(&mut measurement, &mut fixture, 2000), Some((200.0, 200.0)));
    for step in 1..=40 {
        let rate = told(&mut measurement, &mut fixture, 2000 + 500 * step);
        // Thirty spans of ten seconds.
        let expected = if step >= 30 { Some((50.0, 50.0)) } else { rate };
        assert_eq!(rate, expected, "{step}");
        assert!(rate.is_some_and(|(now, average)| now <= average && average <= 200.0), "{rate:?}");
    }
    assert_eq!(measurement.spans.len(), 30);
}

#[test]
fn what_is_remembered_is_bounded_and_a_long_span_is_an_average_by_itself() {
    let (mut fixture, mut measurement) = (fixture(), WanBandwidth::default());
    fixture.report_every = Duration::from_millis(1);
    for step in 0..1000 {
        told(&mut measurement, &mut fixture, step);
    }
    assert_eq!(measurement.spans.len(), SPANS_AT_MOST);
    fixture.sample.boot += Duration::from_hours(1);
    let (rate, average) = told(&mut measurement, &mut fixture, 1_000_000).unwrap();
    assert!(measurement.spans.len() == 1 && (rate - average).abs() < f64::EPSILON, "{rate} {average}");
    fixture.sample.wan = None;
    assert_eq!(told(&mut measurement, &mut fixture, 1_000_000), None);
}
