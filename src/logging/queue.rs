//! Log lines that wait for whoever reads, so that nobody has to wait for them.
//!
//! A line is written at once if its stream takes it ([`crate::nonblocking_write`]), and kept otherwise. What is kept is
//! written when the daemon wakes. It is bounded in bytes: lines beyond are lost, counted, and told when all that was kept
//! is written.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use tracing::error;
use tracing_subscriber::fmt::MakeWriter;

use crate::nonblocking_write::write_some;
use crate::wording::counted;

/// How many bytes are kept for each stream.
const KEPT_AT_MOST: usize = 16 * 1024;

/// A stream, and what of its lines did not go out at once. The subscriber may be asked by any thread: what it and the
/// daemon both know is in atomics, and what it keeps goes through a channel.
#[derive(Debug)]
struct Stream<F> {
    descriptor: F,
    /// Bytes that are kept.
    kept: AtomicUsize,
    /// Lines that were neither written nor kept; 32-bit MIPS has no wider atomics.
    lost: AtomicU32,
}

/// Writes lines, or has them kept. It never waits, and never fails.
#[derive(Debug)]
pub(super) struct QueuedWriter<F> {
    stream: Arc<Stream<F>>,
    kept: Sender<Vec<u8>>,
}

/// The lines of one stream that were kept.
#[derive(Debug)]
struct Queue<F> {
    stream: Arc<Stream<F>>,
    lines: Receiver<Vec<u8>>,
    /// The oldest of them, of the first perhaps only a part.
    text: Vec<u8>,
}

/// The lines of both streams that were kept. What can be written without waiting is also written when this is dropped.
#[derive(Debug, Default)]
pub struct LogQueue {
    stdout: Option<Queue<io::Stdout>>,
    stderr: Option<Queue<io::Stderr>>,
    /// Lines of both that were lost since the start.
    lost: u64,
}

impl LogQueue {
    /// Writers for both streams, and the queue of what they don't write at once.
    pub(super) fn new() -> (QueuedWriter<io::Stdout>, QueuedWriter<io::Stderr>, Self) {
        let ((stdout, kept_of_stdout), (stderr, kept_of_stderr)) =
            (queued(io::stdout()), queued(io::stderr()));
        (stdout, stderr, Self { stdout: Some(kept_of_stdout), stderr: Some(kept_of_stderr), lost: 0 })
    }

    /// Writes what was kept, as far as that goes without waiting. Says how many lines were lost, if that is over.
    pub fn flush(&mut self) {
        let stdout = self.stdout.as_mut().map_or(0, Queue::flush);
        let stderr = self.stderr.as_mut().map_or(0, Queue::flush);
        if let Some(sentence) = self.count(stdout + stderr) {
            // Whatever `log.level` is: errors are among what was lost.
            error!("{sentence}");
        }
    }

    /// Counts lines that were lost, and puts that into a sentence. Such a sentence may be lost itself, which the next
    /// one then shows.
    fn count(&mut self, lost: u64) -> Option<String> {
        self.lost += lost;
        let lines =
            counted(lost, "log line was lost: nobody read it", "log lines were lost: nobody read them");
        (lost > 0).then(|| format!("{lines}; since the start {}", self.lost))
    }
}

impl Drop for LogQueue {
    fn drop(&mut self) {
        self.flush();
    }
}

/// A writer to `descriptor`, and the queue of what it doesn't write at once.
fn queued<F: AsFd>(descriptor: F) -> (QueuedWriter<F>, Queue<F>) {
    let stream = Arc::new(Stream { descriptor, kept: AtomicUsize::new(0), lost: AtomicU32::new(0) });
    let (kept, lines) = channel();
    (QueuedWriter { stream: Arc::clone(&stream), kept }, Queue { stream, lines, text: Vec::new() })
}

impl<F: AsFd> Stream<F> {
    /// Writes `text` as far as that goes without waiting, and says what is left of it. Nothing is, if it can't be written
    /// at all: there is nowhere to say so.
    fn write<'a>(&self, mut text: &'a [u8]) -> &'a [u8] {
        while !text.is_empty() {
            match write_some(&self.descriptor, text) {
                Ok(written) => text = text.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return &[],
            }
        }
        text
    }
}

impl<F: AsFd> QueuedWriter<F> {
    fn write_line(&self, line: &[u8]) {
        let kept = self.stream.kept.load(Ordering::Relaxed);
        // Behind what is kept, or lines would change places.
        let rest = if kept == 0 { self.stream.write(line) } else { line };
        let begun = rest.len() < line.len();
        if rest.is_empty() {
            return;
        }
        // Half a line is kept in any case: the other half may not be lost.
        if !begun && kept + rest.len() > KEPT_AT_MOST {
            self.stream.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.stream.kept.fetch_add(rest.len(), Ordering::Relaxed);
        // Fails only if the daemon has ended, and with it whoever would write it.
        let _ = self.kept.send(rest.to_vec());
    }
}

impl<F: AsFd> io::Write for &QueuedWriter<F> {
    /// Takes a whole line, which is how the subscriber writes them.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, F: AsFd + 'a> MakeWriter<'a> for QueuedWriter<F> {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl<F: AsFd> Queue<F> {
    /// Writes what was kept, as far as that goes without waiting. When all of it is written, says how many lines were lost
    /// since that was last so.
    fn flush(&mut self) -> u64 {
        self.text.extend(self.lines.try_iter().flatten());
        let written = self.text.len() - self.stream.write(&self.text).len();
        self.text.drain(..written);
        self.stream.kept.fetch_sub(written, Ordering::Relaxed);
        if self.text.is_empty() { self.stream.lost.swap(0, Ordering::Relaxed).into() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

    use super::*;
    use crate::nonblocking_write::PIPE_BUF;

    /// A line of so many bytes, its end included.
    fn line(number: usize, length: usize) -> Vec<u8> {
        format!("{number:<width$}\n", width = length - 1).into_bytes()
    }

    /// A stream that takes nothing, what there is in it, and who reads.
    fn full() -> (PipeReader, QueuedWriter<PipeWriter>, Queue<PipeWriter>, usize) {
        let (reader, writer) = pipe().unwrap();
        let mut room = 0;
        while let Ok(written) = write_some(&writer, &[b'\n'; PIPE_BUF]) {
            room += written;
        }
        let (writer, queue) = queued(writer);
        (reader, writer, queue, room)
    }

    fn read(reader: &mut PipeReader, length: usize) -> Vec<u8> {
        let mut taken = vec![0; length];
        reader.read_exact(&mut taken).unwrap();
        taken
    }

    #[test]
    fn what_is_read_is_written_at_once() {
        let (mut reader, writer) = pipe().unwrap();
        let (writer, mut queue) = queued(writer);
        for number in 0..3 {
            (&writer).write_all(&line(number, 20)).unwrap();
            assert_eq!(read(&mut reader, 20), line(number, 20));
            assert_eq!((queue.flush(), queue.text.len()), (0, 0));
        }
    }

    #[test]
    fn what_is_not_read_is_kept_in_order_up_to_a_bound_and_then_lost() {
        let (mut reader, writer, mut queue, room) = full();
        let lines = KEPT_AT_MOST / 100;
        for number in 0..lines + 7 {
            (&writer).write_all(&line(number, 100)).unwrap();
        }
        assert_eq!(queue.flush(), 0, "it isn't over");
        assert_eq!(queue.text.len(), lines * 100);
        (&writer).write_all(&line(lines + 7, 100)).unwrap();

        read(&mut reader, room);
        assert_eq!(queue.flush(), 8, "it is over");
        for number in 0..lines {
            assert_eq!(read(&mut reader, 100), line(number, 100));
        }
        // As if nothing had been.
        (&writer).write_all(&line(9, 100)).unwrap();
        assert_eq!(read(&mut reader, 100), line(9, 100));
        assert_eq!(queue.flush(), 0, "told once");
    }

    #[test]
    fn what_was_lost_is_told_with_what_was_lost_before() {
        let mut queue = LogQueue::default();
        let told = [0, 1, 0, 2].map(|lost| queue.count(lost).unwrap_or_default());
        let one = "1 log line was lost: nobody read it; since the start 1";
        assert_eq!(told, ["", one, "", "2 log lines were lost: nobody read them; since the start 3"]);
    }

    #[test]
    fn lines_do_not_change_places() {
        let (mut reader, writer, mut queue, room) = full();
        (&writer).write_all(&line(0, 50)).unwrap();
        // There is room again, but the first line is before this one.
        read(&mut reader, room);
        (&writer).write_all(&line(1, 50)).unwrap();
        assert_eq!(queue.flush(), 0);
        (&writer).write_all(&line(2, 50)).unwrap();
        let expected: Vec<_> = (0..3).flat_map(|number| line(number, 50)).collect();
        assert_eq!(read(&mut reader, 150), expected);
    }

    #[test]
    fn half_a_line_is_followed_by_its_other_half() {
        let (mut reader, writer, mut queue, room) = full();
        // Room for one write of a line that takes more of them, and is longer than what is kept otherwise.
        let long = line(1, KEPT_AT_MOST + PIPE_BUF * 2);
        read(&mut reader, PIPE_BUF);
        (&writer).write_all(&long).unwrap();
        (&writer).write_all(&line(2, 100)).unwrap();
        assert_eq!(queue.flush(), 0);
        let mut text = read(&mut reader, room);
        assert_eq!(queue.flush(), 1, "the second was lost");
        text.extend(read(&mut reader, long.len() - PIPE_BUF));
        assert!(text.ends_with(&long), "the first is whole");
        (&writer).write_all(&line(3, 100)).unwrap();
        assert_eq!(read(&mut reader, 100), line(3, 100));
    }

    #[test]
    fn where_nobody_will_ever_read_nothing_is_kept() {
        let (reader, writer, mut queue, _) = full();
        (&writer).write_all(&line(1, 100)).unwrap();
        drop(reader);
        assert_eq!((queue.flush(), queue.text.len()), (0, 0));
        (&writer).write_all(&line(2, 100)).unwrap();
        assert_eq!((queue.flush(), queue.text.len()), (0, 0));
    }
}
