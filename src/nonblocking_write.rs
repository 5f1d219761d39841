//! Writes to an inherited descriptor, such as standard output, that never wait for whoever reads.
//!
//! `O_NONBLOCK` belongs to the open file description, which others share (open(2)): a shell, a service manager, the next
//! command of a pipeline. So it is left alone. Instead the descriptor is asked whether it is writable, and then so little
//! is written at once that there is room for it. Only another process that fills the same pipe in between could still
//! make a write wait.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use memchr::{memchr, memrchr};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

/// Bytes of one write: `PIPE_BUF` of linux/limits.h. A pipe that is writable has a whole page free (`pipe_poll`), and
/// takes this much in one piece (pipe(7)). A socket is writable while most of its buffer is free, a file always.
pub(crate) const PIPE_BUF: usize = 4096;

/// Bytes of one write to a terminal, which is writable as soon as there is any room (`n_tty_poll`). A pseudo-terminal's
/// comes in pieces of 256 bytes, and the first byte takes a whole one (`tty_buffer_alloc`).
const TERMINAL: usize = 256;

/// For how long there is no room until whoever ends gives up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(1);

/// Writes as much of the beginning of `bytes` as is sure not to wait, and says how many bytes that were: whole lines,
/// unless the first is longer than [`PIPE_BUF`] or a terminal takes it piece by piece.
///
/// `WouldBlock` means that there is no room at present. That a pipe's reader is gone is told as write(2) tells it.
pub(crate) fn write_some(to: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    write_within(to.as_fd(), bytes, PollTimeout::ZERO)
}

/// Writes all of `bytes`, unless there is no room for a second: then the rest is left out. A second is given anew to each
/// piece.
pub(crate) fn write_or_give_up(to: impl AsFd, mut bytes: &[u8]) {
    let mut since = Instant::now();
    while !bytes.is_empty() {
        let left = GIVE_UP_AFTER.saturating_sub(since.elapsed());
        match write_within(to.as_fd(), bytes, left.try_into().unwrap_or(PollTimeout::ZERO)) {
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                since = Instant::now();
            }
            // A signal may have ended the waiting.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && since.elapsed() < GIVE_UP_AFTER => {}
            Err(_) => return,
        }
    }
}

/// Writes what is sure not to wait as soon as there is room, within `time`.
fn write_within(to: BorrowedFd<'_>, bytes: &[u8], time: PollTimeout) -> io::Result<usize> {
    if !is_writable(to, time)? {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let piece = if to.is_terminal() { within_a_line(bytes) } else { whole_lines(bytes) };
    match write(to, piece) {
        // Nothing is written then: the same as if there were no room.
        Err(Errno::EINTR) => Err(io::ErrorKind::WouldBlock.into()),
        written => Ok(written?),
    }
}

/// Whether a write would not wait from now on, or after some of `time`, were it only for an error.
fn is_writable(fd: BorrowedFd<'_>, time: PollTimeout) -> io::Result<bool> {
    let mut asked = [PollFd::new(fd, PollFlags::POLLOUT)];
    match poll(&mut asked, time) {
        Err(Errno::EINTR) => Ok(false),
        ready => Ok(ready? > 0),
    }
}

/// The lines at the beginning of `bytes` that fit into one write; of a longer line a piece.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let piece = bytes.get(..PIPE_BUF).unwrap_or(bytes);
    let lines = memrchr(b'\n', piece).and_then(|end| piece.get(..=end));
    lines.unwrap_or(piece)
}

/// What a terminal takes without looking for room once more: text, or the end of a line, which it makes two bytes of
/// (`n_tty_write`, `do_output_char`).
fn within_a_line(bytes: &[u8]) -> &[u8] {
    let piece = bytes.get(..TERMINAL).unwrap_or(bytes);
    let text = memchr(b'\n', piece).and_then(|end| piece.get(..end.max(1)));
    text.unwrap_or(piece)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{Read, pipe};
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc::channel;
    use std::thread;

    use nix::pty::openpty;

    use super::*;
    use crate::test_directory::TestDirectory;

    /// How long anything may take. Only a failing test waits for as long.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// Writes lines until there is no room, and says how many bytes there was room for. That a write waits doesn't hang
    /// the test.
    fn fill<F: AsFd + Send + 'static>(to: F, line: &[u8]) -> (F, usize) {
        let (line, (sender, filled)) = (line.to_vec(), channel());
        let fill = move || {
            let mut room = 0;
            let end = loop {
                match write_some(&to, &line) {
                    Ok(written) => room += written,
                    Err(error) => break error.kind(),
                }
            };
            assert_eq!(end, io::ErrorKind::WouldBlock);
            sender.send((to, room))
        };
        thread::Builder::new().spawn(fill).unwrap();
        filled.recv_timeout(PATIENCE).expect("a write that waited for its reader")
    }

    #[test]
    fn a_full_pipe_takes_nothing_and_then_what_there_is_room_for() {
        let (mut reader, writer) = pipe().unwrap();
        let (writer, room) = fill(writer, &[b'x'; 3000]);
        assert!(room >= PIPE_BUF, "{room} bytes");
        let mut taken = vec![0; room];
        reader.read_exact(&mut taken).unwrap();
        let (writer, again) = fill(writer, &[b'x'; 3000]);
        assert_eq!(again, room);
        drop(reader);
        let gone = write_some(&writer, b"line\n").unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::BrokenPipe, "full, and nobody will ever read");
    }

    #[test]
    fn neither_a_socket_nor_a_terminal_makes_anybody_wait() {
        let (reader, writer) = UnixStream::pair().unwrap();
        assert!(fill(writer, &[b'x'; 9000]).1 >= PIPE_BUF);
        drop(reader);
        for line in [&b"a line of a few words\n"[..], &[b'\n'; 500], &[b'x'; 9000], b"x\n"] {
            let terminal = openpty(None, None).unwrap();
            let (_, room) = fill(terminal.slave, line);
            assert!(room >= PIPE_BUF / 2, "{room} bytes, and newlines take two");
            drop(terminal.master);
        }
    }

    #[test]
    fn a_file_and_what_swallows_everything_are_always_writable() {
        let place = TestDirectory::new("write");
        let path = place.join("file");
        let mut file = File::create(&path).unwrap();
        assert_eq!(write_some(&file, b"one\ntwo").unwrap(), 4);
        assert_eq!(write_some(&mut file, b"two").unwrap(), 3);
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo");
        let null = File::options().write(true).open("/dev/null").unwrap();
        assert_eq!(write_some(null, &[b'x'; 9000]).unwrap(), PIPE_BUF);
    }

    #[test]
    fn what_nobody_reads_is_given_up() {
        let (mut reader, writer) = pipe().unwrap();
        write_or_give_up(&writer, b"one\ntwo");
        let (writer, room) = fill(writer, &[b'x'; PIPE_BUF]);
        write_or_give_up(&writer, b"three\n");
        drop(writer);
        let mut written = Vec::new();
        reader.read_to_end(&mut written).unwrap();
        assert_eq!(written, [&b"one\ntwo"[..], &vec![b'x'; room]].concat());
    }

    #[test]
    fn lines_stay_whole_where_they_can() {
        assert_eq!(whole_lines(b"one\ntwo\nthree\n"), b"one\ntwo\nthree\n");
        assert_eq!(whole_lines(b"one\ntwo"), b"one\n");
        assert_eq!(whole_lines(b"the rest"), b"the rest");
        assert_eq!(whole_lines(b""), b"");
        let (line, longer) = ([b'x'; PIPE_BUF - 1], [b'x'; PIPE_BUF + 1]);
        assert_eq!(whole_lines(&[&line[..], b"\none\n"].concat()).len(), PIPE_BUF);
        assert_eq!(whole_lines(&[b"one\n", &longer[..]].concat()), b"one\n");
        assert_eq!(whole_lines(&longer), &longer[..PIPE_BUF]);
    }

    #[test]
    fn a_terminal_takes_the_end_of_a_line_by_itself() {
        assert_eq!(within_a_line(b"one\ntwo\n"), b"one");
        assert_eq!(within_a_line(b"\n\ntwo\n"), b"\n");
        assert_eq!(within_a_line(b"the rest"), b"the rest");
        assert_eq!(within_a_line(&[b'x'; TERMINAL + 1]).len(), TERMINAL);
        assert_eq!(within_a_line(b""), b"");
    }
}
