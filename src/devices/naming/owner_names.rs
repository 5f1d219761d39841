//! The names that no claim may take: reserved words and what the owner gave.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::devices::Map;
use crate::devices::assignments::{Assignments, Target};
use crate::devices::name::Name;

/// Names that are not to be had, by their folded form.
#[derive(Debug, Default)]
pub(in crate::devices) struct OwnerNames {
    /// Names that nobody may have.
    reserved: Vec<Rc<str>>,
    /// The owner's names, spelled as in the best source.
    given: Map<Rc<str>, Name>,
    /// What those come to that can't be had, each with the name that was given.
    suffixed: BTreeMap<Rc<str>, SuffixedName>,
}

/// A name of the owner's that can't be had.
#[derive(Clone, Debug)]
pub(super) struct SuffixedName {
    pub(super) given: Name,
    pub(super) shown: Name,
}

impl OwnerNames {
    /// The router goes by this name from now on.
    pub(in crate::devices) fn reserve(&mut self, router: Option<&Name>) {
        self.reserved = vec!["router".into(), "other".into()];
        self.reserved.extend(router.map(Name::folded));
    }

    /// Takes note of the names that the owner gives, and of what those come to that can't be had.
    pub(in crate::devices) fn learn(&mut self, assignments: &Assignments) {
        self.given.clear();
        for name in assignments.names() {
            self.given.entry(name.folded()).or_insert_with(|| name.clone());
        }
        let named = assignments.named().filter(|(_, name)| self.cannot_be_had(name));
        let suffixed = named.map(|(target, given)| self.suffixed(&target, given));
        self.suffixed = suffixed.map(|name| (name.shown.folded(), name)).collect();
    }

    fn suffixed(&self, target: &Target, given: &Name) -> SuffixedName {
        SuffixedName { given: given.clone(), shown: self.shown(given, target.tail()) }
    }

    fn cannot_be_had(&self, name: &Name) -> bool {
        self.reserved.contains(&name.folded()) || name.as_mac().is_some() || name.as_address().is_some()
    }

    /// How a name of the owner's is shown: spelled as in the best source, told apart from reserved words.
    pub(in crate::devices) fn shown(&self, name: &Name, tail: [u8; 3]) -> Name {
        if self.cannot_be_had(name) {
            return name.with_suffix(tail);
        }
        self.given.get(&name.folded()).unwrap_or(name).clone()
    }

    pub(super) fn contains(&self, folded: &str) -> bool {
        self.reserved.iter().any(|reserved| **reserved == *folded)
            || self.given.contains_key(folded)
            || self.suffixed.contains_key(folded)
    }

    /// The owner's that can't be had, whoever they are for.
    pub(super) fn all_suffixed(&self) -> impl Iterator<Item = &SuffixedName> {
        self.suffixed.values()
    }

    /// All of them, folded.
    pub(super) fn folded(&self) -> impl Iterator<Item = &Rc<str>> {
        self.given.keys().chain(self.suffixed.keys()).chain(&self.reserved)
    }
}
