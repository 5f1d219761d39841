//! Text files of one record a line, as the files of names are.

use std::io::{self, BufRead, Read};
use std::net::IpAddr;

/// How a line ends that [`next`] has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// With a newline: it is whole.
    Newline,
    /// It is longer than the bound; what is beyond was passed over.
    TooLong,
    /// With the text: there may be more of it to come.
    Text,
}

/// Reads the next line of `reader` into `line`, without what ends it on Unix or Windows; `None` if there is no more. Of a
/// line of more than `longest` bytes, its newline included, that much is read and the rest passed over, so that memory
/// stays within that bound whatever the text is. An I/O error ends the reading.
pub fn next(mut reader: impl BufRead, longest: usize, line: &mut Vec<u8>) -> io::Result<Option<LineEnd>> {
    line.clear();
    let read = reader.by_ref().take(longest as u64).read_until(b'\n', line)?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
        return Ok(Some(LineEnd::Newline));
    }
    if read < longest {
        return Ok((read > 0).then_some(LineEnd::Text));
    }
    reader.skip_until(b'\n')?;
    Ok(Some(LineEnd::TooLong))
}

/// The lines of `text` with their numbers, counted from 1, without what ends them on Unix or Windows.
pub fn numbered(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    (1..).zip(lines)
}

/// What the lines of a file that people write say, with their numbers: without a comment behind a `#`, blanks around, and lines
/// of which nothing is left.
pub fn entries(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines =
        numbered(without_mark(text)).map(|(number, line)| (number, without_comment(line).trim_ascii()));
    lines.filter(|(_, line)| !line.is_empty())
}

/// The text without the byte order mark that editors on Windows put before the first line.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
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
    fn lines_are_read_within_a_bound() {
        let mut text = &b"a\r\n\n1234567\n12345678\n123456789abc\n12345678"[..];
        let mut line = Vec::new();
        let mut found = Vec::new();
        while let Some(end) = next(&mut text, 8, &mut line).unwrap() {
            found.push((end, String::from_utf8(line.clone()).unwrap()));
        }
        let expected = [
            (LineEnd::Newline, "a"),
            (LineEnd::Newline, ""),
            (LineEnd::Newline, "1234567"),
            (LineEnd::TooLong, "12345678"),
            (LineEnd::TooLong, "12345678"),
            (LineEnd::TooLong, "12345678"),
        ];
        assert_eq!(found, expected.map(|(end, text)| (end, text.to_owned())));
        assert_eq!(next(&b"x\r"[..], 8, &mut line).unwrap(), Some(LineEnd::Text));
        assert_eq!(line, b"x\r");
        assert!(line.capacity() <= 8 + 8, "no more is kept than the bound");
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
        fn lines_read_one_by_one_are_those_of_the_text(text: Vec<u8>, longest in 1..20_usize) {
            let mut reader = &text[..];
            let (mut line, mut read) = (Vec::new(), 0);
            for (_, whole) in numbered(&text) {
                let Some(end) = next(&mut reader, longest, &mut line).unwrap() else { break };
                read += 1;
                match end {
                    LineEnd::Newline => prop_assert_eq!(&line, whole),
                    LineEnd::TooLong => prop_assert!(line.len() == longest),
                    LineEnd::Text => prop_assert!(reader.is_empty() && line.starts_with(whole)),
                }
            }
            prop_assert_eq!(read, text.split_inclusive(|byte| *byte == b'\n').count());
            prop_assert!(next(&mut reader, longest, &mut line).unwrap().is_none());
        }

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
