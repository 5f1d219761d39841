//! What is wrong with a line of a file: one error for all the formats.

use crate::devices::device_type::DeviceType;

/// A record that can't be understood, and so is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}{kind}", kind.after_the_number())]
pub struct LineError {
    /// The line, counted from 1; of a record of several lines the first.
    pub line: usize,
    /// Why.
    pub kind: LineErrorKind,
}

/// Why a record can't be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineErrorKind {
    /// It isn't what the format has; there is no more to say.
    #[error("can't be understood")]
    NotUnderstood,
    /// It is no lease of dnsmasq's.
    #[error("is no lease")]
    NotALease,

    /// It has none of the registry's forms.
    #[error("expected `MAC=Name`, `IP=Name` or `MAC|IP|Name|Type`")]
    RegistryForm,
    /// What stands before `=` is neither a MAC nor an address.
    #[error("neither a MAC nor an IP address, expected one such as `02:00:00:00:00:11` or `192.168.8.50`")]
    MacOrAddress,
    /// It has more than the registry's four fields.
    #[error("too many fields, expected `MAC|IP|Name|Type`")]
    TooManyFields,
    /// What stands in a MAC's place is none.
    #[error("not a MAC, expected one such as `02:00:00:00:00:11`")]
    Mac,
    /// What stands in an address's place is none.
    #[error("not an IP address, expected one such as `192.168.8.50`, or nothing")]
    Address,
    /// It doesn't say which device it means.
    #[error("which device? expected a MAC, an IP address, or both")]
    NoDevice,
    /// It gives no name.
    #[error("a name is missing")]
    NoName,
    /// Its type isn't one of the list.
    #[error("not a type, expected nothing or one of: {}", DeviceType::ALL.map(DeviceType::name).join(", "))]
    DeviceType,

    /// It is none of UCI's four commands.
    #[error("expected `config`, `option`, `list` or `package`")]
    UnknownCommand,
    /// A command of UCI's lacks a type or a key.
    #[error("a type or a name is missing")]
    MissingWord,
    /// A name, type or key has characters that UCI doesn't allow.
    #[error("a name may only have letters, digits and `_`")]
    NameCharacters,
    /// An option stands before the first section, or after a broken one.
    #[error("an option outside any section")]
    OutsideSection,
    /// A quote is never closed.
    #[error("a quote is never closed")]
    UnclosedQuote,
    /// A word is longer than this many bytes.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// There are more than can be kept.
    #[error("more than {sections} sections or {values} values in one")]
    TooMany {
        /// How many sections a text may have.
        sections: usize,
        /// How many values a section may have.
        values: usize,
    },
    /// The section's option of this key isn't what it has to be.
    #[error("this section's `{0}` is not what it has to be")]
    Value(&'static str),
}

impl LineError {
    /// A line of which there is no more to say.
    pub const fn not_understood(line: usize) -> Self {
        Self { line, kind: LineErrorKind::NotUnderstood }
    }
}

impl LineErrorKind {
    /// "line 3 is no lease", but "line 3: a name is missing".
    const fn after_the_number(self) -> &'static str {
        match self {
            Self::NotUnderstood | Self::NotALease => " ",
            _ => ": ",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_sentence_with_its_line() {
        for (kind, expected) in [
            (LineErrorKind::NotUnderstood, "line 3 can't be understood"),
            (LineErrorKind::NotALease, "line 3 is no lease"),
            (LineErrorKind::NoName, "line 3: a name is missing"),
            (
                LineErrorKind::TooMany { sections: 9, values: 2 },
                "line 3: more than 9 sections or 2 values in one",
            ),
        ] {
            assert_eq!(LineError { line: 3, kind }.to_string(), expected);
        }
    }
}
