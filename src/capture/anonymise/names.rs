//! Other names for those that people and devices gave.

use std::collections::HashMap;
use std::rc::Rc;

use unicode_normalization::UnicodeNormalization as _;

use crate::devices::name::{LONGEST as SENT, Name};

/// A name longer than this is cut, or would be with something behind it.
const CUT_FROM: usize = 57;
/// How long a name becomes at most.
const LONGEST: usize = 300;
const WORD: &str = "device";

/// Replaces names by `device-1`, `device-2` …: names equal to the program stay equal, and those that differ but for
/// their spelling go on to.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<Rc<str>, Known>,
}

#[derive(Debug)]
struct Known {
    number: usize,
    /// Each way in which it was spelled.
    spellings: Vec<Name>,
}

impl Names {
    /// What replaces `given`, which is `clean` to the program.
    pub(super) fn replace(&mut self, given: &[u8], clean: &Name) -> Vec<u8> {
        let next = self.known.len() + 1;
        let folded = clean.folded();
        let (is_ascii, length) = (folded.is_ascii(), folded.len());
        let known = self.known.entry(folded).or_insert(Known { number: next, spellings: Vec::new() });
        let spelling = known.spellings.iter().position(|spelling| spelling == clean);
        let spelling = spelling.unwrap_or_else(|| {
            known.spellings.push(clean.clone());
            known.spellings.len() - 1
        });
        // Nothing but the spelling of the word may differ between spellings of one name.
        let mut name = spelled(spelling).into_bytes();
        name.extend(if is_ascii { "" } else { "ü" }.bytes());
        name.extend(marks(given));
        name.extend(format!("-{}", known.number).bytes());
        if length > CUT_FROM {
            let sent = Name::clean(&name).map_or(0, |name| name.as_str().len());
            name.resize(name.len() + length.min(SENT).saturating_sub(sent), b'x');
        }
        if length >= SENT {
            name.resize(name.len().max(given.len().min(LONGEST)), b'x');
        }
        name
    }
}

/// `device`, `Device`, `dEvice` …
fn spelled(spelling: usize) -> String {
    let capital = |place: usize| spelling >> place & 1 == 1;
    WORD.chars()
        .enumerate()
        .map(|(place, char)| if capital(place) { char.to_ascii_uppercase() } else { char })
        .collect()
}

/// What a bug may hang on, of the part of a name that is sent: everything but letters and digits, in order and as it
/// came. A sign with an accent (`≠`) is that sign, with or without the accent as a character of its own.
fn marks(given: &[u8]) -> Vec<u8> {
    let characters = given.utf8_chunks().flat_map(|chunk| {
        let invalid = (!chunk.invalid().is_empty()).then_some(None);
        chunk.valid().chars().map(Some).chain(invalid)
    });
    let (mut marks, mut length, mut end) = (Vec::new(), 0, 0);
    for char in characters {
        let mut room = [0; 4];
        // Of what is no text a byte that never begins a character, whatever follows.
        let bytes = char.map_or(&b"\xff"[..], |char| char.encode_utf8(&mut room).as_bytes());
        let sent = Name::clean(bytes);
        let is_blank = sent.is_none();
        let sent = sent.as_ref().map_or(" ", Name::as_str);
        // Blanks at the ends are dropped.
        if is_blank && length == 0 {
            continue;
        }
        length += sent.len();
        if length > SENT {
            break;
        }
        if !sent.is_ascii() {
            marks.extend(sent.nfd().filter(|char| is_mark(*char)).collect::<String>().bytes());
        } else if sent.chars().any(is_mark) {
            marks.extend(bytes);
        }
        if !is_blank {
            end = marks.len();
        }
    }
    marks.truncate(end);
    marks
}

const fn is_mark(char: char) -> bool {
    char.is_ascii() && !char.is_ascii_alphanumeric() && !matches!(char, '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn replaced(names: &mut Names, given: &[u8]) -> String {
        let name = names.replace(given, &Name::clean(given).unwrap());
        String::from_utf8_lossy(&name).into_owned()
    }

    #[test]
    fn one_for_one() {
        let mut names = Names::default();
        for (given, expected) in [
            ("tv", "device-1"),
            ("laptop", "device-2"),
            ("TV", "Device-1"),
            ("tV", "dEvice-1"),
            ("tv", "device-1"),
            (" tv ", "device-1"),
            ("Anna's iPad Pro", "device'  -3"),
            ("tv\n", "device\n-4"),
            ("tv_", "device_-4"),
            ("Büro PC 💻", "deviceü  -5"),
            ("a\u{202e}b", "device\u{202e}-6"),
        ] {
            assert_eq!(replaced(&mut names, given.as_bytes()), expected, "{given:?}");
        }
        assert_eq!(names.replace(b"B\xff\xfec", &Name::clean(b"B\xff\xfec").unwrap()), b"device\xff\xff-7");
    }

    #[test]
    fn one_name_in_any_spelling_stays_one() {
        for spellings in [
            &["Büro", "BÜRO", "bu\u{308}ro"][..],
            &["\u{c5} b", "A\u{30a} B", "\u{212b} b"],
            &["Straße 1", "STRASSE 1"],
            &["\u{212a}itchen's", "Kitchen's"],
            &["a\u{2260}b ü", "A=\u{338}B Ü"],
            &["a\u{37e}b", "A;b"],
            &["a\u{a0}b", "\u{3000}A B\u{2003}"],
        ] {
            let mut names = Names::default();
            let new =
                spellings.iter().map(|given| Name::clean(replaced(&mut names, given.as_bytes()).as_bytes()));
            let new: Vec<Name> = new.map(Option::unwrap).collect();
            for (place, name) in new.iter().enumerate() {
                assert_eq!(name.folded(), new[0].folded(), "{:?}", spellings[place]);
                assert!(!new[..place].contains(name), "{:?} has a spelling of its own", spellings[place]);
            }
        }
    }

    #[test]
    fn long_ones_stay_long() {
        let mut names = Names::default();
        let long = replaced(&mut names, &[b'a'; 200]);
        assert_eq!((long.len(), &long[..9]), (200, "device-1x"));
        assert_eq!(replaced(&mut names, &[b'a'; 10_000]).len(), LONGEST);
        assert_eq!(replaced(&mut names, &[b'a'; 57]), "device-2");
    }

    proptest! {
        #[test]
        fn equal_names_stay_equal(given in prop::collection::vec("[ab B_\\\\\n\u{e4}=]{1,4}", 2..20), tails in prop::collection::vec("\\PC{0,3}", 20)) {
            let mut names = Names::default();
            let long = given.iter().zip(&tails).map(|(name, tail)| format!("{name:x<66}{tail}"));
            let all: Vec<Vec<u8>> = given.iter().cloned().chain(long).map(String::into_bytes).collect();
            let clean: Vec<(&Vec<u8>, Name)> = all.iter().filter_map(|name| Some((name, Name::clean(name)?))).collect();
            let new: Vec<Name> = clean.iter().map(|(given, clean)| Name::clean(&names.replace(given, clean)).unwrap()).collect();
            for ((_, a), new_a) in clean.iter().zip(&new) {
                for ((_, b), new_b) in clean.iter().zip(&new) {
                    prop_assert_eq!(a == b, new_a == new_b, "{:?} {:?} {:?} {:?}", a, b, new_a, new_b);
                    prop_assert_eq!(a.folded() == b.folded(), new_a.folded() == new_b.folded());
                }
            }
        }
    }
}
