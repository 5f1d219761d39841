//! A name that is safe to send.
//!
//! Host names are chosen by the devices themselves. Whatever they chose, a [`Name`] can't end a line, forge a tag or
//! look like another name by characters that nobody sees.

mod fold;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

use unicode_normalization::UnicodeNormalization as _;

use super::mac::Mac;

pub use fold::fold;

/// The longest name, in bytes.
pub const LONGEST: usize = 64;
/// How much of what was given is looked at, in bytes: far more than a name has, however it is written.
const LOOKED_AT: usize = 16 * LONGEST;
/// `-` and six hexadecimal digits.
const SUFFIX: usize = 7;

/// A cleaned name of 1 to 64 bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    shown: Rc<str>,
    /// What it is compared as: kept, since a name is compared more often than it is made.
    folded: Rc<str>,
}

impl Name {
    /// Makes a name of what somebody gave; `None` if nothing of it is left.
    ///
    /// ```
    /// # use conntrack_exporter::devices::name::Name;
    /// assert_eq!(Name::clean(b" Anna's iPad\n").unwrap().as_str(), "Anna's iPad_");
    /// assert_eq!(Name::clean(b"  "), None);
    /// ```
    pub fn clean(given: &[u8]) -> Option<Self> {
        let mut name = String::new();
        for chunk in given.utf8_chunks() {
            name.extend(chunk.valid().chars().map(safe));
            if !chunk.invalid().is_empty() {
                name.push('_');
            }
        }
        let name = fit(cut(name.trim_matches(' '), LOOKED_AT), LONGEST);
        (!name.is_empty()).then(|| Self::new((&*name).into()))
    }

    fn new(shown: Rc<str>) -> Self {
        let folded = fold(&shown);
        let folded = if *folded == *shown { Rc::clone(&shown) } else { folded.into() };
        Self { shown, folded }
    }

    /// This name with three octets behind it, still within the longest.
    #[must_use]
    pub fn with_suffix(&self, [a, b, c]: [u8; 3]) -> Self {
        let name = fit(&self.shown, LONGEST - SUFFIX);
        Self::new(format!("{name}-{a:02x}{b:02x}{c:02x}").into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The name as text that can be kept.
    pub fn shared(&self) -> Rc<str> {
        Rc::clone(&self.shown)
    }

    /// The form in which names are compared (see [`fold()`]).
    pub fn folded(&self) -> Rc<str> {
        Rc::clone(&self.folded)
    }

    // Shapes are looked for in the folded name: in a shape case doesn't matter, but a ligature (U+FB00) folds to two digits.

    /// The address that this name looks like.
    pub fn as_address(&self) -> Option<IpAddr> {
        self.folded.parse().ok()
    }

    /// The MAC that this name looks like, in any of the usual spellings.
    pub fn as_mac(&self) -> Option<Mac> {
        let mut digits = [0; 12];
        let mut places = digits.iter_mut();
        for byte in self.folded.bytes().filter(|byte| !b":-.".contains(byte)) {
            *places.next()? = byte;
        }
        places.next().is_none().then(|| Mac::from_digits(&digits)).flatten()
    }

    /// The three octets at the end of a name that looks like one made by [`Name::with_suffix`].
    pub fn suffix(&self) -> Option<[u8; 3]> {
        let (_, tail) = self.folded.rsplit_once('-')?;
        if tail.len() != SUFFIX - 1 || !tail.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, a, b, c] = u32::from_str_radix(tail, 16).ok()?.to_be_bytes();
        Some([a, b, c])
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.shown, f)
    }
}

/// `name` in at most `length` bytes: as it is if that fits, or else composed (NFC) and cut. A name whose composed spelling
/// is too long is cut as well, so that whatever its spelling, the same is left.
fn fit(name: &str, length: usize) -> Cow<'_, str> {
    if name.is_ascii() {
        return cut(name, length).into();
    }
    let composed: String = name.nfc().collect();
    if name.len().max(composed.len()) <= length {
        return name.into();
    }
    cut(&composed, length).to_owned().into()
}

/// Cuts `name` at a character so that at most `length` bytes are left, and no space at its end.
fn cut(name: &str, length: usize) -> &str {
    name.get(..name.floor_char_boundary(length)).unwrap_or_default().trim_end_matches(' ')
}

/// What stands for a character. All spaces are one: the others would make names that look alike.
fn safe(char: char) -> char {
    match char {
        _ if is_unsafe(char) => '_',
        _ if char.is_whitespace() => ' ',
        _ => char,
    }
}

/// Characters that end a line, escape the next one, or that nobody sees.
fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(char, '\\' | '\u{2028}' | '\u{2029}') || is_invisible(char)
}

/// What Unicode 16 has as general category Cf, as `Default_Ignorable_Code_Point`, or as a blank that is no space.
const fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(given: &[u8]) -> String {
        Name::clean(given).unwrap().to_string()
    }

    #[test]
    fn what_could_forge_becomes_an_underscore() {
        let cases: &[(&[u8], &str)] = &[
            (b"Living-Room-TV", "Living-Room-TV"),
            ("Büro PC 💻".as_bytes(), "Büro PC 💻"),
            (b"tv\nconnection_state,device_name=x count=9i", "tv_connection_state,device_name=x count=9i"),
            (b"a\r\tb\0c\x1b[31m", "a__b_c_[31m"),
            (b"back\\slash\\", "back_slash_"),
            ("a\u{202e}b\u{200d}c\u{2028}d\u{85}".as_bytes(), "a_b_c_d_"),
            ("a\u{2065}b\u{3164}c\u{fe0f}d\u{2800}e\u{e0100}".as_bytes(), "a_b_c_d_e_"),
            ("a\u{a0}b\u{3000}\u{202f}".as_bytes(), "a b"),
            (b"\xff\xfeA", "__A"),
            (b"cut \xe2\x82", "cut _"),
            (b"  two  spaces  ", "two  spaces"),
            (b",=\"' ", ",=\"'"),
        ];
        for (given, expected) in cases {
            assert_eq!(&clean(given), expected);
        }
        assert_eq!(Name::clean(b""), None);
        assert_eq!(Name::clean(b"   "), None);
    }

    #[test]
    fn names_are_cut_at_a_character() {
        assert_eq!(clean(&[b'x'; 10_000]), "x".repeat(64));
        let name = Name::clean("ü".repeat(40).as_bytes()).unwrap();
        assert_eq!(name.as_str(), "ü".repeat(32));
        assert_eq!(name.with_suffix([1, 2, 0xfe]).as_str(), format!("{}-0102fe", "ü".repeat(28)));
        let spaced = format!("{} b", "a".repeat(63));
        assert_eq!(clean(spaced.as_bytes()), "a".repeat(63));
    }

    #[test]
    fn a_name_is_cut_where_any_spelling_of_it_is() {
        let named = |text: String| Name::clean(text.as_bytes()).unwrap();
        for (composed, decomposed, letters) in [
            ("ü", "u\u{308}", 22),
            ("Ü", "u\u{308}", 22),
            ("ü", "u\u{308}", 40),
            ("\u{958}", "\u{915}\u{93c}", 20),
            ("\u{ac01}", "\u{1100}\u{1161}\u{11a8}", 21),
        ] {
            let [one, other] = [composed, decomposed].map(|letter| named(letter.repeat(letters)));
            assert_eq!(one.folded(), other.folded(), "{letters} times {composed}");
            let [one, other] = [one, other].map(|name| name.with_suffix([1, 2, 0xfe]));
            assert_eq!(one.folded(), other.folded(), "{letters} times {composed}, and a suffix");
            assert!(one.as_str().ends_with("-0102fe") && one.as_str().len() <= 64, "{one}");
        }
        assert_eq!(named("u\u{308}".repeat(22)).as_str(), "ü".repeat(22));
        assert_eq!(
            named("u\u{308}".repeat(21)).as_str(),
            "u\u{308}".repeat(21),
            "as it is given, if that fits"
        );
    }

    #[test]
    fn shapes_are_recognised() {
        let name = |text: &str| Name::clean(text.as_bytes()).unwrap();
        assert!(name("192.168.8.1").as_address().is_some());
        assert!(name("fe80::1").as_address().is_some());
        assert!(name("tv").as_address().is_none());
        for text in ["02:00:00:00:00:11", "02-00-00-00-00-11", "0200.0000.0011", "020000000011"] {
            assert_eq!(name(text).as_mac(), Some(Mac([2, 0, 0, 0, 0, 0x11])), "{text}");
        }
        assert_eq!(name("Living-Room").as_mac(), None);
        assert_eq!(name("TV-A1b2c3").suffix(), Some([0xa1, 0xb2, 0xc3]));
        for text in ["TV-a1b2c", "TV-+1b2c3", "a1b2c3", "TV-a1b2c3 "] {
            let suffix = name(text).suffix();
            assert_eq!(suffix.is_some(), text.ends_with(' '), "{text}: spaces at the end are gone");
        }
    }

    #[test]
    fn one_name_in_whatever_case_and_composition_is_one() {
        let folded = |text: &str| Name::clean(text.as_bytes()).unwrap().folded();
        for spellings in [
            &["Living-Room-TV", "LIVING-ROOM-TV"][..],
            &["Büro", "BÜRO", "bu\u{308}ro", "BU\u{308}RO"],
            &["\u{c5}", "A\u{30a}", "\u{212b}", "å", "a\u{30a}"],
            &["ΟΔΟΣ", "οδος", "οδοσ"],
            &["Straße", "STRASSE", "STRAẞE"],
            &["İstanbul", "i\u{307}stanbul", "I\u{307}STANBUL"],
            &["ᾳ", "ᾼ", "α\u{345}", "ΑΙ"],
            &["Ệ", "E\u{323}\u{302}", "e\u{302}\u{323}", "ẹ\u{302}"],
            &["Дача", "ДАЧА"],
            &["\u{212a}itchen", "KITCHEN"],
            &["a\u{338}=\u{338}", "A\u{338}\u{2260}"],
        ] {
            for spelling in spellings {
                assert_eq!(folded(spelling), folded(spellings[0]), "{spelling} and {}", spellings[0]);
            }
        }
        for (one, other) in [("Büro", "Buro"), ("Maße", "Mase"), ("ılık", "ilik"), ("é", "è"), ("tv", "tv_")]
        {
            assert_ne!(folded(one), folded(other));
        }
    }

    #[test]
    fn shapes_are_those_of_what_is_compared() {
        let name = |text: &str| Name::clean(text.as_bytes()).unwrap();
        assert_eq!(
            name("tv-a1b2\u{fb00}").suffix(),
            Some([0xa1, 0xb2, 0xff]),
            "U+FB00 in another case is FF"
        );
        assert_eq!(name("02:00:00:00:00:\u{fb00}").as_mac(), Some(Mac([2, 0, 0, 0, 0, 0xff])));
        assert_eq!(name("fe80::\u{fb00}").as_address(), "fe80::ff".parse().ok());
        assert_eq!(
            (name("Büro").suffix(), name("Büro").as_mac(), name("Büro").as_address()),
            (None, None, None)
        );
    }

    proptest! {
        #[test]
        fn every_name_is_safe(given: Vec<u8>, tail: [u8; 3]) {
            if let Some(name) = Name::clean(&given) {
                for name in [name.with_suffix(tail), name] {
                    prop_assert!((1..=64).contains(&name.as_str().len()));
                    prop_assert!(name.as_str().chars().all(|char| safe(char) == char));
                    prop_assert!(!name.as_str().starts_with(' ') && !name.as_str().ends_with(' '));
                    prop_assert_eq!(Name::clean(name.as_str().as_bytes()), Some(name.clone()), "stays as it is");
                }
            }
        }
    }
}
