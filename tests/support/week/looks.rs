//! What each thing that a device does looks like to the router: how many connections, how much, with whom.

/// What is told of a device, in the order of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Unknown,
    Idle,
    P2p,
    CloudGaming,
    Call,
    Realtime,
    Video,
    Update,
    Download,
    Upload,
    Audio,
    Browsing,
    Mixed,
}

/// The names of all classes, in the order of their codes.
pub(crate) const CLASSES: [(Class, &str); 13] = [
    (Class::Unknown, "unknown"),
    (Class::Idle, "idle"),
    (Class::P2p, "p2p"),
    (Class::CloudGaming, "cloud_gaming"),
    (Class::Call, "call"),
    (Class::Realtime, "realtime"),
    (Class::Video, "video"),
    (Class::Update, "update"),
    (Class::Download, "download"),
    (Class::Upload, "upload"),
    (Class::Audio, "audio"),
    (Class::Browsing, "browsing"),
    (Class::Mixed, "mixed"),
];

/// The groups of protocols of `connection_rate`.
pub(super) const GROUPS: [&str; 4] = ["tcp", "udp", "icmp", "other"];

/// Protocols and states.
pub(super) const STATES: [(&str, &str); 8] = [
    ("tcp", "ESTABLISHED"),
    ("tcp", "TIME_WAIT"),
    ("tcp", "CLOSE_WAIT"),
    ("tcp", "SYN_SENT"),
    ("udp", "ACTIVE"),
    ("udp", "UNREPLIED"),
    ("icmp", "ACTIVE"),
    ("igmp", "UNREPLIED"),
];

/// Where bytes go to, and what for.
pub(super) const PARTS: [(&str, &str); 9] = [
    ("*", "HTTPS"),
    ("Film Network", "HTTPS"),
    ("Film Network", "QUIC"),
    ("Cloud, Inc.", "HTTPS"),
    ("Game Updates", "HTTPS"),
    ("*", "STUN"),
    ("*", "unlisted"),
    ("*", "DNS"),
    ("*", "BitTorrent"),
];

/// The services of [`PARTS`], each once.
pub(super) const SERVICES: [&str; 6] = ["HTTPS", "QUIC", "STUN", "unlisted", "DNS", "BitTorrent"];

/// What something looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) class: Class,
    /// In kbit/s.
    pub(super) down: i64,
    pub(super) up: i64,
    /// By how many per cent these go up and down.
    pub(super) unsteady: i64,
    /// Entries by the order of [`STATES`].
    pub(super) entries: [i64; 8],
    /// TCP and UDP connections that are opened in 30 s, and as many closed.
    pub(super) turnover: [i64; 2],
    /// Remote hosts, and the share of the busiest in per cent.
    pub(super) hosts: i64,
    pub(super) share: i64,
    /// How much goes where, in per cent, by the order of [`PARTS`]. The sum is 100.
    pub(super) mix: [i64; 9],
}

/// A device by day, while nobody uses it.
pub(super) const REST: Look = Look {
    class: Class::Idle,
    down: 6,
    up: 3,
    unsteady: 60,
    entries: [3, 1, 0, 0, 1, 1, 0, 0],
    turnover: [1, 1],
    hosts: 3,
    share: 60,
    mix: [50, 0, 0, 40, 0, 0, 0, 10, 0],
};
/// By night.
pub(super) const NIGHT: Look = Look {
    down: 2,
    up: 1,
    entries: [2, 1, 0, 0, 1, 0, 0, 0],
    turnover: [0, 0],
    hosts: 2,
    mix: [60, 0, 0, 40, 0, 0, 0, 0, 0],
    ..REST
};
pub(super) const BROWSE: Look = Look {
    class: Class::Browsing,
    down: 2_500,
    up: 150,
    unsteady: 70,
    entries: [18, 12, 1, 1, 9, 1, 0, 0],
    turnover: [12, 8],
    hosts: 16,
    share: 30,
    mix: [62, 0, 0, 35, 0, 0, 1, 2, 0],
};
pub(super) const FILM: Look = Look {
    class: Class::Video,
    down: 9_000,
    up: 200,
    unsteady: 32,
    entries: [5, 2, 0, 0, 2, 1, 0, 1],
    turnover: [1, 1],
    hosts: 4,
    share: 92,
    mix: [5, 60, 33, 0, 0, 0, 0, 2, 0],
};
/// The film stands still: what still comes in is less than a fifth of what did.
pub(super) const STALL: Look =
    Look { down: 1_300, up: 60, unsteady: 10, entries: [2, 4, 0, 0, 1, 0, 0, 1], ..FILM };
pub(super) const CALL: Look = Look {
    class: Class::Call,
    down: 2_200,
    up: 1_600,
    unsteady: 8,
    entries: [6, 2, 0, 0, 3, 0, 0, 0],
    turnover: [1, 2],
    hosts: 5,
    share: 88,
    mix: [6, 0, 0, 4, 0, 88, 0, 2, 0],
};
pub(super) const GAME: Look = Look {
    class: Class::Realtime,
    down: 180,
    up: 90,
    unsteady: 12,
    entries: [4, 1, 0, 0, 3, 0, 1, 0],
    turnover: [1, 1],
    hosts: 4,
    share: 75,
    mix: [14, 0, 0, 5, 5, 0, 75, 1, 0],
};
pub(super) const UPDATE: Look = Look {
    class: Class::Update,
    down: 150_000,
    up: 2_500,
    unsteady: 5,
    entries: [6, 1, 0, 0, 1, 0, 0, 0],
    turnover: [1, 1],
    hosts: 3,
    share: 96,
    mix: [1, 0, 0, 2, 96, 0, 0, 1, 0],
};
pub(super) const DOWNLOAD: Look = Look {
    class: Class::Download,
    down: 220_000,
    up: 3_500,
    mix: [3, 0, 0, 97, 0, 0, 0, 0, 0],
    share: 97,
    ..UPDATE
};
/// A backup that begins gently.
pub(super) const SLOW_BACKUP: Look = Look {
    class: Class::Upload,
    down: 150,
    up: 8_000,
    unsteady: 6,
    entries: [4, 1, 0, 0, 1, 0, 0, 0],
    turnover: [1, 0],
    hosts: 2,
    share: 99,
    mix: [1, 0, 0, 99, 0, 0, 0, 0, 0],
};
pub(super) const BACKUP: Look = Look { down: 700, up: 36_000, ..SLOW_BACKUP };
pub(super) const MUSIC: Look = Look {
    class: Class::Audio,
    down: 240,
    up: 10,
    unsteady: 40,
    entries: [3, 0, 0, 0, 1, 0, 0, 1],
    turnover: [0, 1],
    hosts: 2,
    share: 85,
    mix: [85, 0, 0, 13, 0, 0, 0, 2, 0],
};
/// Questions that nobody answers come on top: `stories::unanswered`.
pub(super) const TORRENT: Look = Look {
    class: Class::P2p,
    down: 30_000,
    up: 8_000,
    unsteady: 12,
    entries: [128, 40, 6, 14, 52, 20, 0, 0],
    turnover: [24, 20],
    hosts: 60,
    share: 9,
    mix: [1, 0, 0, 0, 0, 0, 78, 1, 20],
};
/// After the client has been closed, and hasn't closed all that others have.
pub(super) const AFTERMATH: Look = Look {
    class: Class::Mixed,
    down: 40,
    up: 20,
    unsteady: 40,
    entries: [6, 60, 48, 0, 4, 8, 0, 0],
    turnover: [1, 1],
    hosts: 5,
    share: 40,
    mix: [60, 0, 0, 20, 0, 0, 10, 5, 5],
};
/// A camera at work.
pub(super) const WATCH: Look = Look {
    class: Class::Mixed,
    down: 10,
    up: 60,
    unsteady: 30,
    entries: [2, 1, 0, 0, 1, 1, 0, 0],
    turnover: [0, 0],
    hosts: 1,
    share: 97,
    mix: [2, 0, 0, 97, 0, 0, 0, 1, 0],
};
/// The camera calls one host after the other, and by the rules that is much like browsing.
pub(super) const SCAN: Look = Look {
    class: Class::Browsing,
    down: 20,
    up: 80,
    entries: [2, 0, 0, 68, 1, 0, 0, 0],
    turnover: [36, 0],
    hosts: 70,
    share: 60,
    mix: [2, 0, 0, 58, 0, 0, 39, 1, 0],
    ..WATCH
};
/// The router: it asks name servers for all.
pub(super) const SERVE: Look = Look {
    down: 8,
    up: 5,
    entries: [3, 1, 0, 0, 14, 1, 1, 1],
    turnover: [0, 4],
    hosts: 4,
    mix: [20, 0, 0, 0, 0, 0, 5, 75, 0],
    ..REST
};
/// What comes from outside and is nobody's.
pub(super) const KNOCK: Look = Look {
    down: 1,
    up: 2,
    entries: [1, 0, 0, 2, 0, 5, 0, 2],
    turnover: [2, 2],
    hosts: 4,
    share: 35,
    mix: [40, 0, 0, 0, 0, 0, 60, 0, 0],
    ..REST
};
