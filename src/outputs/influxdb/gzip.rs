//! Lines, compressed and unpacked.

use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tokio::task::yield_now;

/// So much is compressed at once, in bytes: a few milliseconds of a router's processor, after which others have their turn.
const CHUNK: usize = 64 << 10;

/// Compresses `lines`.
pub(super) async fn compress(lines: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for chunk in lines.chunks(CHUNK) {
        // Into memory, which takes everything.
        let _ = encoder.write_all(chunk);
        yield_now().await;
    }
    // It may wait for long: without the room for more that it has grown, which is up to as much again.
    encoder.finish().unwrap_or_default().into_boxed_slice().into()
}

/// Two halves of compressed lines, the first no shorter than the second; `None` of a single line.
pub(super) async fn halves(compressed: &[u8]) -> Option<[Bytes; 2]> {
    let lines = decompress(compressed).ok()?;
    let ends: Vec<_> =
        lines.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    if ends.len() < 2 {
        return None;
    }
    let (first, second) = lines.split_at_checked(*ends.get((ends.len() - 1) / 2)?)?;
    Some([compress(first).await, compress(second).await])
}

/// What [`compress`] was given. It was ours, so that it is no larger than what fitted in memory before.
pub(super) fn decompress(compressed: &[u8]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    GzDecoder::new(compressed).read_to_end(&mut lines)?;
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_halved_until_one_is_left() {
        let lines = "a b=1i 1\n".repeat(20_000) + "c d=\"two\\n\" 2\n";
        let compressed = compress(lines.as_bytes()).await;
        assert!(compressed.len() < lines.len() / 20);
        assert_eq!(decompress(&compressed).unwrap(), lines.as_bytes());
        let (mut waiting, mut read) = (vec![compressed], Vec::new());
        while let Some(part) = waiting.pop() {
            match halves(&part).await {
                Some([first, second]) => waiting.extend([second, first]),
                None => read.extend(decompress(&part).unwrap()),
            }
        }
        assert!(read == lines.as_bytes());
    }

    #[tokio::test]
    async fn what_can_not_be_unpacked_is_no_two_halves() {
        assert!(halves(b"").await.is_none() && halves(b"no gzip").await.is_none());
        assert!(halves(&compress(b"a b=1i 1\n").await).await.is_none());
    }
}
