//! What the kernel tells of processes by the names and links of directories: nothing is opened to be read but those.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The entries of the directory at `path` whose names are numbers, in order and at most so many: processes below `/proc`,
/// descriptors below `fd` of one. The kernel lists the lowest first (`proc_pid_readdir()`, `proc_readfd_common()`).
pub(crate) fn numbers(path: &Path, at_most: usize) -> io::Result<Vec<u32>> {
    let entries = fs::read_dir(path)?.map_while(Result::ok);
    let number = |name: &[u8]| str::from_utf8(name).ok()?.parse().ok();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| number(entry.file_name().as_bytes())).take(at_most).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The inode of the socket that the link at `path` stands for, as that of a descriptor does (`sockfs_dname()`). The link is
/// not followed.
pub(crate) fn socket(path: &Path) -> Option<u64> {
    let target = fs::read_link(path).ok()?;
    let inode = target.as_os_str().as_bytes().strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    str::from_utf8(inode).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{MetadataExt, symlink};

    use crate::test_directory::TestDirectory;

    #[test]
    fn of_a_directory_the_numbers_are_listed() {
        let place = TestDirectory::new("files-numbers");
        for name in ["10", "9", "self", "-1", "4294967296", "7x", "100"] {
            fs::write(place.join(name), "").unwrap();
        }
        assert_eq!(numbers(&place, 9).unwrap(), [9, 10, 100]);
        assert_eq!(numbers(&place, 2).unwrap().len(), 2);
        assert_eq!(numbers(&place, 0).unwrap(), [0; 0]);
        assert_eq!(numbers(&place.join("9"), 9).unwrap_err().kind(), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn a_link_says_which_socket_it_stands_for() {
        let place = TestDirectory::new("files-socket");
        let link = place.join("0");
        for (target, inode) in [
            ("socket:[4711]", Some(4711)),
            ("socket:[18446744073709551615]", Some(u64::MAX)),
            ("socket:[18446744073709551616]", None),
            ("socket:[]", None),
            ("socket:[-1]", None),
            ("socket:[1", None),
            ("pipe:[1]", None),
            ("/dev/null", None),
        ] {
            symlink(target, &link).unwrap();
            assert_eq!(socket(&link), inode, "{target}");
            fs::remove_file(&link).unwrap();
        }
        assert_eq!(socket(&link), None);
        fs::write(&link, "socket:[1]").unwrap();
        assert_eq!(socket(&link), None, "no link");
    }

    #[test]
    fn the_kernels_are_understood() {
        let open = UdpSocket::bind("127.0.0.1:0").unwrap();
        let descriptors = Path::new("/proc/self/fd");
        let number = u32::try_from(open.as_raw_fd()).unwrap();
        assert!(numbers(descriptors, usize::MAX).unwrap().contains(&number));
        let link = descriptors.join(number.to_string());
        assert_eq!(socket(&link), Some(fs::metadata(&link).unwrap().ino()));
        assert!(numbers(Path::new("/proc"), usize::MAX).unwrap().contains(&std::process::id()));
    }
}
