//! What a device does, and what people would call it.

/// What people would say that a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// Nobody uses it: it keeps its connections, looks for news, tells how it is.
    Idle,
    /// Files from and to other people's homes, by a torrent.
    P2p,
    /// A game that runs far away, its picture streamed.
    CloudGaming,
    /// A call with picture.
    Call,
    /// A game over the network, or a call without picture: small packets on a clock.
    Realtime,
    /// Something to watch: a film, a live stream.
    Video,
    /// A system's or a game's new version, from a network that is known for it.
    Update,
    /// A large file.
    Download,
    /// Something large is sent: a backup, a video.
    Upload,
    /// Something to listen to.
    Audio,
    /// Pages.
    Browsing,
}

/// A way of doing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    IdlePhone,
    IdleSensor,
    IdleComputer,
    Film,
    LiveStream,
    ShortVideos,
    TorrentDownload,
    TorrentSeed,
    CloudGaming,
    VideoCall,
    VideoCallDirect,
    VoiceCall,
    OnlineGame,
    Music,
    Radio,
    Download,
    ParallelDownload,
    SystemUpdate,
    ConsoleUpdate,
    Backup,
    VideoUpload,
    Browsing,
}

/// What sort of device it is: what it does by itself, and how fast its own link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gear {
    Phone,
    Computer,
    Television,
    Console,
    Sensor,
}

impl Class {
    /// The name as it stands in a table of results.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::P2p => "p2p",
            Self::CloudGaming => "cloud_gaming",
            Self::Call => "call",
            Self::Realtime => "realtime",
            Self::Video => "video",
            Self::Update => "update",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Audio => "audio",
            Self::Browsing => "browsing",
        }
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 22] = [
        Self::IdlePhone,
        Self::IdleSensor,
        Self::IdleComputer,
        Self::Film,
        Self::LiveStream,
        Self::ShortVideos,
        Self::TorrentDownload,
        Self::TorrentSeed,
        Self::CloudGaming,
        Self::VideoCall,
        Self::VideoCallDirect,
        Self::VoiceCall,
        Self::OnlineGame,
        Self::Music,
        Self::Radio,
        Self::Download,
        Self::ParallelDownload,
        Self::SystemUpdate,
        Self::ConsoleUpdate,
        Self::Backup,
        Self::VideoUpload,
        Self::Browsing,
    ];

    /// What people would call it.
    pub(crate) const fn class(self) -> Class {
        match self {
            Self::IdlePhone | Self::IdleSensor | Self::IdleComputer => Class::Idle,
            Self::Film | Self::LiveStream | Self::ShortVideos => Class::Video,
            Self::TorrentDownload | Self::TorrentSeed => Class::P2p,
            Self::CloudGaming => Class::CloudGaming,
            Self::VideoCall | Self::VideoCallDirect => Class::Call,
            Self::VoiceCall | Self::OnlineGame => Class::Realtime,
            Self::Music | Self::Radio => Class::Audio,
            Self::Download | Self::ParallelDownload => Class::Download,
            Self::SystemUpdate | Self::ConsoleUpdate => Class::Update,
            Self::Backup | Self::VideoUpload => Class::Upload,
            Self::Browsing => Class::Browsing,
        }
    }

    /// What it is done with.
    pub(crate) const fn gear(self) -> Gear {
        match self {
            Self::IdlePhone
            | Self::ShortVideos
            | Self::VideoCallDirect
            | Self::VoiceCall
            | Self::Music
            | Self::Radio
            | Self::VideoUpload => Gear::Phone,
            Self::IdleSensor => Gear::Sensor,
            Self::Film | Self::LiveStream => Gear::Television,
            Self::OnlineGame | Self::ConsoleUpdate => Gear::Console,
            Self::IdleComputer
            | Self::TorrentDownload
            | Self::TorrentSeed
            | Self::CloudGaming
            | Self::VideoCall
            | Self::Download
            | Self::ParallelDownload
            | Self::SystemUpdate
            | Self::Backup
            | Self::Browsing => Gear::Computer,
        }
    }
}

impl Gear {
    pub(crate) const ALL: [Self; 5] =
        [Self::Phone, Self::Computer, Self::Television, Self::Console, Self::Sensor];

    /// The name that such a device gives itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Computer => "pc",
            Self::Television => "tv",
            Self::Console => "console",
            Self::Sensor => "plug",
        }
    }

    /// Mbit/s of its own link, from and to: cables carry 1 Gbit/s, radio what it does.
    pub(crate) const fn link_megabits(self) -> (u64, u64) {
        match self {
            Self::Phone => (120, 400),
            Self::Computer => (400, 940),
            Self::Television => (60, 95),
            Self::Console => (200, 940),
            Self::Sensor => (5, 20),
        }
    }
}
