//! How a connection fares: `struct tcp_info` of `linux/tcp.h`, as `tcp_get_info()` fills it in.
//!
//! It has grown at its end with nearly every kernel. So each figure is read where it is, if this kernel's structure
//! reaches so far.

use super::TcpInfo;

/// What every kernel has, up to `tcpi_total_retrans`.
const BASE: usize = 104;
/// `TCP_INFINITE_SSTHRESH` of `net/tcp.h`.
const NO_THRESHOLD: u32 = 0x7fff_ffff;

/// Understands the structure; `None` for one that is shorter than any kernel's.
pub fn parse(info: &[u8]) -> Option<TcpInfo> {
    if info.len() < BASE {
        return None;
    }
    let word = |offset| bytes(info, offset).map(u32::from_ne_bytes);
    let long = |offset| bytes(info, offset).map(u64::from_ne_bytes);
    Some(TcpInfo {
        segment_bytes: word(16)?,
        unacked: word(24)?,
        lost: word(32)?,
        retransmitting: word(36)?,
        rtt_us: word(68)?,
        rtt_variance_us: word(72)?,
        slow_start_threshold: word(76).filter(|threshold| *threshold < NO_THRESHOLD),
        congestion_window: word(80)?,
        total_retransmitted: word(100)?,
        // What is not known is all ones, or 0.
        pacing_rate: long(104).filter(|rate| *rate != u64::MAX),
        bytes_acked: long(120),
        bytes_received: long(128),
        min_rtt_us: word(148).filter(|rtt| *rtt != u32::MAX),
        delivery_rate: long(160).filter(|rate| *rate != 0),
        busy_us: long(168),
        receive_window_limited_us: long(176),
        send_buffer_limited_us: long(184),
        bytes_sent: long(200),
        bytes_retransmitted: long(208),
    })
}

/// So many bytes at `offset`, if the structure reaches so far.
fn bytes<const N: usize>(info: &[u8], offset: usize) -> Option<[u8; N]> {
    info.get(offset..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A structure whose every word is its number.
    fn numbered(length: usize) -> Vec<u8> {
        let words = (0..u32::try_from(length / 4).unwrap()).flat_map(u32::to_ne_bytes);
        words.collect()
    }

    const fn long(word: u64) -> u64 {
        if cfg!(target_endian = "little") { word | (word + 1) << 32 } else { word << 32 | (word + 1) }
    }

    #[test]
    fn each_figure_is_where_the_kernel_has_it() {
        let expected = TcpInfo {
            segment_bytes: 4,
            unacked: 6,
            lost: 8,
            retransmitting: 9,
            rtt_us: 17,
            rtt_variance_us: 18,
            slow_start_threshold: Some(19),
            congestion_window: 20,
            total_retransmitted: 25,
            pacing_rate: Some(long(26)),
            bytes_acked: Some(long(30)),
            bytes_received: Some(long(32)),
            min_rtt_us: Some(37),
            delivery_rate: Some(long(40)),
            busy_us: Some(long(42)),
            receive_window_limited_us: Some(long(44)),
            send_buffer_limited_us: Some(long(46)),
            bytes_sent: Some(long(50)),
            bytes_retransmitted: Some(long(52)),
        };
        assert_eq!(parse(&numbered(280)), Some(expected), "Linux 6.18");
        assert_eq!(parse(&numbered(232)), Some(expected), "Linux 5.4");
    }

    #[test]
    fn a_shorter_structure_tells_less() {
        assert_eq!(parse(&numbered(100)), None);
        let oldest = parse(&numbered(104)).unwrap();
        assert_eq!((oldest.total_retransmitted, oldest.pacing_rate, oldest.bytes_acked), (25, None, None));
        // Linux 4.9.
        let older = parse(&numbered(168)).unwrap();
        assert_eq!((older.delivery_rate, older.busy_us), (Some(long(40)), None));
        let older = parse(&numbered(212)).unwrap();
        assert_eq!((older.bytes_sent, older.bytes_retransmitted), (Some(long(50)), None));
        for length in 0..300 {
            assert_eq!(parse(&vec![7; length]).is_some(), length >= BASE);
        }
    }

    #[test]
    fn what_the_kernel_does_not_know_is_none() {
        let mut info = numbered(280);
        for (offset, value) in [(76, NO_THRESHOLD), (104, u32::MAX), (108, u32::MAX), (148, u32::MAX)] {
            info[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
        }
        info[160..168].fill(0);
        let info = parse(&info).unwrap();
        assert_eq!((info.slow_start_threshold, info.pacing_rate), (None, None));
        assert_eq!((info.min_rtt_us, info.delivery_rate), (None, None));
    }
}
