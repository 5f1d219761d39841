//! Words with blanks between them; within quotes, blanks are part of a word.

use super::FilterError;

/// The words of a filter, without their quotes. An empty one is none.
pub(super) fn split(text: &str) -> Result<Vec<String>, FilterError> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            blank if blank.is_whitespace() && !is_quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    if is_quoted { Err(FilterError::OpenQuote) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_end_words_unless_they_are_quoted() {
        for (text, expected) in [
            ("", &[][..]),
            ("  ", &[]),
            ("a", &["a"]),
            (" a\tb  c ", &["a", "b", "c"]),
            ("device=\"Living Room TV\" rx>1M", &["device=Living Room TV", "rx>1M"]),
            ("\"a b\"c", &["a bc"]),
            ("\"\"", &[]),
        ] {
            assert_eq!(split(text).unwrap(), expected, "{text:?}");
        }
        assert_eq!(split("device=\"TV"), Err(FilterError::OpenQuote));
    }
}
