//! `user`: whom the program becomes when it was started as root.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::value::ValueError;

/// A user of the router's, by name or by number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum User {
    /// One of `/etc/passwd`.
    Name(String),
    /// Anyone, also one that `/etc/passwd` doesn't know.
    Uid(u32),
}

impl User {
    /// The longest name that Linux's own tools give.
    const LONGEST: usize = 32;
}

impl TryFrom<String> for User {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        let expected = "a user's name, such as \"nobody\", or number, such as \"65534\"";
        let bad = || ValueError::is_not(&given, expected);
        if !given.is_empty() && given.bytes().all(|byte| byte.is_ascii_digit()) {
            // The largest means "no change" to the kernel.
            let uid = given.parse().ok().filter(|uid| *uid != u32::MAX);
            return uid.map(Self::Uid).ok_or_else(bad);
        }
        let plain = |char: char| char.is_alphanumeric() || "._-$@\\".contains(char);
        let is_name = !given.is_empty()
            && given.len() <= Self::LONGEST
            && !given.starts_with('-')
            && given.chars().all(plain);
        if is_name { Ok(Self::Name(given)) } else { Err(bad()) }
    }
}

impl From<User> for String {
    fn from(user: User) -> Self {
        match user {
            User::Name(name) => name,
            User::Uid(uid) => uid.to_string(),
        }
    }
}

impl Default for User {
    fn default() -> Self {
        Self::Name("nobody".to_owned())
    }
}

/// As it stands in the configuration, in quotes.
impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name:?}"),
            Self::Uid(uid) => write!(f, "\"{uid}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<User, ValueError> {
        User::try_from(text.to_owned())
    }

    #[test]
    fn names_and_numbers() {
        for name in ["nobody", "conntrack-exporter", "_dnsmasq", "user1", "1user", "systemd.x"] {
            assert_eq!(parse(name), Ok(User::Name(name.to_owned())));
        }
        assert_eq!(parse("0"), Ok(User::Uid(0)));
        assert_eq!(parse("4294967294"), Ok(User::Uid(u32::MAX - 1)));
        assert_eq!(User::Uid(65534).to_string(), "\"65534\"");
        assert_eq!(User::default().to_string(), "\"nobody\"");
    }

    #[test]
    fn what_is_neither() {
        for text in
            ["", " ", "a b", "a:b", "-1", "4294967295", "99999999999", "a\n", "no/body", &"x".repeat(33)]
        {
            assert!(parse(text).is_err_and(|why| why.to_string().contains("nobody")), "{text:?}");
        }
    }
}
