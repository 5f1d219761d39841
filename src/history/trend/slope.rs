//! How fast a figure grows, whatever single values do.

/// The slope of values that are one step apart, per step: the median of the slopes between any two of them (Theil 1950, Sen
/// 1968, "Estimates of the regression coefficient based on Kendall's tau"). Up to 29 % of the values may be anything without
/// moving it far. `None` of fewer than two values.
///
/// It takes n² ÷ 2 slopes: for a handful of values.
pub fn theil_sen(values: &[u32]) -> Option<f64> {
    let points = || (0_u32..).map(f64::from).zip(values.iter().copied().map(f64::from));
    let after = |place: f64| points().filter(move |(later, _)| *later > place);
    let slopes =
        points().flat_map(|(place, value)| after(place).map(move |(at, then)| (then - value) / (at - place)));
    median(slopes.collect())
}

/// The middle of these; of an even number the mean of the middle two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get(values.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn single_values_do_not_move_it() {
        for (values, expected) in [
            (&[][..], None),
            (&[7], None),
            (&[7, 9], Some(2.0)),
            (&[5, 5, 5, 5], Some(0.0)),
            (&[1, 2, 3, 4, 5, 6], Some(1.0)),
            (&[1, 2, 3, 900, 5, 6, 7, 8], Some(1.0)),
            (&[9, 7, 5], Some(-2.0)),
            // Slopes 0, 1, 2 between neighbours and over two steps: 0, 1/2, 1, and the median of 0, ½, 1.
            (&[4, 4, 5], Some(0.5)),
        ] {
            assert_eq!(theil_sen(values), expected, "{values:?}");
        }
    }

    /// The same in whole numbers, by ranks: a slope is a fraction, and fractions are compared crosswise.
    fn by_fractions(values: &[u32]) -> Option<f64> {
        let mut slopes = Vec::new();
        for (first, one) in values.iter().enumerate() {
            for (second, other) in values.iter().enumerate().skip(first + 1) {
                slopes.push((i64::from(*other) - i64::from(*one), i64::try_from(second - first).unwrap()));
            }
        }
        let below =
            |slope: &(i64, i64)| slopes.iter().filter(|one| one.0 * slope.1 < slope.0 * one.1).count();
        let equal =
            |slope: &(i64, i64)| slopes.iter().filter(|one| one.0 * slope.1 == slope.0 * one.1).count();
        let at_rank = |rank: usize| {
            slopes.iter().find(|slope| (below(slope)..below(slope) + equal(slope)).contains(&rank))
        };
        let (lower, upper) = (at_rank(slopes.len().checked_sub(1)? / 2)?, at_rank(slopes.len() / 2)?);
        #[expect(clippy::cast_precision_loss, reason = "differences of u32")]
        let value = |slope: &(i64, i64)| slope.0 as f64 / slope.1 as f64;
        Some(f64::midpoint(value(lower), value(upper)))
    }

    proptest! {
        #[test]
        fn it_is_the_middle_of_all_slopes(values in vec(0_u32..50, 0..25)) {
            prop_assert_eq!(theil_sen(&values), by_fractions(&values));
        }

        #[test]
        fn a_line_has_the_slope_of_the_line(start in 0_u32..1000, step in 0_u32..100, length in 2_usize..25) {
            let values: Vec<u32> = (0..).map(|place| start + step * place).take(length).collect();
            prop_assert_eq!(theil_sen(&values), Some(f64::from(step)));
        }
    }
}
