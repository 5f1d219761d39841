//! Settings of the machine's that are put back, whatever becomes of the process that changed them.

use std::fs::{self, File};
use std::io;
use std::process::{Child, Command, Stdio};

/// Waits for the end of its input, which also comes when the process that holds the other end is killed, and then
/// writes the values back: `FILE VALUE FILE VALUE ...`. What ends that process from the keyboard must not end this one.
const PUT_BACK: &str = "trap '' INT TERM HUP QUIT
cat >/dev/null
while [ $# -gt 0 ]; do echo \"$2\" >\"$1\"; shift 2; done";

/// Puts settings back when it is dropped, or when the process ends in any other way.
pub(crate) struct Restore {
    keeper: Child,
}

impl Restore {
    /// Remembers what is in `files` now; to be made before they are changed. They are put back in this order. A lock
    /// on `held` is kept until then.
    pub(crate) fn later(files: &[&str], held: File) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", PUT_BACK, "sh"]);
        for file in files {
            command.arg(file).arg(fs::read_to_string(file)?.trim());
        }
        let keeper = command.stdin(Stdio::piped()).stdout(held).spawn()?;
        Ok(Self { keeper })
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nothing helps if this fails.
        let _ = self.keeper.wait();
    }
}
