//! Amounts as people read them.

/// A day, in seconds.
pub(super) const DAY: u64 = 86_400;
/// A month, in days.
pub(super) const MONTH: u64 = 30;

/// A number with its thousands set apart, as in `1,234,567`.
pub(in crate::cli) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the decimal units by which disks are sold, as in `12.3 MB`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    let unit = UNITS.into_iter().find(|(size, _)| bytes >= *size);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(size, name)| {
            let tenths = bytes / (size / 10);
            format!("{}.{} {name}", grouped(tenths / 10), tenths % 10)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0, 7, 999, 1000, 65_536, 100_000, 1_234_567, u64::MAX].map(grouped);
        let expected =
            ["0", "7", "999", "1,000", "65,536", "100,000", "1,234,567", "18,446,744,073,709,551,615"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn bytes_have_the_unit_that_fits() {
        let shown = [0, 999, 1000, 1099, 999_999, 12_340_000, 5_000_000_000, u64::MAX].map(bytes);
        let expected =
            ["0 B", "999 B", "1.0 kB", "1.0 kB", "999.9 kB", "12.3 MB", "5.0 GB", "18,446,744.0 TB"];
        assert_eq!(shown, expected);
    }
}
