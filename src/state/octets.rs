//! Numbers of 16 bits as two bytes each, whatever they are: postcard would write large ones as three, and what is normal for a
//! device is the most of what is kept.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(numbers: &[u16], serializer: S) -> Result<S::Ok, S::Error> {
    let octets: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    octets.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    let octets = Vec::<u8>::deserialize(deserializer)?;
    let (pairs, rest) = octets.as_chunks();
    let numbers = pairs.iter().copied().map(u16::from_le_bytes).collect();
    if rest.is_empty() { Ok(numbers) } else { Err(D::Error::custom("half a number")) }
}
