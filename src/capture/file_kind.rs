//! What a file of the owner's or of a server's is, by where it is.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::destinations;
use crate::devices::Settings;
use crate::devices::settings::{DHCP, ETHERS, GL_CLIENT, HOSTS};
use crate::devices::watched_file::{WatchedFile, Wholeness};
use crate::files::WRITTEN_AT_MOST;
use crate::root::Root;
use crate::services;

/// What is to be understood in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Dnsmasq,
    Odhcpd,
    Registry,
    GlClient,
    StaticHosts,
    Ethers,
    Hosts,
    Services,
    Networks,
}

/// Every file that tells of devices, services and networks, with its kind: `None` of one of vendors.
pub(super) fn files(config: &Config) -> impl Iterator<Item = (PathBuf, Option<FileKind>)> {
    let settings = config.devices.settings(config.lan.router_name.name());
    let services = PathBuf::from(&config.traffic.services);
    let networks = PathBuf::from(&config.destinations.networks);
    let devices = settings.paths().into_iter().map(move |path| {
        let kind = kind(&path, &settings);
        (path, kind)
    });
    devices.chain([(services, Some(FileKind::Services)), (networks, Some(FileKind::Networks))])
}

fn kind(path: &Path, settings: &Settings) -> Option<FileKind> {
    let is_of = |list: &[PathBuf]| list.iter().any(|known| known == path);
    let fixed = [
        (GL_CLIENT, FileKind::GlClient),
        (DHCP, FileKind::StaticHosts),
        (ETHERS, FileKind::Ethers),
        (HOSTS, FileKind::Hosts),
    ];
    let fixed = fixed.into_iter().find(|(known, _)| Path::new(known) == path).map(|(_, kind)| kind);
    fixed
        .or_else(|| (settings.registry == path).then_some(FileKind::Registry))
        .or_else(|| is_of(&settings.leases).then_some(FileKind::Dnsmasq))
        .or_else(|| is_of(&settings.odhcpd).then_some(FileKind::Odhcpd))
}

impl FileKind {
    /// The file at `path`, of which no more is read than the program reads of one of this kind.
    pub(super) fn watch(self, root: &Root, path: &Path) -> WatchedFile {
        let file = WatchedFile::new(root, path, Wholeness::Any);
        match self {
            Self::Registry => file.reading_at_most(WRITTEN_AT_MOST),
            Self::Services => file.reading_at_most(services::watched::FILE_AT_MOST),
            Self::Networks => file.reading_at_most(destinations::watched::FILE_AT_MOST),
            _ => file,
        }
    }
}
