//! What two names have in common that are one: the form in which they are compared.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

/// The form in which names are compared: whatever case a name is written in, and whether its accents are characters of
/// their own, it folds to the same.
///
/// That is Unicode's canonical caseless match (The Unicode Standard, section 3.13, definition D145), composed (NFC).
/// Unlike lower case it knows that `ß` in capitals is `SS`, and that a sigma is one at the end of a word as well. What
/// only looks alike (`ı` and `i`, Cyrillic `а` and Latin `a`) stays apart. A folded name may be longer than
/// [`LONGEST`](super::LONGEST), and is never sent.
///
/// ```
/// # use conntrack_exporter::devices::name::fold;
/// assert_eq!(fold("BÜRO"), fold("bu\u{308}ro"));
/// ```
pub fn fold(name: &str) -> Box<str> {
    // As nearly all names are, and many times as fast.
    if name.is_ascii() {
        return name.to_ascii_lowercase().into();
    }
    // Composed before folding it would lose the iota that folds to a letter (U+0345), folded it is composed no more.
    name.nfd().default_case_fold().nfc().collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::char::canonical_combining_class;

    /// Every character that folding or composing may change, alone and among others that may compose with it.
    #[test]
    fn every_character_folds_once_and_as_what_it_is_made_of() {
        for char in '\0'..=char::MAX {
            let alone = char.to_string();
            if *fold(&alone) == *alone && alone.nfd().eq([char]) && canonical_combining_class(char) == 0 {
                continue;
            }
            for text in [
                format!("α{char}\u{301}"),
                format!("{char}\u{345}\u{323}"),
                format!("\u{1100}{char}Σ"),
                alone,
            ] {
                let folded = fold(&text);
                assert_eq!(fold(&folded), folded, "{text:?}");
                assert_eq!(fold(&text.nfd().collect::<String>()), folded, "{text:?} decomposed");
                assert_eq!(fold(&text.nfc().collect::<String>()), folded, "{text:?} composed");
            }
        }
    }

    #[test]
    fn ascii_folds_to_lower_case_alone_or_among_others() {
        let all: String = ('\0'..='\x7f').collect();
        assert_eq!(*fold(&all), all.to_ascii_lowercase());
        assert_eq!(*fold(&format!("{all}ü")), all.to_ascii_lowercase() + "ü");
    }

    proptest! {
        #[test]
        fn a_folded_name_folds_to_itself(name in "\\PC{0,20}|[aA\u{c5}\u{30a}\u{212b}uU\u{308}\u{323}\u{345}\u{3b1}\u{1fb3}\u{3a3}\u{3c2}\u{df}\u{130}\u{131}\u{fb00}\u{ac00}\u{1100}\u{1161}]{0,12}") {
            let folded = fold(&name);
            prop_assert_eq!(fold(&folded), folded.clone());
            for same in [name.nfd().collect::<String>(), name.nfc().collect(), name.nfd().default_case_fold().collect()] {
                prop_assert_eq!(fold(&same), folded.clone(), "{:?} for {:?}", same, name);
            }
        }

        #[test]
        fn names_are_equal_as_unicode_has_it(names in prop::collection::vec("[aA\u{c5}\u{30a}\u{212b}uU\u{308}ssS\u{df}\u{3a3}\u{3c2}\u{3c3}]{0,3}", 2)) {
            let [one, other] = [&names[0], &names[1]];
            let equal = one.chars().canonical_caseless_match(other.chars());
            prop_assert_eq!(fold(one) == fold(other), equal);
        }
    }
}
