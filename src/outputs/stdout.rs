//! Standard output, which Telegraf's `execd` input reads.
//!
//! Neither a thread is needed nor is anything changed about what was inherited: see [`crate::nonblocking_write`].

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use tokio::time::sleep;

use crate::nonblocking_write::write_some;

/// How long it takes at first until it is looked whether there is room again, and at most; twice as long each time.
/// Waiting for it by epoll takes a registration that is either unsafe or deprecated (`AsyncFd`), and files refuse it.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
const LOOK_AGAIN_AT_MOST: Duration = Duration::from_millis(100);

/// Writes all of `bytes`, however long whoever reads takes; meanwhile others have their turn. Given up half-way, it has
/// written whole lines, unless one is longer than what is written at once.
pub(super) async fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    let mut pause = LOOK_AGAIN;
    while !bytes.is_empty() {
        match write_some(to, bytes) {
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                pause = LOOK_AGAIN;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                sleep(pause).await;
                pause = LOOK_AGAIN_AT_MOST.min(pause * 2);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, Read, pipe};
    use std::os::fd::AsFd;

    use tokio::time::timeout;

    use super::*;

    /// More than a pipe holds, in lines of different lengths.
    fn lines() -> Vec<u8> {
        (0..20_000).flat_map(|number| format!("line {number}\n").into_bytes()).collect()
    }

    /// Takes what is in the pipe, at most `most` bytes.
    fn read(pipe: &mut PipeReader, most: usize) -> Vec<u8> {
        let mut taken = vec![0; most];
        let length = pipe.read(&mut taken).unwrap();
        taken.truncate(length);
        taken
    }

    #[tokio::test]
    async fn all_of_it_arrives_in_order_however_slowly_it_is_read() {
        let (mut reader, writer) = pipe().unwrap();
        let text = lines();
        let mut read_so_far = Vec::new();
        let mut writing = Box::pin(write_all(writer.as_fd(), &text));
        // Each time until the pipe is full.
        while timeout(Duration::from_millis(1), &mut writing).await.is_err() {
            read_so_far.extend(read(&mut reader, 5000));
        }
        drop(writing);
        drop(writer);
        reader.read_to_end(&mut read_so_far).unwrap();
        assert!(read_so_far == text);
    }

    #[tokio::test]
    async fn what_is_given_up_ends_with_a_whole_line() {
        let (mut reader, writer) = pipe().unwrap();
        let given_up = timeout(Duration::from_millis(1), write_all(writer.as_fd(), &lines())).await;
        assert!(given_up.is_err(), "nobody reads");
        drop(writer);
        let mut written = Vec::new();
        reader.read_to_end(&mut written).unwrap();
        assert!(lines().starts_with(&written) && written.ends_with(b"\n"));
    }

    #[tokio::test]
    async fn a_reader_that_goes_while_it_is_waited_for_is_an_error() {
        let (reader, writer) = pipe().unwrap();
        let text = lines();
        let mut writing = Box::pin(write_all(writer.as_fd(), &text));
        assert!(timeout(Duration::from_millis(1), &mut writing).await.is_err());
        drop(reader);
        assert_eq!(writing.await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
