//! What the kernel tells of the router itself: what its protocols have counted, its sockets, what its interfaces are like,
//! and what it is as a machine. Of these, what the configuration has the program read.

use std::io;
use std::path::{Component, Path};

use super::Copy;
use crate::capture::OmissionError;
use crate::capture::{rewrite, table};
use crate::files::FIGURE_AT_MOST;
use crate::machine::{self, MEMINFO, STAT, UPTIME};
use crate::measurements::{self, Needs};
use crate::proc_net;
use crate::proc_net::counters::{self, NETSTAT, SNMP, SNMP6, WantedCounters};
use crate::proc_net::dev;
use crate::proc_net::links::{self, SYS_CLASS_NET};
use crate::proc_net::sockets::{TCP, TCP6, UDP, UDP6, Wanted};
use crate::proc_net::sockstat::{self, SOCKSTAT, SOCKSTAT6};

impl Copy<'_, '_> {
    /// Copies what is there. Figures are nobody's, and stay as they are.
    pub(super) fn system(&mut self) {
        let needs: Vec<Needs> = measurements::needs(self.of.from.config).collect();
        let any = |is_needed: fn(&Needs) -> bool| needs.iter().any(is_needed);
        if any(|needs| needs.counters != WantedCounters::Nothing) {
            self.texts(&[SNMP, NETSTAT], counters::FILE_AT_MOST);
        }
        if any(|needs| needs.counters == WantedCounters::All) {
            self.texts(&[SNMP6], counters::FILE_AT_MOST);
        }
        if any(|needs| needs.sockets > Wanted::Nothing) {
            self.texts(&[SOCKSTAT, SOCKSTAT6], sockstat::FILE_AT_MOST);
            for path in [TCP, TCP6, UDP, UDP6] {
                self.sockets(path);
            }
        }
        if any(|needs| needs.machine) {
            self.machine();
        }
        if any(|needs| needs.links) {
            self.links();
        }
    }

    fn texts(&mut self, paths: &[&str], at_most: u64) {
        for path in paths {
            if let Some(text) = self.kernels_list(path, at_most) {
                self.write(path, &text);
            }
        }
    }

    /// Copies the beginnings of files of which no more is read: interrupts make `/proc/stat` long, behind what matters.
    fn machine(&mut self) {
        for path in [UPTIME, STAT, MEMINFO] {
            let text = proc_net::beginning(self.of.from.root, path, machine::FILE_AT_MOST).ok();
            if let Some(text) = text.or_else(|| self.absent(path.as_ref())) {
                self.write(path, &text);
            }
        }
    }

    /// Copies a text of sockets, however many there are.
    fn sockets(&mut self, path: &str) {
        let file = match self.of.from.root.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(nothing) = self.absent(path.as_ref()) {
                    self.write(path, &nothing);
                }
                return;
            }
            Err(error) => return self.omit(path, OmissionError::Unreadable(error.to_string())),
        };
        let mut left_out = 0;
        self.fill(path.as_ref(), |to, anonymiser| match anonymiser {
            None => table::copy(file, to),
            Some(anonymiser) => {
                left_out = rewrite::sockets(file, to, anonymiser)?;
                Ok(())
            }
        });
        if left_out > 0 {
            self.omit(path, OmissionError::NotUnderstood(usize::try_from(left_out).unwrap_or(usize::MAX)));
        }
    }

    /// Copies what the interfaces are like. What the kernel refuses to tell, as the speed of one that is down, is not there.
    fn links(&mut self) {
        // Whatever is wrong with the list is told where that is copied.
        let Ok(found) = dev::read(self.of.from.root) else { return };
        for interface in &found.interfaces {
            // Of a replayed router it may be called anything.
            let mut parts = Path::new(&interface.name).components();
            if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
                continue;
            }
            let directory = Path::new(SYS_CLASS_NET).join(&interface.name);
            for path in links::FIGURES.map(|name| directory.join(name)) {
                let text = self.of.from.root.read(&path, FIGURE_AT_MOST).ok();
                if let Some(text) = text.or_else(|| self.absent(&path)) {
                    self.write(path, &text);
                }
            }
            // No more is asked of these than whether they are there, and one has the MAC of a bridge.
            for path in links::SIGNS.map(|name| directory.join(name)) {
                if self.of.from.root.metadata(&path).is_ok() {
                    self.write(path, b"there\n");
                }
            }
        }
    }
}
