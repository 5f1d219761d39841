//! What devices do in a spell.

use super::browsing::Browsing;
use super::call::{VideoCall, VoiceCall};
use super::cloud_gaming::CloudGaming;
use super::download::Download;
use super::game::OnlineGame;
use super::host::Host;
use super::kind::Kind;
use super::music::{Music, Radio};
use super::player::Player;
use super::short_videos::ShortVideos;
use super::torrent::Torrent;
use super::upload::{Backup, VideoUpload};

pub(crate) trait Activity {
    /// What it begins in one second, and what it says.
    fn second(&mut self, host: &mut Host<'_>);

    /// It is over: whatever is open is closed.
    fn end(&mut self, host: &mut Host<'_>);
}

/// What a device of this kind does; `None`: nothing but being there.
pub(crate) fn of(kind: Kind, host: &mut Host<'_>) -> Option<Box<dyn Activity>> {
    Some(match kind {
        Kind::IdlePhone | Kind::IdleSensor | Kind::IdleComputer => return None,
        Kind::Film => Box::new(Player::film(host)),
        Kind::LiveStream => Box::new(Player::live(host)),
        Kind::ShortVideos => Box::new(ShortVideos::begin(host)),
        Kind::TorrentDownload => Box::new(Torrent::downloading(host)),
        Kind::TorrentSeed => Box::new(Torrent::seeding(host)),
        Kind::CloudGaming => Box::new(CloudGaming::begin(host)),
        Kind::VideoCall => Box::new(VideoCall::by_relay(host)),
        Kind::VideoCallDirect => Box::new(VideoCall::direct(host)),
        Kind::VoiceCall => Box::new(VoiceCall::begin(host)),
        Kind::OnlineGame => Box::new(OnlineGame::begin(host)),
        Kind::Music => Box::new(Music::begin(host)),
        Kind::Radio => Box::new(Radio::begin(host)),
        Kind::Download => Box::new(Download::single(host)),
        Kind::ParallelDownload => Box::new(Download::parallel(host)),
        Kind::SystemUpdate => Box::new(Download::system_update(host)),
        Kind::ConsoleUpdate => Box::new(Download::console_update(host)),
        Kind::Backup => Box::new(Backup::begin(host)),
        Kind::VideoUpload => Box::new(VideoUpload::begin(host)),
        Kind::Browsing => Box::new(Browsing::begin(host)),
    })
}
