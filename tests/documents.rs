//! What documents promise of programs and packages, beside what is used.

#![expect(clippy::unwrap_used, reason = "a test's failure is a panic")]

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The packages in a script's `PROGRAM:PACKAGE`, as `tools/need` takes them.
fn packages(script: &str) -> Vec<String> {
    let text = read(script);
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let pairs = code.flat_map(str::split_whitespace).filter_map(|word| word.split_once(':'));
    let is_name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let package = |(program, package): (&str, &str)| {
        let package = package.trim_end_matches([';', ')']);
        (is_name(program) && is_name(package)).then(|| package.to_owned())
    };
    pairs.filter_map(package).collect()
}

#[test]
fn the_readme_says_what_its_two_commands_take() {
    let readme = read("README.md");
    let from = readme.find("Two commands show it").unwrap();
    let section = readme.split_at(from).1.split("\n## ").next().unwrap().to_owned();
    for words in [
        "gcc libc6-dev",
        "minutes",
        " GB",
        "As root",
        "installs",
        "iproute2 nftables",
        "loads the kernel module `nf_conntrack`",
    ] {
        assert!(section.contains(words), "{words}: {section}");
    }
    let used = packages("tools/test");
    assert!(used.len() >= 3, "{used:?}");
    for package in used {
        assert!(section.contains(&package), "{package}: {section}");
    }
}

#[test]
fn the_page_about_reading_says_where_the_program_conntrack_comes_from() {
    let page = read("docs/how-to-read-it.md");
    let told = page.split("\n\n").filter(|paragraph| paragraph.contains("`conntrack -"));
    for paragraph in told {
        assert!(paragraph.contains("package `conntrack`") && paragraph.contains("as root"), "{paragraph}");
        // What is there without it.
        assert!(paragraph.contains("/proc/net/nf_conntrack"), "{paragraph}");
    }
}
