//! The state as bytes: a header that says what this is and whether it is whole, and the state behind it.
//!
//! | Bytes | |
//! |---|---|
//! | 25 | `conntrack-exporter state` and a newline |
//! | 4 | [`VERSION`] |
//! | 4 | how many bytes come behind the header |
//! | 4 | their CRC-32 |
//! | … | the state, as postcard writes it |
//!
//! Numbers are little-endian. postcard writes numbers as short as they are, and no names of fields: what it reads must have
//! been written by the same declarations, which the version vouches for.

use thiserror::Error;

use super::State;

/// Raised whenever a declaration of [`super`] changes: what another version has written is not read.
pub const VERSION: u32 = 1;
/// The largest file that is read or written, in bytes. What is normal for 1024 devices takes 1.5 MB.
pub const LARGEST: u64 = 4 << 20;

const MAGIC: &[u8; 25] = b"conntrack-exporter state\n";

/// Why bytes are no state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// They begin otherwise.
    #[error("it is no state of conntrack-exporter's")]
    Foreign,
    /// Another version of this program has written them.
    #[error("another version of conntrack-exporter has written it (format {0}, this is {VERSION})")]
    Version(u32),
    /// There are fewer or more than there should be.
    #[error("it is cut off, or something was added to it")]
    Length,
    /// They have changed since they were written.
    #[error("it is damaged")]
    Damaged,
    /// They can't be understood although nothing has changed.
    #[error("it can't be understood: {0}")]
    Content(#[from] postcard::Error),
}

/// The state as bytes.
pub fn encode(state: &State) -> Result<Vec<u8>, FormatError> {
    checked(&postcard::to_allocvec(state)?)
}

/// A header that vouches for `content`, and that behind it.
pub fn checked(content: &[u8]) -> Result<Vec<u8>, FormatError> {
    let length = u32::try_from(content.len()).map_err(|_| FormatError::Length)?;
    let mut bytes = MAGIC.to_vec();
    for number in [VERSION, length, crc32fast::hash(content)] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(content);
    if bytes.len() as u64 > LARGEST { Err(FormatError::Length) } else { Ok(bytes) }
}

/// The state that [`encode`] has written, whatever has become of its bytes.
pub fn decode(bytes: &[u8]) -> Result<State, FormatError> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(FormatError::Foreign)?;
    let version = number(&mut rest)?;
    if version != VERSION {
        return Err(FormatError::Version(version));
    }
    let (length, checksum) = (number(&mut rest)?, number(&mut rest)?);
    if u32::try_from(rest.len()) != Ok(length) {
        return Err(FormatError::Length);
    }
    if crc32fast::hash(rest) != checksum {
        return Err(FormatError::Damaged);
    }
    let (state, beyond) = postcard::take_from_bytes(rest)?;
    if beyond.is_empty() { Ok(state) } else { Err(FormatError::Length) }
}

/// The next number of the header.
fn number(rest: &mut &[u8]) -> Result<u32, FormatError> {
    let (number, behind) = rest.split_first_chunk().ok_or(FormatError::Length)?;
    *rest = behind;
    Ok(u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::name;
    use crate::history::trend::HOURS;
    use crate::state::{KnownAlert, KnownDevice, KnownHabit};
    use proptest::prelude::*;

    fn devices(count: usize) -> State {
        let name = |number: usize| format!("{number:0>length$}", length = name::LONGEST);
        let habit = |number| KnownHabit {
            key: name(number),
            seen: u64::MAX,
            hour: i64::MIN,
            now: u16::MAX,
            peaks: vec![u16::MAX; HOURS],
        };
        let device =
            |number| KnownDevice { key: name(number), name: name(number), seen: (u64::MAX, u64::MAX) };
        let alert = |number: usize| KnownAlert {
            device: name(number / 2),
            rule: "too_many_for_type".into(),
            severity: "critical".into(),
            since: u64::MAX,
        };
        State {
            began: Some(u64::MAX),
            devices: (0..count).map(device).collect(),
            habits: (0..count).map(habit).collect(),
            alerts: (0..2 * count).map(alert).collect(),
        }
    }

    #[test]
    fn what_was_written_is_read_and_the_worst_of_256_devices_is_within_512_kb() {
        let state = devices(256);
        let bytes = encode(&state).unwrap();
        assert_eq!(decode(&bytes), Ok(state));
        assert!(bytes.len() <= 512_000, "{}", bytes.len());
        assert_eq!(decode(&encode(&State::default()).unwrap()), Ok(State::default()));
        assert!(encode(&devices(1024)).is_ok());
        assert_eq!(encode(&devices(4096)), Err(FormatError::Length));
    }

    #[test]
    fn it_is_told_why_bytes_are_no_state() {
        let bytes = encode(&devices(1)).unwrap();
        let with = |place: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[place] = byte;
            decode(&bytes)
        };
        assert_eq!(decode(b""), Err(FormatError::Foreign));
        assert_eq!(with(3, b'x'), Err(FormatError::Foreign));
        assert_eq!(with(25, 2), Err(FormatError::Version(2)));
        assert_eq!(with(60, 7), Err(FormatError::Damaged));
        assert_eq!(decode(&bytes[..30]), Err(FormatError::Length));
        assert_eq!(decode(&bytes[..100]), Err(FormatError::Length));
        assert_eq!(decode(&[bytes.clone(), vec![0]].concat()), Err(FormatError::Length));
        // Whole, and of something else: a list of so many devices as there can't be.
        let content = [0xff, 0xff, 0xff, 0xff, 0x0f];
        let absurd = decode(&checked(&content).unwrap());
        assert!(matches!(absurd, Err(FormatError::Content(_))), "{absurd:?}");
    }

    proptest! {
        #[test]
        fn no_byte_can_be_changed_or_lost_unseen(place in any::<prop::sample::Index>(), change in 1_u8..) {
            let bytes = encode(&devices(2)).unwrap();
            let mut changed = bytes.clone();
            changed[place.index(bytes.len())] ^= change;
            prop_assert!(decode(&changed).is_err());
            prop_assert!(decode(&bytes[..place.index(bytes.len())]).is_err());
        }

        #[test]
        fn nothing_behind_a_valid_header_makes_it_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(state) = decode(&checked(&content).unwrap()) {
                prop_assert_eq!(decode(&encode(&state).unwrap()), Ok(state));
            }
        }
    }
}
