//! What is remembered, written as a recording: slice by slice, so that nothing else has to wait for it.
//!
//! The newest pass is written first, for the others are made of it. If the room ends, the newest are there.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::directory::{Partial, Recordings};
use super::rewind::Rewind;
use super::{FlightRecorder, PassTime};
use crate::capture::{Anonymiser, Copier, Source, TargetError, table_line};
use crate::config::Config;
use crate::conntrack::procfs::print::Line;
use crate::conntrack::{SYSCTL, TABLE};
use crate::root::Root;
use crate::root::recording::name_of;

/// So many flows are written at once: about 100 KiB of text.
const SLICE: usize = 512;
/// What is made free for leases and the like, in bytes.
const SURROUNDINGS: u64 = 64 * 1024;

/// A recording in the making. It is removed unless it is written to its end.
#[derive(Debug)]
pub(crate) struct Writer {
    recordings: Recordings,
    partial: Option<Partial>,
    rewind: Rewind,
    anonymiser: Option<Anonymiser>,
    /// The present, by which older passes have their time if the clock was not set then.
    now: Now,
    open: Option<OpenInstant>,
    /// The oldest instant that is whole, in seconds since 1970.
    oldest: Option<u64>,
    written: Written,
    is_at_end: bool,
}

/// The present.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Time since boot.
    pub(crate) boot: Duration,
    /// Time since 1970.
    pub(crate) wall: Duration,
}

/// An instant whose table is being written.
#[derive(Debug)]
struct OpenInstant {
    second: u64,
    table: File,
    /// How much was written, in bytes.
    bytes: u64,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// The directory of the recording.
    pub(crate) directory: PathBuf,
    /// How many instants it has.
    pub(crate) instants: u32,
    /// How large its files are.
    pub(crate) bytes: u64,
    /// From the oldest instant to the newest.
    pub(crate) span: Duration,
    /// Whether older instants found no room on the disk.
    pub(crate) left_out: bool,
    /// What else is missing, in words.
    pub(crate) omissions: Vec<String>,
}

/// How far it is.
#[derive(Debug)]
pub(crate) enum Progress {
    /// There is more to write.
    More,
    /// It is whole.
    Done(Written),
}

/// Why there is no recording.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    /// There is no directory for it.
    #[error("recorder.directory is not set, so nothing was kept")]
    NoDirectory,
    /// Nothing is remembered.
    #[error("no look at the table is kept yet")]
    NothingKept,
    /// The directory can't be used.
    #[error("recorder.directory: {0}")]
    Directory(#[from] TargetError),
    /// It can't be written.
    #[error("it can't be written: {0}")]
    Failed(#[from] io::Error),
    /// Not even one instant finds room.
    #[error("recorder.disk has no room for a single look at the table")]
    NoRoom,
}

impl Writer {
    /// Begins to write what `recorder` remembers.
    pub(crate) fn begin(
        recorder: Option<&FlightRecorder>,
        root: &Root,
        config: &Config,
        now: Now,
    ) -> Result<Self, WriteError> {
        let settings = &config.recorder;
        let path = settings.directory.path().ok_or(WriteError::NoDirectory)?;
        let rewind = recorder.and_then(FlightRecorder::rewind).ok_or(WriteError::NothingKept)?;
        let recordings = Recordings::open(settings)?.ok_or(WriteError::NoDirectory)?;
        let partial = recordings.begin(now.wall)?;
        Ok(Self {
            written: Written { directory: path.join(&partial.name), ..Written::default() },
            recordings,
            partial: Some(partial),
            rewind,
            anonymiser: settings.anonymise.then(|| Anonymiser::of_router(root, config)),
            now,
            open: None,
            oldest: None,
            is_at_end: false,
        })
    }

    /// Where it will be.
    pub(crate) fn directory(&self) -> &Path {
        &self.written.directory
    }

    /// Writes some more; `from` is the router as it is now.
    pub(crate) fn step(&mut self, from: Source<'_>) -> Result<Progress, WriteError> {
        if self.is_at_end {
            return self.finish(from).map(Progress::Done);
        }
        let Some(mut open) = self.open.take().map_or_else(|| self.open_instant(), |open| Ok(Some(open)))?
        else {
            self.go_back();
            return Ok(Progress::More);
        };
        let (text, is_whole) = self.slice();
        if !self.recordings.make_room(text.len() as u64)? {
            return self.leave_out(&open).map(|()| Progress::More);
        }
        open.table.write_all(&text)?;
        self.note(text.len(), &mut open);
        if is_whole {
            self.close(open)?;
        } else {
            self.open = Some(open);
        }
        Ok(Progress::More)
    }

    /// Begins the instant of the pass; `None` if it has that of the one after it: the clock was set back.
    fn open_instant(&self) -> Result<Option<OpenInstant>, WriteError> {
        let second = self.second(self.rewind.time());
        if self.oldest.is_some_and(|oldest| second >= oldest) {
            return Ok(None);
        }
        let path = PathBuf::from(name_of(second)).join(TABLE.trim_start_matches('/'));
        let table = self.partial()?.target.file(&path)?;
        Ok(Some(OpenInstant { second, table, bytes: 0 }))
    }

    /// Seconds since 1970 at which the pass was.
    fn second(&self, time: PassTime) -> u64 {
        let ago = self.now.boot.saturating_sub(time.boot);
        let wall = || self.now.wall.saturating_sub(ago) + Duration::from_millis(500);
        time.wall.unwrap_or_else(wall).as_secs()
    }

    /// The text of some more flows, and whether they were the last of their pass.
    fn slice(&mut self) -> (Vec<u8>, bool) {
        let mut text = Vec::new();
        for _ in 0..SLICE {
            let Some(flow) = self.rewind.next_flow() else { return (text, true) };
            let line = format!("{}\n", Line(&flow));
            match &mut self.anonymiser {
                None => text.extend(line.into_bytes()),
                Some(anonymiser) => table_line(line.as_bytes(), anonymiser, &mut text),
            }
        }
        (text, false)
    }

    /// The table is whole: what is known of it besides is written too.
    fn close(&mut self, mut open: OpenInstant) -> Result<(), WriteError> {
        if let Some(count) = self.rewind.time().count {
            let path = format!("{}{SYSCTL}/nf_conntrack_count", name_of(open.second));
            let text = format!("{count}\n");
            self.partial()?.target.file(path.as_ref())?.write_all(text.as_bytes())?;
            self.note(text.len(), &mut open);
        }
        let newest = self.oldest.map_or(open.second, |oldest| oldest + self.written.span.as_secs());
        self.written.span = Duration::from_secs(newest - open.second);
        self.written.instants += 1;
        self.oldest = Some(open.second);
        self.go_back();
        Ok(())
    }

    fn note(&mut self, bytes: usize, open: &mut OpenInstant) {
        let bytes = bytes as u64;
        open.bytes += bytes;
        self.written.bytes += bytes;
        self.recordings.take(bytes);
    }

    fn go_back(&mut self) {
        self.is_at_end = !self.rewind.back();
    }

    /// There is no room for an instant, nor for older ones.
    fn leave_out(&mut self, open: &OpenInstant) -> Result<(), WriteError> {
        if self.oldest.is_none() {
            return Err(WriteError::NoRoom);
        }
        self.partial()?.target.remove(&name_of(open.second))?;
        self.recordings.give_back(open.bytes);
        self.written.bytes -= open.bytes;
        (self.written.left_out, self.is_at_end) = (true, true);
        Ok(())
    }

    /// Adds what the router is like now to the oldest instant: what the later ones lack is as it was there.
    fn finish(&mut self, from: Source<'_>) -> Result<Written, WriteError> {
        let oldest = self.oldest.ok_or(WriteError::NothingKept)?;
        let target = self.partial()?.target.within(&name_of(oldest))?;
        self.recordings.make_room(SURROUNDINGS)?;
        let mut copier = Copier::with(from, self.anonymiser.take());
        let rest = copier.copy_surroundings(&target, self.recordings.room());
        self.written.bytes += rest.bytes;
        self.written.omissions = rest.omissions.iter().map(ToString::to_string).collect();
        self.recordings.finish(self.partial()?)?;
        self.partial = None;
        Ok(std::mem::take(&mut self.written))
    }

    fn partial(&self) -> io::Result<&Partial> {
        self.partial.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Writer {
    /// What isn't whole is removed, whatever ended it.
    fn drop(&mut self) {
        if let Some(partial) = self.partial.take() {
            // Nobody is there to be told, and the next recording tries again.
            let _ = self.recordings.abandon(&partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::census::Attempt;
    use crate::conntrack::procfs::line::parse;
    use crate::daemon::ConfigFile;
    use crate::test_directory::TestDirectory;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const LINE: &str = "ipv4     2 udp      17 28 src=192.168.8.2 dst=9.9.9.9 sport=5353 dport=53 src=9.9.9.9 \
        dst=203.0.113.10 sport=53 dport=5353 mark=0";

    /// A household with one device, and what is written of some passes over its table.
    struct Router {
        place: TestDirectory,
        config: Config,
        recorder: FlightRecorder,
    }

    impl Router {
        fn new(name: &str, settings: &str) -> Self {
            let place = TestDirectory::new(name);
            for (path, text) in [
                ("ip-address", "1: br-lan:\n    link/ether\n    inet 192.168.8.1/24\n"),
                ("tmp/dhcp.leases", "1 02:00:00:00:00:12 192.168.8.2 annas-phone *\n"),
                ("proc/net/nf_conntrack", "of another time"),
                ("proc/net/dev", "Inter-|   Receive\n face |bytes\n"),
            ] {
                let path = place.join("root").join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let directory = place.join("recordings");
            let text = format!("[recorder]\ndirectory = {directory:?}\n{settings}");
            let config = Config::parse(&text).unwrap();
            let recorder = FlightRecorder::new(config.recorder.clone());
            Self { place, config, recorder }
        }

        fn pass(&mut self, second: u64, wall: Option<u64>, entries: u64) {
            let (boot, wall) = (Duration::from_secs(second), wall.map(Duration::from_secs));
            self.recorder.expect(PassTime { boot, wall, count: Some(entries) });
            self.recorder.begin(Attempt::First);
            let flow = parse(LINE.as_bytes()).unwrap();
            (0..entries).for_each(|_| self.recorder.see(Attempt::First, &flow));
            self.recorder.complete(Attempt::First);
        }

        fn write(&self) -> Result<Written, WriteError> {
            let root = Root::replay(self.place.join("root"));
            let config_file = ConfigFile { named: None, root: root.clone() };
            let now = Now { boot: Duration::from_secs(100), wall: Duration::from_secs(1_795_241_500) };
            let mut writer = Writer::begin(Some(&self.recorder), &root, &self.config, now)?;
            loop {
                let from = Source { root: &root, config: &self.config, config_file: &config_file };
                if let Progress::Done(written) = writer.step(from)? {
                    return Ok(written);
                }
            }
        }

        /// What is in the directory of recordings.
        fn recordings(&self) -> Vec<String> {
            let entries = fs::read_dir(self.place.join("recordings")).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    fn read(written: &Written, path: &str) -> Option<String> {
        fs::read_to_string(written.directory.join(path)).ok()
    }

    #[test]
    fn each_pass_is_an_instant_and_the_first_has_the_rest() {
        let mut router = Router::new("recorder-instants", "");
        // The clock was set at last: what was before goes by the time since boot.
        router.pass(80, None, 1);
        router.pass(90, Some(1_795_241_490), 0);
        router.pass(100, Some(1_795_241_500), 1025);
        let written = router.write().unwrap();
        assert_eq!((written.instants, written.span.as_secs(), written.left_out), (3, 20, false));
        assert_eq!(written.omissions, [""; 0]);
        assert_eq!(router.recordings(), ["20261121T061140Z"]);
        for (second, entries) in [("1795241480", 1), ("1795241490", 0), ("1795241500", 1025)] {
            let table = read(&written, &format!("{second}/proc/net/nf_conntrack"));
            assert_eq!(table, Some(format!("{LINE}\n").repeat(entries)), "{second}");
            let count = read(&written, &format!("{second}/proc/sys/net/netfilter/nf_conntrack_count"));
            assert_eq!(count, Some(format!("{entries}\n")));
            let leases = read(&written, &format!("{second}/tmp/dhcp.leases"));
            assert_eq!(leases.is_some(), second == "1795241480", "{second}");
        }
        assert_eq!(read(&written, "1795241480/proc/net/dev"), None, "a counter alone tells nothing");
        let mode = fs::metadata(&written.directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let mode =
            fs::metadata(written.directory.join("1795241480/tmp/dhcp.leases")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn anonymised_nobodys_name_or_address_is_left() {
        let mut router = Router::new("recorder-anonymise", "anonymise = true");
        router.pass(90, None, 1);
        router.pass(100, None, 1);
        let written = router.write().unwrap();
        let read = |path: &str| read(&written, path).unwrap();
        let tables =
            ["1795241490", "1795241500"].map(|second| read(&format!("{second}/proc/net/nf_conntrack")));
        assert_eq!(tables[0], tables[1], "the same replaces the same");
        let leases = read("1795241490/tmp/dhcp.leases");
        assert!(!tables[0].contains("9.9.9.9") && tables[0].contains("src=192.168.8.2"), "{}", tables[0]);
        assert!(!leases.contains("anna") && leases.contains("192.168.8.2"), "{leases}");
    }

    #[test]
    fn where_the_room_ends_the_newest_are_there() {
        let mut router = Router::new("recorder-room", "disk = \"1MiB\"");
        for second in (20..=100).step_by(10) {
            router.pass(second, None, 2000);
        }
        let written = router.write().unwrap();
        assert!(written.left_out && written.bytes < 1 << 20, "{written:?}");
        assert!(read(&written, "1795241500/proc/net/nf_conntrack").is_some());
        let oldest = format!("{}/tmp/dhcp.leases", 1_795_241_500 - written.span.as_secs());
        assert!(read(&written, &oldest).is_some());
        router.pass(110, None, 9000);
        assert!(matches!(router.write(), Err(WriteError::NoRoom)));
        assert_eq!(router.recordings(), [""; 0], "the older one has made room, and nothing partial is left");
    }

    #[test]
    fn what_stands_in_the_way_is_told() {
        let mut router = Router::new("recorder-refused", "");
        assert!(matches!(router.write(), Err(WriteError::NothingKept)));
        router.pass(90, None, 1);
        fs::write(router.place.join("recordings"), "a file").unwrap();
        assert!(matches!(router.write(), Err(WriteError::Directory(TargetError::NotADirectory(_)))));
        router.config.recorder = crate::config::RecorderConfig::default();
        assert!(matches!(router.write(), Err(WriteError::NoDirectory)));
    }
}
