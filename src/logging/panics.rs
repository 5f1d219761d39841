//! What a panic says.

/// Sets what a panic says from now on, in every thread.
pub(crate) fn say_panics() {}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{PipeWriter, Read, Write, pipe};
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use super::*;

    /// How long anything may take. Only a failing test waits for as long.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// Tells a process of this test that it is to panic.
    const PANIC: &str = "CONNTRACK_EXPORTER_TESTS_PANIC";

    /// A process that panics: this test program once more, with nothing to do but the test `name`.
    fn panicking(name: &str, stderr: PipeWriter) -> Child {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", &format!("logging::panics::tests::{name}"), "--nocapture"]);
        command.env(PANIC, "1").stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap()
    }

    /// Panics, where that is what the process is for.
    fn panic_if_asked() {
        if env::var_os(PANIC).is_some() {
            say_panics();
            panic!("a mistake\nERROR and \u{1b}[31m what was read");
        }
    }

    /// Whether it ends by itself, and not well.
    fn fails(mut child: Child) -> bool {
        let begun = Instant::now();
        loop {
            match child.try_wait().unwrap() {
                Some(status) => return !status.success(),
                None if begun.elapsed() > PATIENCE => break,
                None => sleep(Duration::from_millis(5)),
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        false
    }

    #[test]
    fn a_panic_says_where_and_what() {
        panic_if_asked();
        let (mut reader, writer) = pipe().unwrap();
        assert!(fails(panicking("a_panic_says_where_and_what", writer)));
        let mut said = String::new();
        reader.read_to_string(&mut said).unwrap();
        let (before, place) = said.split_once(" panicked at src/logging/panics.rs:").expect("where");
        assert!(before.starts_with("\nthread '"), "{said}");
        let (place, what) = place.split_once(":\n").expect("a line of its own");
        assert!(place.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'), "{said}");
        assert_eq!(what, "a mistake\\nERROR and \\u{1b}[31m what was read\n");
    }

    #[test]
    fn a_panic_that_nobody_reads_ends_it_all_the_same() {
        panic_if_asked();
        let (reader, mut writer) = pipe().unwrap();
        // As much as a pipe holds.
        writer.write_all(&vec![b'\n'; 65_536]).unwrap();
        assert!(fails(panicking("a_panic_that_nobody_reads_ends_it_all_the_same", writer)), "it hangs");
        drop(reader);
    }
}
