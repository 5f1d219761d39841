//! `user`: whom the program becomes when it was started as root.

use std::fmt;

use super::reading::Text;

/// A user of the router's, by name or by number.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Text for User {
    const WANTED: &'static str = "a user in quotes, such as \"nobody\"";

    fn parse(given: &str) -> Result<Self, String> {
        let bad =
            || format!("{given:?} is not a user's name, such as \"nobody\", or number, such as \"65534\"");
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
        if is_name { Ok(Self::Name(given.to_owned())) } else { Err(bad()) }
    }
}

impl Default for User {
    fn default() -> Self {
        Self::Name("nobody".to_owned())
    }
}

/// As it stands in the configuration.
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

    #[test]
    fn names_and_numbers() {
        for name in ["nobody", "conntrack-exporter", "_dnsmasq", "user1", "1user", "systemd.x"] {
            assert_eq!(User::parse(name), Ok(User::Name(name.to_owned())));
        }
        assert_eq!(User::parse("0"), Ok(User::Uid(0)));
        assert_eq!(User::parse("4294967294"), Ok(User::Uid(u32::MAX - 1)));
        assert_eq!(User::Uid(65534).to_string(), "\"65534\"");
        assert_eq!(User::default().to_string(), "\"nobody\"");
    }

    #[test]
    fn what_is_neither() {
        for text in
            ["", " ", "a b", "a:b", "-1", "4294967295", "99999999999", "a\n", "no/body", &"x".repeat(33)]
        {
            assert!(User::parse(text).is_err_and(|why| why.contains("nobody")), "{text:?}");
        }
    }
}
