//! Points as lines, with times in seconds. By hand: the crate's builder writes through `fmt` a character at a time, which
//! takes minutes for a week in a debug build. A test compares the two.

use std::fmt::Write as _;

use super::{Point, Value};

/// Writes `point` as a line, its end included, behind what `into` has. Times are in seconds (`precision=s`).
pub(crate) fn line(point: &Point, into: &mut String) {
    escaped(point.measurement, &[',', ' '], into);
    for (key, value) in point.tags.iter().filter(|(_, value)| !value.is_empty()) {
        into.push(',');
        into.push_str(key);
        into.push('=');
        escaped(value, &[',', '=', ' '], into);
    }
    let mut before = ' ';
    for (name, value) in &point.fields {
        into.push(before);
        into.push_str(name);
        into.push('=');
        figure(value, into);
        before = ',';
    }
    into.push(' ');
    push(point.at, into);
    into.push('\n');
}

fn figure(value: &Value, into: &mut String) {
    match value {
        Value::Integer(value) => {
            push(*value, into);
            into.push('i');
        }
        Value::Float(value) => push(*value, into),
        Value::Text(value) => {
            into.push('"');
            escaped(value, &['"'], into);
            into.push('"');
        }
    }
}

fn push(number: impl std::fmt::Display, into: &mut String) {
    let Ok(()) = write!(into, "{number}") else { unreachable!("a String takes whatever is written") };
}

/// With a backslash in front of each of `special`, and of each backslash.
fn escaped(text: &str, special: &[char], into: &mut String) {
    // One after the other is the quickest in a debug build, and few texts have any.
    if !text.contains('\\') && !special.iter().any(|special| text.contains(*special)) {
        into.push_str(text);
        return;
    }
    for char in text.chars() {
        if char == '\\' || special.contains(&char) {
            into.push('\\');
        }
        into.push(char);
    }
}
