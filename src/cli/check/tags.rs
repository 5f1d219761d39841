//! The tags on every point, and those that some measurements have to do without.

use super::report::Report;
use crate::config::Config;
use crate::measurements::schemas_on;

/// Tells of the user's own tags, and of those that are called like a tag or a field of a measurement's own.
pub(super) fn check(report: &mut Report, config: &Config) {
    let tags = config.global_tags();
    if !tags.is_empty() {
        let shown: Vec<String> = tags.iter().map(|(key, value)| format!("{key} = {value:?}")).collect();
        report.ok("tags", format!("on every point: {}", shown.join(", ")));
    }
    for (key, _) in tags.iter() {
        let leaves_out = schemas_on(config).filter(|schema| schema.leaves_out(key));
        let names: Vec<&str> = leaves_out.map(|schema| schema.name).collect();
        if !names.is_empty() {
            let of = names.join(", ");
            report.warning(
                "tags",
                format!("{key} is left out of {of}: that has a tag or field of this name; another name goes out with all"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(config: &str) -> String {
        let mut report = Report::default();
        check(&mut report, &Config::parse(config).unwrap());
        report.to_string()
    }

    #[test]
    fn a_tag_that_is_called_like_a_field_is_told_with_the_measurements_that_lack_it() {
        let both = "tags = { direction = \"x\", opened = \"y\", site = \"home\" }";
        assert_eq!(checked(""), "");
        let told = checked(both);
        assert!(told.contains("direction is left out of bandwidth"), "{told}");
        assert!(told.contains("opened is left out of connection_rate"), "{told}");
        assert!(
            told.contains("on every point: direction = \"x\", opened = \"y\", site = \"home\"\n"),
            "{told}"
        );
        assert!(!told.contains("site is left out"), "{told}");
        assert!(!checked(&format!("{both}\nmeasurements.bandwidth = false")).contains("direction is"));
    }

    #[test]
    fn the_routers_name_is_a_tag_as_well() {
        let told = checked("router.name = \"berlin-1\"\ntags.site = \"home\"");
        assert!(told.contains("on every point: router = \"berlin-1\", site = \"home\""), "{told}");
    }
}
