//! How numbers are put into sentences.

use std::fmt::Display;

/// A number and what it counts: `one` of it, or `many`.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let what = if number == N::from(1) { one } else { many };
    format!("{number} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let answers = |number: usize| counted(number, "address answers", "addresses answer");
        assert_eq!(
            [0, 1, 2, 11].map(answers),
            ["0 addresses answer", "1 address answers", "2 addresses answer", "11 addresses answer"]
        );
    }
}
