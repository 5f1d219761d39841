use proptest::prelude::*;

use super::*;

fn family(name: &str, kind: Kind, samples: Vec<Sample>) -> Family {
    Family { name: name.into(), help: "What it is.", kind, samples }
}

fn sample(labels: &[(&'static str, &str)], value: f64) -> Sample {
    Sample { labels: labels.iter().map(|(key, value)| (*key, (*value).into())).collect(), value }
}

fn families() -> [Family; 4] {
    [
        family("a_total", Kind::Counter, vec![sample(&[("device_name", "tv"), ("state", "x")], 3.0)]),
        family("b", Kind::Gauge, vec![sample(&[], 0.25), sample(&[("device_name", "a\\\"b\n")], 1e15)]),
        family("gone", Kind::Gauge, vec![]),
        family("c", Kind::Unknown, vec![sample(&[], -1.0)]),
    ]
}

#[test]
fn both_formats_are_written() {
    let expected = r#"# HELP a_total What it is.
# TYPE a_total counter
a_total{device_name="tv",state="x"} 3
# HELP b What it is.
# TYPE b gauge
b 0.25
b{device_name="a\\\"b\n"} 1000000000000000
# HELP c What it is.
# TYPE c untyped
c -1
"#;
    assert_eq!(text(&families(), Format::Text), expected);
    let newer = expected
        .replace("# HELP a_total", "# HELP a")
        .replace("# TYPE a_total", "# TYPE a")
        .replace("untyped", "unknown");
    assert_eq!(text(&families(), Format::OpenMetrics), newer + "# EOF\n");
}

#[test]
fn whoever_asks_is_given_what_is_accepted() {
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    for (accept, format) in [
        (prometheus, Format::OpenMetrics),
        ("application/openmetrics-text", Format::OpenMetrics),
        ("application/openmetrics-text; q=0, text/plain", Format::Text),
        ("text/plain;version=0.0.4", Format::Text),
        ("*/*", Format::Text),
        ("", Format::Text),
        ("text/html,application/openmetrics-textual", Format::Text),
    ] {
        assert_eq!(Format::accepted(accept), format, "{accept}");
        assert!(format.content_type().contains("charset=utf-8"));
    }
}

proptest! {
    /// Whatever a device is called: one line, and the name can be had back.
    #[test]
    fn no_name_forges_a_line(name in ".*") {
        let written = text(&[family("b", Kind::Gauge, vec![sample(&[("device_name", &name)], 1.0)])], Format::Text);
        let line = written.lines().nth(2).unwrap();
        prop_assert_eq!(written.split('\n').count(), 4);
        let inner = line.strip_prefix("b{device_name=\"").and_then(|line| line.strip_suffix("\"} 1")).unwrap();
        let mut back = String::new();
        let mut characters = inner.chars();
        while let Some(character) = characters.next() {
            prop_assert!(character != '"');
            back.push(match character {
                '\\' => match characters.next() { Some('n') => '\n', other => other.unwrap() },
                other => other,
            });
        }
        prop_assert_eq!(back, name);
    }
}
