//! What Telegraf says about itself: lines of its input `internal`.

/// Every value of a field so far, the newest last, by its measurement and a tag.
pub(crate) fn figures(lines: &str, measurement: &str, tag: &str, field: &str) -> Vec<i64> {
    let (measurement, field) = (format!("{measurement},"), format!("{field}="));
    let of_this = lines
        .lines()
        .filter(|line| line.starts_with(&measurement) && line.split([',', ' ']).any(|part| part == tag));
    let values = of_this.filter_map(|line| {
        line.split([',', ' ']).find_map(|part| part.strip_prefix(&field)?.strip_suffix('i')?.parse().ok())
    });
    values.collect()
}
