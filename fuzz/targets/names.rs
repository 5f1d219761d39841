//! Names: whatever was given, what is sent fits, hides nothing and forges nothing.

#![no_main]

use conntrack_exporter::devices::mac::Mac;
use conntrack_exporter::devices::name::{Name, fold};
use libfuzzer_sys::fuzz_target;

const LONGEST: usize = 64;

fuzz_target!(|given: &[u8]| {
    let Some(name) = Name::clean(given) else {
        let text = std::str::from_utf8(given).expect("what is no text has a sign in its place");
        assert!(
            text.chars().all(|char| char.is_whitespace() && !char.is_control()),
            "something was left of {text:?}"
        );
        return;
    };
    let tail = *given.last_chunk().unwrap_or(&[1, 2, 3]);
    let suffixed = name.with_suffix(tail);
    assert_eq!(suffixed.suffix(), Some(tail));
    for name in [&name, &suffixed] {
        let text = name.as_str();
        assert!((1..=LONGEST).contains(&text.len()));
        assert!(text.trim_matches(' ') == text && !text.contains(is_forbidden), "{text:?}");
        assert_eq!(Name::clean(text.as_bytes()).as_ref(), Some(name), "a clean name stays as it is");
        assert_eq!(*fold(&name.folded()), *name.folded());
        assert_eq!(*fold(&text.to_ascii_uppercase()), *name.folded());
        if let Some(mac) = Mac::parse_any(text.as_bytes()).filter(|mac| !is_short(text, *mac)) {
            assert_eq!(name.as_mac(), Some(mac), "{text:?}");
        }
        assert_eq!(name.as_address(), fold(text).parse().ok());
    }
});

/// Octets of one digit each: what glibc prints, and nobody takes for a name.
fn is_short(text: &str, mac: Mac) -> bool {
    text.len() < 12 || text.bytes().filter(u8::is_ascii_hexdigit).count() != mac.0.len() * 2
}

/// Ends a line, escapes what follows, turns the text around, or is a blank other than the ordinary one.
fn is_forbidden(char: char) -> bool {
    let invisible = matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    char.is_control() || char == '\\' || invisible || (char.is_whitespace() && char != ' ')
}
