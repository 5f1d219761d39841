//! The names that no claim may take: reserved words and what the owner gave.

use std::rc::Rc;

use crate::devices::Map;
use crate::devices::name::Name;

/// Names that are not to be had, by their folded form.
#[derive(Debug, Default)]
pub(in crate::devices) struct OwnerNames {
    /// Names that nobody may have.
    reserved: Vec<Rc<str>>,
    /// The owner's names, spelled as in the best source.
    given: Map<Rc<str>, Name>,
}

impl OwnerNames {
    /// The router goes by this name from now on.
    pub(in crate::devices) fn reserve(&mut self, router: Option<&Name>) {
        self.reserved = vec!["router".into(), "other".into()];
        self.reserved.extend(router.map(Name::folded));
    }

    /// Takes note of the names that the owner gives, those of the best source first.
    pub(in crate::devices) fn learn<'a>(&mut self, names: impl Iterator<Item = &'a Name>) {
        self.given.clear();
        for name in names {
            let folded = name.folded();
            self.given.entry(folded).or_insert_with(|| name.clone());
        }
    }

    /// How a name of the owner's is shown: spelled as in the best source, told apart from reserved words.
    pub(in crate::devices) fn shown(&self, name: &Name, tail: [u8; 3]) -> Name {
        let folded = name.folded();
        if self.reserved.contains(&folded) || name.as_mac().is_some() || name.as_address().is_some() {
            return name.with_suffix(tail);
        }
        self.given.get(&folded).unwrap_or(name).clone()
    }

    pub(super) fn contains(&self, folded: &str) -> bool {
        self.reserved.iter().any(|reserved| **reserved == *folded) || self.given.contains_key(folded)
    }

    /// All of them, folded.
    pub(super) fn folded(&self) -> impl Iterator<Item = &Rc<str>> {
        self.given.keys().chain(&self.reserved)
    }
}
