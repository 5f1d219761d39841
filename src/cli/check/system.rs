//! Whether the kernel tells of the router itself what `[system]` sends, and what is lost where it doesn't.

use std::time::Duration;

use super::report::Report;
use crate::config::Config;
use crate::measurements::{self, Needs};
use crate::proc_net::ProcNetError;
use crate::proc_net::counters::{NETSTAT, SNMP, WantedCounters};
use crate::proc_net::dev;
use crate::proc_net::links::{self, SYS_CLASS_NET};
use crate::proc_net::sockets::processes::ProcessFinder;
use crate::proc_net::sockets::{SocketReader, SocketSource, Wanted};
use crate::root::Root;

/// The heading of every line.
const SYSTEM: &str = "system";

/// How many sockets that listen are looked for among the processes.
const LISTENING_AT_MOST: usize = 1024;

/// Looks for what is to be read.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    let needs: Vec<Needs> = measurements::needs(config).collect();
    let any = |is_needed: fn(&Needs) -> bool| needs.iter().any(is_needed);
    let mut wanted = Vec::new();
    let mut missing = Vec::new();
    if any(|needs| needs.counters != WantedCounters::Nothing) {
        wanted.push("protocols");
        missing.extend(protocols(root));
    }
    if let Some(most) = needs.iter().map(|needs| needs.sockets).max().filter(|most| *most > Wanted::Nothing) {
        wanted.push("sockets");
        let finds = any(|needs| needs.processes);
        let Sockets { source, listening } = Sockets::read(root, most);
        missing.extend(sockets(source, root.is_live() && most == Wanted::Details));
        if finds && root.is_live() {
            let held = ProcessFinder::default().holders(root, &listening, Duration::ZERO).len();
            wanted.push("processes");
            missing.extend(processes(held, listening.len()));
        }
    }
    if any(|needs| needs.links) {
        wanted.push("interfaces");
        missing.extend(interfaces(root));
    }
    tell(report, root.is_live(), &wanted, missing);
}

/// One line if all is well, else one for each thing that is missing. Files of another router may well lack something.
fn tell(report: &mut Report, live: bool, wanted: &[&str], missing: Vec<String>) {
    match (&*missing, wanted) {
        ([], []) => report.ok(SYSTEM, "nothing of [system] is switched on"),
        ([], _) => report.ok(SYSTEM, format!("what [system] sends can be read: {}", wanted.join(", "))),
        _ => {
            for text in missing {
                if live { report.warning(SYSTEM, text) } else { report.ok(SYSTEM, text) }
            }
        }
    }
}

/// Which of the protocols' figures aren't there.
fn protocols(root: &Root) -> Option<String> {
    let missing: Vec<&str> = [SNMP, NETSTAT].into_iter().filter(|path| root.open(path).is_err()).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "{} can't be read, so nstat and tcp_health lack what is there; a kernel that was built with PROC_STRIPPED \
             (OpenWrt up to 19.07, and later for little flash) has neither",
            missing.join(" and ")
        )
    })
}

/// How the sockets could be read.
struct Sockets {
    source: Result<SocketSource, ProcNetError>,
    /// The inodes of those that listen.
    listening: Vec<u64>,
}

impl Sockets {
    fn read(root: &Root, wanted: Wanted) -> Self {
        let mut listening = Vec::new();
        let source = SocketReader::default().read(root, wanted, &mut |socket| {
            if socket.listens() && listening.len() < LISTENING_AT_MOST {
                listening.push(socket.inode);
            }
        });
        listening.sort_unstable();
        listening.dedup();
        Self { source, listening }
    }
}

/// Without `INET_DIAG` it is known which sockets there are, and not how they fare.
fn sockets(source: Result<SocketSource, ProcNetError>, needs_diag: bool) -> Option<String> {
    match source {
        Err(error) => Some(format!("{error}: netstat, tcp_service and listening_port tell nothing")),
        Ok(SocketSource::Text) if needs_diag => Some(
            "the kernel has no INET_DIAG: tcp_service tells how many connections there are and in which state, not how \
             they fare, and listening_port no backlog; on OpenWrt 22.03 and later the package kmod-inet-diag has it, for \
             21.02 there is none"
                .to_owned(),
        ),
        Ok(_) => None,
    }
}

/// That none is known, or not all, may be so for the kernel's own sockets.
fn processes(held: usize, listening: usize) -> Option<String> {
    (held == 0 && listening > 0).then(|| {
        "no process can be seen that holds an open port: listening_port lacks process and pid (see privileges)".to_owned()
    })
}

/// Whether `/sys` tells of the interfaces that `/proc/net/dev` has.
fn interfaces(root: &Root) -> Option<String> {
    let lost = "network_interface and net lack what interfaces are like";
    let found = match dev::read(root) {
        Ok(found) => found,
        Err(error) => return Some(format!("{error}: network_interface and net tell nothing")),
    };
    match links::read(root, found.interfaces.iter().map(|interface| interface.name.as_str())) {
        Err(error) => Some(format!("{error}: {lost}")),
        Ok(links) if links.is_empty() && !found.interfaces.is_empty() => {
            Some(format!("{SYS_CLASS_NET} tells of none of the interfaces: {lost}"))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io;

    use crate::test_directory::TestDirectory;

    const SOCKETS: [&str; 4] = ["tcp", "tcp6", "udp", "udp6"];

    fn checked(config: &str, root: &Root) -> String {
        let mut report = Report::default();
        check(&mut report, &Config::parse(config).unwrap(), root);
        report.to_string()
    }

    fn router(place: &TestDirectory) -> Root {
        let figures = [("flags", "0x1003\n"), ("ifindex", "2\n"), ("operstate", "up\n")];
        let figures = figures.map(|(name, text)| (format!("sys/class/net/eth0/{name}"), text.to_owned()));
        let protocols = ["snmp", "netstat"].map(|name| (format!("proc/net/{name}"), String::new()));
        let sockets = SOCKETS.map(|name| (format!("proc/net/{name}"), "  sl  local_address\n".to_owned()));
        let dev = "Inter-|\n face |\n  eth0: 1000 20 3 4 0 0 0 0 5000 60 7 8 0 0 0 0\n";
        let dev = ("proc/net/dev".to_owned(), dev.to_owned());
        for (path, text) in figures.into_iter().chain(protocols).chain(sockets).chain([dev]) {
            fs::create_dir_all(place.join(&path).parent().unwrap()).unwrap();
            fs::write(place.join(&path), text).unwrap();
        }
        Root::replay(&**place)
    }

    #[test]
    fn one_line_where_everything_is_there() {
        let place = TestDirectory::new("check-system");
        let told = checked("", &router(&place));
        assert_eq!(
            told,
            "ok       system         what [system] sends can be read: protocols, sockets, interfaces\n"
        );
    }

    #[test]
    fn what_is_missing_is_told_with_what_it_costs() {
        let place = TestDirectory::new("check-system-missing");
        let root = router(&place);
        for (path, begins, costs) in [
            ("proc/net/netstat", "/proc/net/netstat can't be read, so ", "PROC_STRIPPED"),
            (
                "proc/net/snmp",
                "/proc/net/snmp and /proc/net/netstat can't be read, so ",
                "nstat and tcp_health",
            ),
            ("proc/net/tcp", "reading ", "netstat, tcp_service and listening_port tell nothing"),
            ("sys/class/net", "/sys/class/net tells of none", "network_interface and net lack"),
            ("proc/net/dev", "reading ", "network_interface and net tell nothing"),
        ] {
            let path = place.join(path);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
            let told = checked("", &root);
            let line = told.lines().find(|line| line.contains(costs));
            let begins = format!("ok       system         {begins}");
            assert!(line.is_some_and(|line| line.starts_with(&begins)), "{begins}: {told}");
        }
        let told = checked("", &root);
        assert_eq!(told.lines().count(), 3, "one for each: {told}");
    }

    #[test]
    fn what_nobody_wants_is_not_missed() {
        let nowhere = Root::replay("/nowhere");
        let off = "[system]\nnstat = \"off\"\ntcp_health = false\nnetstat = false\ntcp_service = false\n\
            listening_port = false\nnet = false\nnetwork_interface = false\n";
        assert_eq!(checked(off, &nowhere), "ok       system         nothing of [system] is switched on\n");
        let only = off.replace("listening_port = false", "listening_port = true");
        let told = checked(&only, &nowhere);
        assert!(told.lines().count() == 1 && told.contains("netstat, tcp_service"), "{told}");
    }

    #[test]
    fn without_inet_diag_it_is_said_which_package_has_it() {
        assert_eq!(sockets(Ok(SocketSource::Diag), true), None);
        assert_eq!(sockets(Ok(SocketSource::Text), false), None, "nobody wants more");
        let told = sockets(Ok(SocketSource::Text), true).unwrap();
        assert!(told.contains("kmod-inet-diag") && told.contains("21.02"), "{told}");
        let error = ProcNetError { path: "/proc/net/udp".into(), source: io::ErrorKind::InvalidData.into() };
        assert!(sockets(Err(error), false).unwrap().starts_with("reading /proc/net/udp: "));
    }

    #[test]
    fn a_live_router_is_warned() {
        let told = |live, missing: &[&str]| {
            let mut report = Report::default();
            tell(&mut report, live, &["sockets"], missing.iter().map(|text| (*text).to_owned()).collect());
            report.to_string()
        };
        assert_eq!(told(true, &["gone"]), "warning  system         gone\n");
        assert_eq!(told(false, &["gone"]), "ok       system         gone\n");
        assert!(told(true, &[]).ends_with("can be read: sockets\n"));
        assert_eq!((processes(0, 0), processes(2, 3)), (None, None));
        assert!(processes(0, 3).unwrap().contains("lacks process and pid"));
    }
}
