//! What the kernel has counted of its table since boot: `/proc/net/stat/nf_conntrack`, as its `ct_cpu_seq_show()` prints it.
//!
//! One line for each CPU that there could be, in hexadecimal, below one of names. Columns are found by their name:
//! kernels have renamed some (`searched` became `clashres`, `delete_list` `chainlength`), and vendors add others. Of
//! each network namespace the kernel counts what happened there, so below `/proc/net` it is this process's.

use std::io;
use std::path::PathBuf;

use crate::root::Root;

/// Where they are.
pub const STATISTICS: &str = "/proc/net/stat/nf_conntrack";

/// How many CPUs are taken in at most.
pub const CPUS_AT_MOST: usize = 1024;
/// A file of more bytes is refused: for each CPU 17 columns of 9 characters, and room for what a vendor adds.
pub(crate) const FILE_AT_MOST: u64 = (CPUS_AT_MOST * 256) as u64;

/// What has happened since boot; a figure whose column this kernel doesn't have is absent.
///
/// Each CPU counts in 32 bits, and begins again at 0 beyond: figures that have fallen are no sign of a new boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableStatistics {
    /// Packets that were dropped, nearly all of them because the table was full.
    pub drop: Option<u64>,
    /// Entries that were taken out before their time to make room for new ones (`early_drop()`).
    pub early_drop: Option<u64>,
    /// Entries that were not put in, nearly all of them because an equal one was quicker (`nf_ct_resolve_clash()`).
    pub insert_failed: Option<u64>,
    /// Packets that belong to no connection and can't open one.
    pub invalid: Option<u64>,
}

/// The statistics are there and can't be read.
#[derive(Debug, thiserror::Error)]
#[error("reading {}: {source}", path.display())]
pub struct StatisticsError {
    /// The file.
    pub path: PathBuf,
    /// What the kernel answered.
    pub source: io::Error,
}

/// Reads the statistics of the router below `root`; `None` where the kernel has none.
pub fn read(root: &Root) -> Result<Option<TableStatistics>, StatisticsError> {
    match root.read(STATISTICS, FILE_AT_MOST) {
        Ok(text) => Ok(Some(parse(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StatisticsError { path: root.path(STATISTICS), source }),
    }
}

/// Understands the text of the file. Nothing in it is an error: a line that can't be understood is passed over.
pub fn parse(text: &[u8]) -> TableStatistics {
    let mut lines = text.split(|byte| *byte == b'\n').map(|line| str::from_utf8(line).unwrap_or_default());
    let names: Vec<&str> = lines.next().unwrap_or_default().split_ascii_whitespace().collect();
    let cpus: Vec<Vec<u32>> = lines.filter_map(|line| cpu(line, names.len())).take(CPUS_AT_MOST).collect();
    let sum = |name: &str| {
        let place = names.iter().position(|column| *column == name)?;
        let figures = cpus.iter().filter_map(|cpu| cpu.get(place)).map(|figure| u64::from(*figure));
        // Without a line that was understood nothing is known, which is not 0.
        figures.reduce(|sum, figure| sum + figure)
    };
    TableStatistics {
        drop: sum("drop"),
        early_drop: sum("early_drop"),
        insert_failed: sum("insert_failed"),
        invalid: sum("invalid"),
    }
}

/// The figures of one CPU: under each name one.
fn cpu(line: &str, names: usize) -> Option<Vec<u32>> {
    let figures = line.split_ascii_whitespace().map(figure).collect::<Option<Vec<_>>>()?;
    (figures.len() >= names).then_some(figures)
}

/// A figure as `%08x` prints it.
fn figure(word: &str) -> Option<u32> {
    let is_hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(word, 16).ok().filter(|_| is_hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    use proptest::prelude::*;

    /// Linux 5.4, two CPUs.
    const OLD: &str = "\
entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
00000123  00000000 00000007 00000000 000004d2 0000ffff 00000000 00000000 00000000 00000002 00000010 0000000a 00000001  00000000 00000000 00000000 00000003
00000123  00000000 00000001 00000000 0000002e 0000aaaa 00000000 00000000 00000000 00000001 ffffffff 00000000 00000000  00000000 00000000 00000000 00000000
";
    /// Linux 6.18, one CPU.
    const NEW: &str = "\
entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
00000002  00000000 00000000 00000000 00000003 00000000 00000000 00000000 00000000 00000000 00000004 00000005 00000000  00000000 00000000 00000000 00000000
";

    fn statistics([drop, early_drop, insert_failed, invalid]: [Option<u64>; 4]) -> TableStatistics {
        TableStatistics { drop, early_drop, insert_failed, invalid }
    }

    #[test]
    fn the_sums_of_all_cpus_by_the_names_of_columns() {
        let expected = [Some(0x1_0000_000f), Some(10), Some(3), Some(1280)];
        assert_eq!(parse(OLD.as_bytes()), statistics(expected));
        assert_eq!(parse(NEW.as_bytes()), statistics([Some(4), Some(5), Some(0), Some(3)]));
        for (text, expected) in [
            ("drop vendors\n1 2\n3 4 5\n", [Some(4), None, None, None]),
            ("early_drop drop\r\n1 2\r\n", [Some(2), Some(1), None, None]),
            ("insert_failed invalid drop drop\n0 1 2 9", [Some(2), None, Some(0), Some(1)]),
            ("DROP dropped\n1 2\n", [None; 4]),
            ("drop\n", [None; 4]),
            ("", [None; 4]),
            ("\ndrop\n1\n", [None; 4]),
        ] {
            assert_eq!(parse(text.as_bytes()), statistics(expected), "{text}");
        }
    }

    #[test]
    fn a_line_that_can_not_be_understood_costs_no_other() {
        for bad in
            [&b"1"[..], b"1 +2", b"1 -2", b"1 0x2", b"1 100000000", b"1 x", b"1 2 what", b"", b"1 \xff"]
        {
            let text = [b"invalid drop\n1 10\n", bad, b"\n2 20\n"].concat();
            let expected = statistics([Some(0x30), None, None, Some(3)]);
            assert_eq!(parse(&text), expected, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn cpus_are_bounded() {
        let text = "drop\n".to_owned() + &"1\n".repeat(CPUS_AT_MOST + 1);
        assert_eq!(parse(text.as_bytes()).drop, Some(CPUS_AT_MOST as u64));
    }

    #[test]
    fn a_file_that_is_missing_is_no_fault_and_one_that_can_not_be_read_is_named() {
        assert_eq!(read(&Root::replay("/nowhere")).unwrap(), None);
        let place = crate::test_directory::TestDirectory::new("table-statistics");
        std::fs::create_dir_all(place.join("proc/net/stat/nf_conntrack")).unwrap();
        let error = read(&Root::replay(&*place)).unwrap_err().to_string();
        assert!(error.ends_with("/proc/net/stat/nf_conntrack: not a regular file"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(cpus in prop::collection::vec(any::<[u32; 4]>(), 1..20)) {
            let mut text = "entries  invalid new insert_failed drop early_drop\n".to_owned();
            for [drop, early_drop, insert_failed, invalid] in &cpus {
                writeln!(text, "00000001  {invalid:08x} 00000000 {insert_failed:08x} {drop:08x} {early_drop:08x}")
                    .unwrap();
            }
            let sum = |place: usize| Some(cpus.iter().map(|cpu| u64::from(cpu[place])).sum());
            prop_assert_eq!(parse(text.as_bytes()), statistics([sum(0), sum(1), sum(2), sum(3)]));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            parse(&bytes);
        }

        #[test]
        fn no_mutilation_of_a_line_costs_another(place in 166..330_usize, byte: u8) {
            let mut text = OLD.as_bytes().to_vec();
            prop_assume!(text[place] != b'\n' && byte != b'\n');
            text[place] = byte;
            prop_assert!(parse(&text).invalid.is_some_and(|invalid| invalid >= 0x2e));
        }
    }
}
