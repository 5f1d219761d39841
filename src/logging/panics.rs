//! What a panic says. The standard library's own hook would wait for whoever reads standard error, and a program that is
//! to end with the panic would not.

use std::fmt::Write as _;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::thread;

use super::Escaped;
use crate::nonblocking_write::write_or_give_up;

/// From now on a panic in any thread says where and what, without a backtrace. Where nobody has read for a second, it
/// goes on to the end all the same.
pub(crate) fn set_panic_hook() {
    panic::set_hook(Box::new(|panic| write_or_give_up(io::stderr(), message(panic).as_bytes())));
}

/// A line of its own, though one of the log may have been written by half; and what in the next, escaped: it may be
/// made of what was read.
fn message(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
    let mut message = format!("\nthread '{name}' panicked{place}:\n");
    // Fails only if the text can't be written to, and a string can.
    let _ = Escaped(&mut message).write_str(panic.payload_as_str().unwrap_or("it doesn't say why"));
    message.push('\n');
    message
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{PipeWriter, Read, pipe};
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::nonblocking_write::{PIPE_BUF, write_some};

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
            set_panic_hook();
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
        let (reader, writer) = pipe().unwrap();
        while write_some(&writer, &[b'\n'; PIPE_BUF]).is_ok() {}
        assert!(fails(panicking("a_panic_that_nobody_reads_ends_it_all_the_same", writer)), "it hangs");
        drop(reader);
    }
}
