//! Sizes in bytes: `"2MiB"`, `"512KiB"` or a plain number.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::value::{ValueError, quoted};

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// So many bytes; shown in the largest unit of which they are a multiple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// Understands a size.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unit = UNITS.iter().find_map(|(name, bytes)| Some((text.strip_suffix(name)?, *bytes)));
        let (number, unit) = unit.unwrap_or((text, 1));
        let number: u64 = number.trim_end().parse().ok()?;
        number.checked_mul(unit).map(Self)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, bytes)| self.0 > 0 && self.0.is_multiple_of(*bytes));
        match unit {
            Some((name, bytes)) => write!(f, "{}{name}", self.0 / bytes),
            None => self.0.fmt(f),
        }
    }
}

/// A key of the configuration: a size from `LEAST` to `MOST` bytes, `DEFAULT` where none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundedSize<const LEAST: u64, const MOST: u64, const DEFAULT: u64>(ByteSize);

impl<const LEAST: u64, const MOST: u64, const DEFAULT: u64> BoundedSize<LEAST, MOST, DEFAULT> {
    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0.0
    }

    /// The number of bytes of something in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.bytes()).unwrap_or(usize::MAX)
    }
}

impl<const LEAST: u64, const MOST: u64, const DEFAULT: u64> Default for BoundedSize<LEAST, MOST, DEFAULT> {
    fn default() -> Self {
        Self(ByteSize(DEFAULT))
    }
}

impl<const LEAST: u64, const MOST: u64, const DEFAULT: u64> fmt::Display
    for BoundedSize<LEAST, MOST, DEFAULT>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, const LEAST: u64, const MOST: u64, const DEFAULT: u64> Deserialize<'de>
    for BoundedSize<LEAST, MOST, DEFAULT>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Within { least: ByteSize(LEAST), most: ByteSize(MOST) }).map(Self)
    }
}

impl<const LEAST: u64, const MOST: u64, const DEFAULT: u64> Serialize for BoundedSize<LEAST, MOST, DEFAULT> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

struct Within {
    least: ByteSize,
    most: ByteSize,
}

impl Within {
    fn check<E: Error>(&self, given: &str, size: Option<ByteSize>) -> Result<ByteSize, E> {
        let allowed = size.filter(|size| (self.least..=self.most).contains(size));
        let expected = || format!("{} is not {}", quoted(given), self.expected());
        allowed.ok_or_else(|| E::custom(ValueError::from(expected())))
    }

    fn expected(&self) -> String {
        format!("a size from \"{}\" to \"{}\", such as \"2MiB\"", self.least, self.most)
    }
}

impl Visitor<'_> for Within {
    type Value = ByteSize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expected())
    }

    fn visit_str<E: Error>(self, given: &str) -> Result<ByteSize, E> {
        self.check(given, ByteSize::parse(given))
    }

    fn visit_i64<E: Error>(self, given: i64) -> Result<ByteSize, E> {
        self.check(&given.to_string(), u64::try_from(given).ok().map(ByteSize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes, shown) in [
            ("2MiB", 2 << 20, "2MiB"),
            ("2 MiB", 2 << 20, "2MiB"),
            ("2048KiB", 2 << 20, "2MiB"),
            ("1536KiB", 1536 << 10, "1536KiB"),
            ("65536", 65536, "64KiB"),
            ("1000", 1000, "1000"),
            ("1GiB", 1 << 30, "1GiB"),
            ("0", 0, "0"),
        ] {
            let size = ByteSize::parse(text);
            assert_eq!(size, Some(ByteSize(bytes)), "{text}");
            assert_eq!(size.unwrap().to_string(), shown);
        }
        for text in ["", "MiB", "2MB", "-1", "2.5MiB", "2mib", "99999999999999999999", "99999999999GiB"] {
            assert_eq!(ByteSize::parse(text), None, "{text}");
        }
    }
}
