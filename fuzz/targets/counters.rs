//! `/proc/net/snmp`, `/proc/net/netstat` and `/proc/net/snmp6`: what a slow and plain reading finds is found, a line that
//! can't be understood costs no other, and what was understood is understood again when written.

#![no_main]

use conntrack_exporter::proc_net::counters::{
    Counters, FIGURES_AT_MOST, NAME_AT_MOST, parse_pairs, parse_snmp6,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let (pairs, snmp6) = (parse_pairs(text), parse_snmp6(text));
    assert_eq!(shown(&pairs), plainly(text, pairs_of));
    assert_eq!(shown(&snmp6), plainly(text, |lines| lines.iter().filter_map(|line| alone(line)).collect()));
    for counters in [&pairs, &snmp6] {
        is_safe(counters);
        let figures = counters.iter();
        let written: String =
            figures.fold(String::new(), |text, (name, figure)| text + &format!("{name} {figure}\n"));
        assert_eq!(&parse_snmp6(written.as_bytes()), counters);
        // Behind a protocol and a name of its own each, which is cut from its front: `Tcp` and `MaxConn`.
        for (name, figure) in counters.iter() {
            let (protocol, name) = name.split_at(1);
            if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
                let written = format!("{protocol}: {name}\n{protocol}: {figure}\n");
                assert_eq!(shown(&parse_pairs(written.as_bytes())), [(format!("{protocol}{name}"), figure)]);
            }
        }
    }
});

type Figures = Vec<(String, i64)>;

fn shown(counters: &Counters) -> Figures {
    counters.iter().map(|(name, figure)| (name.to_string(), figure)).collect()
}

/// What can go out as fields of a point.
fn is_safe(counters: &Counters) {
    let names: Vec<&str> = counters.iter().map(|(name, _)| &**name).collect();
    assert!(names.len() <= FIGURES_AT_MOST);
    for (place, name) in names.iter().enumerate() {
        assert!(
            (1..=NAME_AT_MOST).contains(&name.len()) && name.as_bytes()[0].is_ascii_uppercase(),
            "{name}"
        );
        assert!(name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()), "{name}");
        assert!(!names[..place].contains(name), "{name} is there twice");
        assert!(counters.get(name).is_some());
    }
}

/// The words of whole lines, as `understand` has them: those that can be figures, of one name the first.
fn plainly(text: &[u8], understand: impl Fn(&[String]) -> Vec<(String, String)>) -> Figures {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    lines.pop();
    let lines: Vec<String> =
        lines.into_iter().filter_map(|line| String::from_utf8(line.to_vec()).ok()).collect();
    let mut figures = Figures::new();
    for (name, figure) in understand(&lines) {
        let is_name = name.len() <= NAME_AT_MOST
            && name.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
            && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        if let (true, Ok(figure)) = (is_name, figure.parse())
            && figures.len() < FIGURES_AT_MOST
            && figures.iter().all(|(known, _)| *known != name)
        {
            figures.push((name, figure));
        }
    }
    figures
}

/// Each line of figures with the names that are the latest before it, unless they have figures already.
fn pairs_of(lines: &[String]) -> Vec<(String, String)> {
    let lines: Vec<(&str, Vec<&str>, bool)> = lines
        .iter()
        .filter_map(|line| {
            let (protocol, words) = line.split_once(':')?;
            let is_names =
                words.trim_ascii_start().bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
            Some((protocol, words.split_ascii_whitespace().collect(), is_names))
        })
        .collect();
    let mut found = Vec::new();
    for (place, (protocol, figures, is_names)) in lines.iter().enumerate() {
        let Some(names) = lines[..place].iter().rposition(|(_, _, is_names)| *is_names) else { continue };
        let between = &lines[names + 1..place];
        if *is_names || lines[names].0 != *protocol || between.iter().any(|(of, _, _)| of == protocol) {
            continue;
        }
        let names = lines[names].1.iter().map(|name| format!("{protocol}{name}"));
        found.extend(names.zip(figures.iter().map(|figure| (*figure).to_owned())));
    }
    found
}

fn alone(line: &str) -> Option<(String, String)> {
    match line.split_ascii_whitespace().collect::<Vec<_>>()[..] {
        [name, figure] => Some((name.to_owned(), figure.to_owned())),
        _ => None,
    }
}
