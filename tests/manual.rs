//! What people who type commands are given beside the program: the man page, and what completes them.

#![expect(clippy::unwrap_used, reason = "a test's failure is a panic")]

#[path = "../examples/manual.rs"]
#[expect(dead_code, reason = "its arguments are the example's own")]
mod manual;

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The documents, in a directory that is gone when dropped.
struct Manual(PathBuf);

impl Manual {
    fn new(test: &str) -> Self {
        let name = format!("conntrack-exporter-{}-{test}-manual", std::process::id());
        let manual = Self(std::env::temp_dir().join(name));
        manual::write(&manual).unwrap();
        manual
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.join(name)).unwrap()
    }
}

impl Deref for Manual {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Manual {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The names of all commands, and all options that help shows: with the two dashes.
fn commands_and_options() -> (Vec<String>, Vec<String>) {
    let mut all = conntrack_exporter::cli::command();
    all.build();
    let commands: Vec<_> = all.get_subcommands().filter(|one| one.get_name() != "help").cloned().collect();
    let options = commands.iter().chain([&all]).flat_map(clap::Command::get_arguments);
    let options = options.filter(|option| !option.is_hide_set()).filter_map(clap::Arg::get_long);
    let options = options.map(|option| format!("--{option}")).collect();
    (commands.iter().map(|one| one.get_name().to_owned()).collect(), options)
}

#[test]
fn the_page_has_every_command_and_every_option() {
    let manual = Manual::new("page");
    let page = manual.read("conntrack-exporter.1").replace(r"\-", "-");
    let (commands, options) = commands_and_options();
    assert!(commands.len() >= 9 && options.len() >= 15, "{commands:?} {options:?}");
    for command in commands {
        assert!(page.contains(&format!("\n.SS {command}\n")), "{command}: {page}");
    }
    for option in options {
        assert!(page.contains(&option), "{option}: {page}");
    }
    // One line, by which apropos finds it.
    let name = page.split(".SH NAME\n").nth(1).unwrap().split(".SH").next().unwrap();
    assert!(name.starts_with("conntrack-exporter - ") && name.lines().count() == 1, "{name}");
    for words in ["SIGHUP", "78 the configuration", "/etc/conntrack-exporter.toml", "SEE ALSO"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn nothing_of_this_machine_is_in_them() {
    let manual = Manual::new("machine");
    let checkout = env!("CARGO_MANIFEST_DIR");
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    // One that may as well be a word says nothing.
    let host = Some(host.trim()).filter(|host| host.len() > 8);
    let names =
        ["conntrack-exporter.1", "conntrack-exporter.bash", "_conntrack-exporter", "conntrack-exporter.fish"];
    let mut there: Vec<_> = fs::read_dir(&*manual).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    there.sort();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(there, expected);
    for name in names {
        let text = manual.read(name);
        let found =
            [Some(checkout), manual.to_str(), host].into_iter().flatten().find(|word| text.contains(word));
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn bash_completes_the_names_of_commands_and_their_options() {
    let manual = Manual::new("bash");
    let file = manual.join("conntrack-exporter.bash");
    // As readline has it done: the words so far, and which of them the cursor is at.
    let completed = |line: &str| {
        let script = r#"
            source "$1"
            COMP_WORDS=($2 "$3") COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            [[ $(complete -p conntrack-exporter) =~ -F\ ([^ ]+) ]]
            "${BASH_REMATCH[1]}" conntrack-exporter "$3" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}"
        "#;
        let (before, last) = line.rsplit_once(' ').unwrap();
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", script, "bash"]).arg(&file).args([before, last]);
        let output = bash.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(Command::new("bash").arg("-n").arg(&file).status().unwrap().success());
    let (commands, _) = commands_and_options();
    let offered = completed("conntrack-exporter ");
    for command in &commands {
        assert!(offered.contains(command), "{command}: {offered:?}");
    }
    assert_eq!(completed("conntrack-exporter est"), ["estimate"]);
    assert_eq!(completed("conntrack-exporter estimate --js"), ["--json"]);
    assert_eq!(completed("conntrack-exporter record --ev"), ["--every"]);
}
