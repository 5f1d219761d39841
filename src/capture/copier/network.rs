//! What the kernel tells of its network below `/proc/net`, the table aside.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::Copy;
use crate::capture::OmissionError;
use crate::capture::rewrite;
use crate::conntrack::statistics::{self, STATISTICS};
use crate::proc_net::dev::{self, NET_DEV};
use crate::proc_net::route::{self, IPV6_ROUTE, ROUTE};
use crate::proc_net::{self, ProcNetError};

/// How the interfaces of default routes are found, and written anew.
type Routes = (fn(&[u8]) -> BTreeSet<String>, fn(&BTreeSet<String>) -> String);

impl Copy<'_, '_> {
    /// Copies figures as they are. Routes tell where the router is, so of anonymised ones no more is left than through
    /// which interfaces the default ones lead.
    pub(super) fn network(&mut self) {
        if let Some(text) = self.read(Path::new(STATISTICS), statistics::FILE_AT_MOST) {
            self.write(STATISTICS, &text);
        }
        if let Some(text) = self.kernels_list(NET_DEV, dev::FILE_AT_MOST) {
            self.write(NET_DEV, &text);
        }
        self.routes();
    }

    /// Copies which interfaces lead where.
    pub(super) fn routes(&mut self) {
        let files: [(&str, Routes); 2] = [
            (ROUTE, (route::parse_ipv4, rewrite::ipv4_routes)),
            (IPV6_ROUTE, (route::parse_ipv6, rewrite::ipv6_routes)),
        ];
        for (path, (parse, print)) in files {
            let Some(text) = self.kernels_list(path, route::FILE_AT_MOST) else { continue };
            match self.of.anonymiser {
                None => self.write(path, &text),
                Some(_) => self.write(path, print(&parse(&text)).as_bytes()),
            }
        }
    }

    /// As much of a list of the kernel's as the program reads, if it is there.
    pub(super) fn kernels_list(&mut self, path: &str, at_most: u64) -> Option<Vec<u8>> {
        match proc_net::beginning(self.of.from.root, path, at_most) {
            Ok(text) => {
                if text.len() as u64 == at_most {
                    self.omit(path, OmissionError::Cut);
                }
                Some(text)
            }
            Err(ProcNetError { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                self.absent(path.as_ref())
            }
            Err(ProcNetError { source, .. }) => {
                self.omit(path, OmissionError::Unreadable(source.to_string()));
                None
            }
        }
    }
}
