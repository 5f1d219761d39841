//! dnsmasq as on the router: it gives addresses by DHCP and announces the prefix of the LAN.

use std::fs;
use std::process::{Child, Command, Stdio};

use crate::household::Household;
use crate::namespace::require;
use crate::wait::until;

/// Without names to resolve and without asking around before it gives an address, so that no connections are its own
/// but for its answers.
const SETTINGS: &str = "
port=0
interface=br-lan
bind-interfaces
user=root
no-ping
dhcp-authoritative
dhcp-range=192.168.8.100,192.168.8.150,12h
enable-ra
dhcp-range=::,constructor:br-lan,ra-stateless,12h
";

/// The running server; killed when dropped.
pub(crate) struct Dnsmasq {
    child: Child,
}

impl Dnsmasq {
    /// Starts it on the router's bridge and waits until it hears. The lease file of the household is its own.
    pub(crate) fn serve(home: &Household) -> Self {
        require("dnsmasq", "dnsmasq-base");
        fs::remove_file(home.leases()).expect("removing the lease file");
        let (settings, pid) = (home.file("dnsmasq.conf"), home.file("dnsmasq.pid"));
        let files = [
            ("dhcp-leasefile", &home.leases()),
            ("pid-file", &pid),
            ("log-facility", &home.file("dnsmasq.log")),
        ];
        let files = files.map(|(key, path)| format!("{key}={}\n", path.display())).concat();
        fs::write(&settings, format!("{SETTINGS}{files}")).expect("writing dnsmasq's settings");
        let mut command = Command::new("dnsmasq");
        command.args(["--keep-in-foreground", "-C"]).arg(&settings).stdin(Stdio::null());
        let mut server = Self { child: home.router.spawn(&mut command) };
        until("dnsmasq", || {
            let ended = server.child.try_wait().expect("a child of ours");
            assert_eq!(ended, None, "dnsmasq has ended");
            // It is written when the sockets are bound.
            fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n')).then_some(())
        });
        server
    }
}

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        // Both fail if it has ended, which is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
