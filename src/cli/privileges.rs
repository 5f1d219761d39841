//! What a configuration makes necessary of the privileges that the program was started with.

use std::path::{Path, PathBuf};

use tracing::{info, warn};

use crate::collector::HOST_NAME;
use crate::config::Config;
use crate::conntrack::backend::BackendChoice;
use crate::conntrack::statistics::STATISTICS;
use crate::conntrack::{SYSCTL, TABLE};
use crate::daemon::ConfigFile;
use crate::devices::neighbours;
use crate::lan::interfaces;
use crate::machine::{MEMINFO, STAT, UPTIME};
use crate::privileges::{Need, Privileges};
use crate::proc_net::counters::{NETSTAT, SNMP, SNMP6};
use crate::proc_net::dev::NET_DEV;
use crate::proc_net::links::{self, SYS_CLASS_NET};
use crate::proc_net::route::{IPV6_ROUTE, ROUTE};
use crate::proc_net::sockets::{TCP, TCP6, UDP, UDP6};
use crate::proc_net::sockstat::{SOCKSTAT, SOCKSTAT6};
use crate::root::Root;

/// What it takes to do as `config` says, and to read it again.
pub(super) fn need(config: &Config, config_file: &ConfigFile, root: &Root) -> Need {
    let live = root.is_live();
    let mut read = config.devices.settings(config.lan.router_name.name()).paths();
    read.push(PathBuf::from(&config.traffic.services));
    read.push(PathBuf::from(&config.destinations.networks));
    read.extend(config.destinations.wanted_database().map(PathBuf::from));
    let influxdb = Some(&config.influxdb).filter(|influxdb| influxdb.is_on());
    let secrets = influxdb.into_iter().flat_map(|influxdb| [&influxdb.token_file, &influxdb.ca_file]);
    read.extend(secrets.filter_map(|path| path.0.as_ref()).map(PathBuf::from));
    if !live {
        // The kernel's own are open to everybody, but for the table.
        read.extend([TABLE, HOST_NAME, interfaces::REPLAYED, neighbours::REPLAYED].map(PathBuf::from));
        read.extend([STATISTICS, NET_DEV, ROUTE, IPV6_ROUTE].map(PathBuf::from));
        read.extend([SNMP, NETSTAT, SNMP6, SOCKSTAT, SOCKSTAT6].map(PathBuf::from));
        read.extend([TCP, TCP6, UDP, UDP6].map(PathBuf::from));
        read.extend([UPTIME, STAT, MEMINFO].map(PathBuf::from));
        // Every router has this interface, and whoever may read its files may read those of the others.
        read.extend(links::FIGURES.map(|name| Path::new(SYS_CLASS_NET).join("lo").join(name)));
        read.push(Path::new(SYSCTL).join("nf_conntrack_count"));
    }
    let files = read.into_iter().map(|path| (root.clone(), path));
    let files = std::iter::once(config_file.location()).chain(files).collect();
    Need {
        user: config.user.clone(),
        replayed: !live,
        netlink: live && config.source != BackendChoice::Procfs,
        processes: live && config.system.processes && config.system.listening_port,
        table: live.then(|| Path::new(TABLE).to_path_buf()),
        files,
    }
}

/// What it takes to show the router's own sockets, and who holds them.
pub(super) fn need_of_sockets(config: &Config, root: &Root) -> Need {
    let live = root.is_live();
    // The kernel's own are open to everybody.
    let read = if live { &[][..] } else { &[TCP, TCP6, UDP, UDP6, SOCKSTAT, SOCKSTAT6][..] };
    Need {
        user: config.user.clone(),
        replayed: !live,
        netlink: false,
        processes: live,
        table: None,
        files: read.iter().map(|path| (root.clone(), PathBuf::from(path))).collect(),
    }
}

/// Says what the program runs as, and what is missing.
pub(super) fn announce(privileges: &Privileges) {
    info!("runs as {}, with {}", privileges.identity(), privileges.capabilities().join("; "));
    for missing in privileges.missing() {
        warn!("{missing}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_the_configuration_names_is_needed() {
        let text = "[devices]\nregistry = \"/r\"\nleases = [\"/l\"]\nodhcpd = [\"/o\"]\nvendors = [\"/v\"]\n\
            [traffic]\nservices = \"/s\"\n[destinations]\nnetworks = \"/n\"\n";
        let (config, root) = (Config::parse(text).unwrap(), Root::live());
        let file = ConfigFile { named: Some("/c".into()), root: root.clone() };
        let files = need(&config, &file, &root).files;
        for path in ["/c", "/r", "/l", "/o", "/v", "/s", "/n"] {
            assert!(files.contains(&(root.clone(), path.into())), "{path}: {files:?}");
        }
    }

    #[cfg(feature = "database")]
    #[test]
    fn a_database_is_needed_where_networks_are_told() {
        let root = Root::live();
        let file = ConfigFile { named: Some("/c".into()), root: root.clone() };
        let is_needed = |mode: &str| {
            let text = format!("destinations = {{ mode = \"{mode}\", database = \"/d\" }}");
            need(&Config::parse(&text).unwrap(), &file, &root).files.contains(&(root.clone(), "/d".into()))
        };
        assert!(is_needed("network") && !is_needed("off") && !is_needed("address"));
    }

    #[test]
    fn processes_are_seen_only_where_it_is_told_who_listens() {
        let file = ConfigFile { named: Some("/c".into()), root: Root::live() };
        let sees = |text: &str, root: &Root| need(&Config::parse(text).unwrap(), &file, root).processes;
        let wanted = "[system]\nprocesses = true\n";
        assert!(sees(wanted, &Root::live()));
        assert!(!sees("", &Root::live()));
        assert!(!sees(&format!("{wanted}listening_port = false\n"), &Root::live()), "nobody would be told");
        assert!(!sees(wanted, &Root::replay("/tmp")), "a capture has none");
    }

    #[test]
    fn sockets_take_what_shows_processes_and_nothing_else() {
        let config = Config::parse("source = \"netlink\"\n").unwrap();
        let need = need_of_sockets(&config, &Root::live());
        assert_eq!((need.netlink, need.processes, need.table, need.files.len()), (false, true, None, 0));
        let replayed = Root::replay("/tmp");
        let need = need_of_sockets(&config, &replayed);
        assert_eq!((need.processes, need.replayed), (false, true));
        assert!(need.files.contains(&(replayed, TCP6.into())), "{:?}", need.files);
    }
}
