//! The sorts of things that a device can be doing.

/// What a device is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Not enough is known to tell.
    #[default]
    Unknown,
    /// Nothing to speak of.
    Idle,
    /// A torrent client, or another that exchanges with many at a time.
    PeerToPeer,
    /// A game that is rendered far away.
    CloudGaming,
    /// A call with picture.
    Call,
    /// A game or a call without picture.
    Realtime,
    /// A film, or another stream of pictures.
    Video,
    /// New software.
    Update,
    /// A download.
    Download,
    /// An upload.
    Upload,
    /// Music, or another stream of sound.
    Audio,
    /// Pages.
    Browsing,
    /// Several at a time, or something else.
    Mixed,
}

impl Class {
    /// Every class, in the order of [`Class::code`].
    pub const ALL: [Self; 13] = [
        Self::Unknown,
        Self::Idle,
        Self::PeerToPeer,
        Self::CloudGaming,
        Self::Call,
        Self::Realtime,
        Self::Video,
        Self::Update,
        Self::Download,
        Self::Upload,
        Self::Audio,
        Self::Browsing,
        Self::Mixed,
    ];

    /// The number that goes out.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The word that goes out.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Idle => "idle",
            Self::PeerToPeer => "p2p",
            Self::CloudGaming => "cloud_gaming",
            Self::Call => "call",
            Self::Realtime => "realtime",
            Self::Video => "video",
            Self::Update => "update",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Audio => "audio",
            Self::Browsing => "browsing",
            Self::Mixed => "mixed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_places_and_words_differ() {
        for (place, class) in Class::ALL.iter().enumerate() {
            assert_eq!(usize::from(class.code()), place);
            assert!(Class::ALL.iter().all(|other| other == class || other.name() != class.name()));
        }
        assert_eq!((Class::Mixed.code(), Class::PeerToPeer.name()), (12, "p2p"));
    }
}
