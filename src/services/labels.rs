//! Labels, each with a number that it keeps.

use std::collections::HashMap;
use std::rc::Rc;

use crate::devices::name::Name;

/// How many labels there can be in the life of the process; the built-in ones are among them.
pub const LABELS_AT_MOST: usize = 1024;

/// What goes out for ports that no line has.
const UNLISTED: &str = "unlisted";

/// A label. It stands for the same one as long as the process lives, whatever becomes of the owner's file, so that sums can
/// be kept by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(u16);

impl ServiceId {
    /// No line has the port.
    pub const UNLISTED: Self = Self(0);
}

/// Every label that was ever given; none is forgotten.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    unlisted: Rc<str>,
    /// From number 1 on.
    given: Vec<Rc<str>>,
    ids: HashMap<Rc<str>, ServiceId>,
}

impl Default for Labels {
    fn default() -> Self {
        Self { unlisted: UNLISTED.into(), given: Vec::new(), ids: HashMap::new() }
    }
}

impl Labels {
    /// The number of `label`, a new one if it never had one; `None` if there is no room for another.
    pub(super) fn id(&mut self, label: &Name) -> Option<ServiceId> {
        if let Some(known) = self.ids.get(label.as_str()) {
            return Some(*known);
        }
        if self.given.len() >= LABELS_AT_MOST {
            return None;
        }
        let label = label.shared();
        self.given.push(Rc::clone(&label));
        let id = ServiceId(u16::try_from(self.given.len()).ok()?);
        self.ids.insert(label, id);
        Some(id)
    }

    /// The label of this number.
    pub(super) fn label(&self, id: ServiceId) -> &Rc<str> {
        let place = usize::from(id.0).checked_sub(1);
        place.and_then(|place| self.given.get(place)).unwrap_or(&self.unlisted)
    }

    /// Whether this label was ever given.
    pub(super) fn contains(&self, label: &str) -> bool {
        self.ids.contains_key(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_keeps_its_number_and_there_is_a_bound() {
        let mut labels = Labels::default();
        assert_eq!(&**labels.label(ServiceId::UNLISTED), "unlisted");
        assert_eq!(&**labels.label(ServiceId(7)), "unlisted", "a number that nobody has");
        let name = |number: usize| Name::clean(format!("label {number}").as_bytes()).unwrap();
        let given: Vec<_> = (0..LABELS_AT_MOST).map(|number| labels.id(&name(number)).unwrap()).collect();
        assert_eq!(labels.id(&name(LABELS_AT_MOST)), None);
        for (number, id) in given.iter().enumerate() {
            assert_ne!(*id, ServiceId::UNLISTED);
            assert_eq!(labels.id(&name(number)), Some(*id));
            assert_eq!(**labels.label(*id), *name(number).as_str());
        }
        assert!(labels.contains("label 0") && !labels.contains("unlisted"));
    }
}
