//! What a device calls itself, and how that is told apart from others.

use crate::devices::identity::DeviceId;
use crate::devices::name::Name;

/// What a device calls itself, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) name: Name,
    /// The reading in which the device first made this claim.
    pub(super) since: u64,
    pub(super) form: ClaimForm,
}

/// How far a claim had to be told apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClaimForm {
    Plain,
    /// With the device's last three octets behind it.
    Suffixed,
    /// Not even the suffix tells it apart: the device goes by its MAC or DUID.
    Identifier,
}

impl Claim {
    /// A claim first made in the reading `since`.
    pub(super) const fn new(name: Name, since: u64) -> Self {
        Self { name, since, form: ClaimForm::Plain }
    }

    /// It clashes, and that lasts: a name never becomes plainer again.
    pub(super) fn at_least(&mut self, form: ClaimForm) {
        self.form = self.form.max(form);
    }

    /// The name that this claim comes to; `None` where only the identifier is left. A vendor's name `has_suffix`
    /// already.
    pub(super) fn shown(&self, id: &DeviceId, has_suffix: bool) -> Option<Name> {
        match self.form {
            ClaimForm::Plain => Some(self.name.clone()),
            ClaimForm::Suffixed if !has_suffix => Some(self.name.with_suffix(id.tail())),
            ClaimForm::Suffixed | ClaimForm::Identifier => None,
        }
    }
}
