//! Text files of one record a line, as the files of names are.

use std::net::IpAddr;

/// The lines of `text` with their numbers, counted from 1, without what ends them on Unix or Windows.
pub fn numbered(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    (1..).zip(lines)
}

/// What stands before the first `#`.
pub fn without_comment(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b'#').next().unwrap_or_default()
}

/// The parts of `text` between blanks.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Understands an IP address.
pub fn address(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_counted_from_one() {
        let found: Vec<_> = numbered(b"a\r\n\nb\r").collect();
        assert_eq!(found, [(1, &b"a"[..]), (2, b""), (3, b"b")]);
    }

    #[test]
    fn comments_and_words() {
        assert_eq!(without_comment(b"a b # c # d"), b"a b ");
        assert_eq!(without_comment(b"#"), b"");
        let found: Vec<_> = words(b"\t a\0 \xff  b ").collect();
        assert_eq!(found, [&b"a\0"[..], b"\xff", b"b"]);
        assert_eq!(words(b" \t").count(), 0);
    }

    #[test]
    fn addresses() {
        assert_eq!(address(b"192.168.8.5"), Some(IpAddr::from([192, 168, 8, 5])));
        for bad in [&b"192.168.8"[..], b"192.168.8.5/24", b" 192.168.8.5", b"\xff", b"", &[b'1'; 10_000]] {
            assert_eq!(address(bad), None);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text: Vec<u8>) {
            let lines: Vec<&[u8]> = numbered(&text).map(|(_, line)| line).collect();
            let joined = lines.join(&b'\n');
            prop_assert_eq!(words(&joined).collect::<Vec<_>>(), words(&text).collect::<Vec<_>>());
            let kept: usize = words(&text).map(<[u8]>::len).sum();
            prop_assert_eq!(kept, text.iter().filter(|byte| !byte.is_ascii_whitespace()).count());
        }
    }
}
